/** What an operator gives up is what is unreadable at that moment: all of it, and nothing that is
 *  found later. */
import { beforeEach, expect, test } from 'vitest';
import { Deadlines } from '../../../src/core/deadlines.ts';
import { encodeLayout, firstLayout, layoutHash } from '../../../src/core/ring/layout.ts';
import { Ring } from '../../../src/core/ring/ring.ts';
import type {
  Done,
  ExchangeResult,
  Recovery,
  Unreadable,
  UnreadableRecords,
} from '../../../src/node/contracts.ts';
import { Rebuild } from '../../../src/node/repair/rebuild.ts';
import { makeRecordKey, type RecordKey } from '../../../src/node/storage/record-key.ts';
import { ManualClock } from '../../client/manual-clock.ts';
import { Notes } from '../notes.ts';
import { bytesOf, getRequest } from '../requests.ts';
import { type Cluster, startCluster, valuesOf } from '../rig.ts';

/** Of the one partition that there is. */
const [FIRST, SECOND, THIRD] = ['first', 'second', 'third'].map((name, index) =>
  makeRecordKey(index, 'default', bytesOf(name)),
) as [RecordKey, RecordKey, RecordKey];

class FakeUnreadable implements UnreadableRecords {
  readonly found = new Map<RecordKey, number>();
  #findings = 0;
  #onMore = (): void => {};

  find(key: RecordKey): void {
    this.#findings += 1;
    this.found.set(key, this.#findings);
    this.#onMore();
  }

  get isAny(): boolean {
    return this.found.size > 0;
  }

  onMore(listener: () => void): void {
    this.#onMore = listener;
  }

  byPartition(): ReadonlyMap<number, Unreadable> {
    const keys = [...this.found].map(([key, noted]) => ({ key, noted }));
    return new Map(this.isAny ? [[0, { isWhole: false, keys }]] : []);
  }

  madeGood(_partition: number, { keys }: Unreadable): void {
    for (const { key, noted } of keys) {
      if (this.found.get(key) === noted) this.found.delete(key);
    }
  }
}

/** Node 0 of three, which serves. Node 1 has all that there is, node 2 lost the same keys. */
class World {
  readonly clock = new ManualClock();
  readonly unreadable = new FakeUnreadable();
  readonly notes = new Notes();
  readonly lossesNoted: string[] = [];
  onNoteLoss = (): void => {};
  isHeld = false;
  isRecovering = false;
  /** Node 2 has lost nothing either. */
  isLastSound = false;
  readonly #held: (() => void)[] = [];
  readonly rebuild: Rebuild;

  constructor() {
    const deadlines = new Deadlines(this.clock);
    const place = { ring: ringOfThree(), nodeIndex: 0, datacentre: 'dc' };
    this.rebuild = new Rebuild(
      {
        recovery: this.#recovery(),
        exchanges: { run: (_, peer, __, done) => this.#exchange(peer, done) },
        peers: { reach: () => 'up', isTrusted: () => true, describe: () => '' },
        store: {
          unreadable: this.unreadable,
          raiseAllFloors: async () => {},
          clearDamage: async () => {},
        },
        deadlines,
        log: this.notes,
        metrics: this.notes,
        place: () => place,
        tickAbove: (tick) => tick + 1,
      },
      4,
    );
  }

  get left(): string[] {
    return [...this.unreadable.found.keys()].map(({ key }) => new TextDecoder().decode(key));
  }

  release(): void {
    this.isHeld = false;
    for (const end of this.#held.splice(0)) end();
  }

  #exchange(peer: number, done: Done<ExchangeResult>): void {
    const beganMs = this.clock.monotonicMs();
    const isSound = peer === 1 || this.isLastSound;
    const sizes = { differing: 0, sentBytes: 0, receivedBytes: 0, differingBytes: 0 };
    const end = () => done({ beganMs, isComplete: isSound, wasVerified: true, ...sizes });
    if (this.isHeld) this.#held.push(end);
    else this.clock.defer(end);
  }

  #recovery(): Recovery {
    const world = this;
    return {
      get isRecovering() {
        return world.isRecovering;
      },
      attempt: 1,
      startedMs: 0,
      acceptsLoss: false,
      ceilingSeen: 0,
      isRebuilt: () => false,
      wasRebuilt: () => false,
      isStillRebuilt: () => false,
      partitionRebuilt: () => {},
      acceptLoss: async () => {},
      noteLoss: async (reason) => {
        world.lossesNoted.push(reason);
        world.onNoteLoss();
      },
      finish: async () => false,
    };
  }
}

function ringOfThree(): Ring {
  const members = ['a', 'b', 'c'].map((name) => {
    return { name, address: `${name}:1`, zone: name, datacentre: 'dc', weight: 1 };
  });
  const clusterId = new Uint8Array(16).fill(1);
  const layout = firstLayout({ clusterId, partitions: 1, replicas: 3, members });
  return new Ring(layout, layoutHash(encodeLayout(layout)));
}

let world: World;

beforeEach(() => {
  world = new World();
});

test('keys that were found after a task for their partition was made are given up with it', async () => {
  world.unreadable.find(FIRST);
  await world.clock.advance(3_000);
  world.unreadable.find(SECOND);
  await world.clock.advance(20_000);
  expect(world.left).toEqual(['first', 'second']);
  await world.rebuild.acceptLoss();
  expect(world.lossesNoted).toEqual(['2 unreadable keys in 1 partitions']);
  world.unreadable.find(THIRD);
  await world.clock.advance(20_000);
  expect(world.left).toEqual(['third']);
});

test('what is found while the loss is being noted is not given up', async () => {
  world.unreadable.find(FIRST);
  world.onNoteLoss = () => world.unreadable.find(SECOND);
  await world.rebuild.acceptLoss();
  await world.clock.advance(20_000);
  expect(world.left).toEqual(['second']);
});

test('what is found once more after it was given up is not given up any more', async () => {
  world.unreadable.find(FIRST);
  world.unreadable.find(SECOND);
  await world.rebuild.acceptLoss();
  world.unreadable.find(FIRST);
  await world.clock.advance(20_000);
  expect(world.left).toEqual(['first']);
});

test('with an exchange under way, all that was unreadable is given up, and nothing that is found in it', async () => {
  world.isHeld = true;
  world.unreadable.find(FIRST);
  await world.clock.advance(1_000);
  world.unreadable.find(SECOND);
  await world.rebuild.acceptLoss();
  await world.clock.advance(1_000);
  world.unreadable.find(THIRD);
  await world.clock.advance(1_000);
  expect(world.left).toEqual(['first', 'second', 'third']);
  world.release();
  await world.clock.advance(20_000);
  expect(world.left).toEqual(['third']);
});

test('a node that falls behind while the loss is noted gives up nothing, and says so', async () => {
  world.unreadable.find(FIRST);
  world.onNoteLoss = () => {
    world.isRecovering = true;
  };
  await expect(world.rebuild.acceptLoss()).rejects.toMatchObject({ code: 'CONFLICT' });
});

test('what is found while a task is at work is made good after it without being asked for', async () => {
  world.isLastSound = true;
  world.isHeld = true;
  world.unreadable.find(FIRST);
  await world.clock.advance(10);
  world.unreadable.find(SECOND);
  await world.clock.advance(10);
  world.release();
  await world.clock.advance(20_000);
  expect(world.left).toEqual([]);
  expect(world.clock.timerCount).toBe(0);
});

const NAMES = ['n2', 'n3'];

async function untilUnreadable(cluster: Cluster, key: string): Promise<void> {
  await cluster.failure(cluster.node('n1').kv.get(getRequest({ key, level: 'all' })));
  await cluster.advance(3_000);
}

test('of keys of one partition that are rotten on two of three, those that are known are given up', async () => {
  await using cluster = await startCluster({ nodes: ['n1', ...NAMES], partitions: 1 });
  const unreadable = () =>
    NAMES.map((name) => cluster.node(name).notes.numbers.get('coterie_unreadable_keys{}'));
  for (const key of ['one', 'two', 'late']) {
    await cluster.put('n1', { key, value: `of ${key}`, level: 'all' });
  }
  for (const name of NAMES) {
    await cluster.node(name).stop();
    await cluster.node(name).damageRecords();
    await cluster.node(name).start();
    await cluster.untilServing();
  }
  await cluster.untilLinked();
  for (const key of ['one', 'two']) await untilUnreadable(cluster, key);
  await cluster.advance(20_000);
  expect(unreadable()).toEqual([2, 2]);
  await cluster.run(cluster.node('n2').node.repairs?.acceptLoss() ?? Promise.reject());
  await cluster.until(() => unreadable().every((count) => count === 0), 'both given up');
  for (const key of ['one', 'two']) {
    expect(valuesOf(await cluster.get('n1', { key, level: 'all' }))).toEqual([`of ${key}`]);
  }
  await untilUnreadable(cluster, 'late');
  await cluster.advance(20_000);
  expect(unreadable()).toEqual([1, 1]);
});
