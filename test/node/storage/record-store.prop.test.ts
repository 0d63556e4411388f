/** Random writes, pauses, failed batches, kills and reopens against a dumb model: what was
 *  acknowledged or read of each key, and how often it was tried. */
import fc from 'fast-check';
import { expect, it } from 'vitest';
import type { StoreOperation } from '../../../src/env/store.ts';
import type { RecordKey } from '../../../src/node/storage/record-key.ts';
import { MemoryStore } from '../../../src/platform/memory/memory-store.ts';
import type { CountingStore } from '../../conformance/counting-store.ts';
import {
  increment,
  keyOf,
  leavesOf,
  NO_SYNC,
  nextTurn,
  openRig,
  type Rig,
  RigClock,
  replay,
  SYNC,
} from './storage-rig.ts';

type Step =
  | { readonly do: 'write'; readonly key: number; readonly sync: boolean }
  | { readonly do: 'look'; readonly key: number; readonly sync: boolean }
  | { readonly do: 'read'; readonly key: number }
  | { readonly do: 'turn'; readonly turns: number }
  | { readonly do: 'hold' | 'release' | 'fail' | 'kill' | 'stop' };

// Few tokens: several keys share a leaf, and the last leaf of the last partition is among them.
const KEYS = Array.from({ length: 8 }, (_, index) =>
  keyOf(`k${index}`, [0, 1, 0x4000_0000, 0xffff_ffff][index % 4]),
);
const key = fc.nat(KEYS.length - 1);
const steps = fc.array(
  fc.oneof(
    { weight: 12, arbitrary: fc.record({ do: fc.constant('write'), key, sync: fc.boolean() }) },
    { weight: 4, arbitrary: fc.record({ do: fc.constant('look'), key, sync: fc.boolean() }) },
    { weight: 4, arbitrary: fc.record({ do: fc.constant('read'), key }) },
    { weight: 6, arbitrary: fc.record({ do: fc.constant('turn'), turns: fc.nat(6) }) },
    {
      weight: 3,
      arbitrary: fc.record({ do: fc.constantFrom('hold', 'release', 'fail', 'kill', 'stop') }),
    },
  ) as fc.Arbitrary<Step>,
  { maxLength: 60 },
);

const keyAt = (index: number): RecordKey => KEYS[index] ?? keyOf('none');

class Model {
  /** Highest count that was acknowledged or read, per key. */
  readonly seen = new Map<number, number>();
  readonly tried = new Map<number, number>();

  expectIn(index: number, count: number): void {
    expect(count).toBeGreaterThanOrEqual(this.seen.get(index) ?? 0);
    expect(count).toBeLessThanOrEqual(this.tried.get(index) ?? 0);
  }

  saw(index: number, count: number): void {
    this.seen.set(index, Math.max(count, this.seen.get(index) ?? 0));
  }
}

async function run(rig: Rig, list: readonly Step[]): Promise<void> {
  const model = new Model();
  let open = rig;
  let waiting: Promise<unknown>[] = [];
  const follow = (outcome: Promise<void>): void => {
    waiting.push(Promise.allSettled([outcome]));
  };
  const settle = async (): Promise<void> => {
    open.engine.releaseBatches();
    await Promise.all(waiting);
    waiting = [];
  };
  const reopen = async (): Promise<void> => {
    open = await openRig({ disk: open.disk });
    expect(open.opening.chain).toBe('whole');
    await expectLeaves(open.engine);
    for (const [index] of KEYS.entries()) model.expectIn(index, await countAt(open, index));
  };
  for (const step of list) {
    if (step.do === 'write') {
      model.tried.set(step.key, (model.tried.get(step.key) ?? 0) + 1);
      const options = step.sync ? SYNC : NO_SYNC;
      const update = open.records.update(keyAt(step.key), options, increment);
      follow(update.then(({ result }) => model.saw(step.key, result)));
    } else if (step.do === 'look') {
      const { records } = open;
      const look = records.update(keyAt(step.key), step.sync ? SYNC : NO_SYNC, (current) => ({
        result: current.record?.vector[0]?.seq ?? 0,
      }));
      follow(look.then(({ result }) => model.saw(step.key, result)));
    } else if (step.do === 'read') {
      follow(countAt(open, step.key).then((count) => model.saw(step.key, count)));
    } else if (step.do === 'turn') await nextTurn(step.turns);
    else if (step.do === 'hold') open.engine.holdBatches();
    else if (step.do === 'release') open.engine.releaseBatches();
    else if (step.do === 'fail') open.engine.failNextBatch();
    else if (step.do === 'kill') {
      open.disk.cutPower();
      await settle();
      await reopen();
    } else {
      const stopped = open.records.stop();
      await settle();
      await Promise.allSettled([stopped]);
      await reopen();
    }
  }
  const stopped = open.records.stop();
  await settle();
  await Promise.allSettled([stopped]);
  await reopen();
  await open.records.stop();
}

async function countAt(rig: Rig, index: number): Promise<number> {
  return (await rig.records.read(keyAt(index)))?.record.vector[0]?.seq ?? 0;
}

async function expectLeaves(store: CountingStore): Promise<void> {
  const { stored, counted } = await leavesOf(store);
  expect(stored).toEqual(counted);
}

it('whatever happens, nothing acknowledged or read is lost and leaves are the XOR of the records', async () => {
  await fc.assert(
    fc.asyncProperty(steps, async (list) => run(await openRig(), list)),
    { numRuns: 150 },
  );
});

it('leaves are the XOR of the records at every single batch boundary', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(fc.tuple(key, fc.nat(3)), { maxLength: 40 }), async (writes) => {
      const rig = await openRig();
      await Promise.all(
        writes.map(async ([index, turns]) => {
          await nextTurn(turns);
          await rig.records.update(keyAt(index), SYNC, increment);
        }),
      );
      await rig.records.stop();
      const store = new MemoryStore({ clock: new RigClock() });
      await store.open();
      for (const event of rig.engine.events) {
        if (event.what !== 'batch-started') continue;
        await store.batch(event.operations as StoreOperation[], { sync: true });
        const { stored, counted } = await leavesOf(store);
        expect(stored).toEqual(counted);
      }
      await store.close();
    }),
    { numRuns: 40 },
  );
});

it('any batch that the log lost, but the last ones, is a gap', async () => {
  await fc.assert(
    fc.asyncProperty(fc.integer({ min: 2, max: 12 }), fc.nat(), async (count, pick) => {
      const rig = await openRig();
      for (let index = 0; index < count; index += 1) {
        await rig.records.update(keyAt(index % 8), SYNC, increment);
      }
      rig.disk.cutPower();
      const total = rig.engine.events.filter(({ what }) => what === 'batch-started').length;
      const lost = pick % (total - 1);
      const reopened = await openRig({ disk: await replay(rig.engine.events, [lost]) });
      expect(reopened.opening.chain).toBe('gap');
      await reopened.records.stop();
    }),
    { numRuns: 40 },
  );
});
