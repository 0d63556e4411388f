/** What a stand-in may do is judged when its turn comes, not when it was asked. */
import { expect, test } from 'vitest';
import { CoterieError } from '../../../src/core/errors.ts';
import { encodeLayout, firstLayout, layoutHash } from '../../../src/core/ring/layout.ts';
import { Ring } from '../../../src/core/ring/ring.ts';
import { EMPTY_CONTEXT } from '../../../src/core/version/causal-context.ts';
import { HybridLogicalClock } from '../../../src/core/version/hlc.ts';
import type { DataState, Minted } from '../../../src/node/contracts.ts';
import { FallbackKeeper } from '../../../src/node/handoff/fallback.ts';
import { makeRecordKey } from '../../../src/node/storage/record-key.ts';
import { NodeClock } from '../node-clock.ts';
import { checksum } from '../rig.ts';
import { codec, TableRig } from './table-rig.ts';

const KEY = Uint8Array.of(1);

/** A member without a replica of the key, and what became of its mints. */
class StandIn {
  state: DataState = 'SERVING';
  readonly outcomes: (Minted | CoterieError)[] = [];
  readonly #keeper: FallbackKeeper;
  readonly #ring = ringOfFour();
  readonly #rig: TableRig;

  constructor(rig: TableRig) {
    this.#rig = rig;
    const clock = new NodeClock(rig.clock);
    const reading = { wallMs: clock.wallMs(), monotonicMs: clock.monotonicMs() };
    this.#keeper = new FallbackKeeper(
      {
        ...{ store: rig.store, codec, checksum, clock, metrics: rig.notes },
        hlc: new HybridLogicalClock({ ceiling: 0, reading }),
        place: () => ({ ring: this.#ring, nodeIndex: this.#nodeIndex, datacentre: 'dc' }),
        state: () => this.state,
      },
      rig.table,
    );
  }

  mint(value: number, withinMs = 1_000): void {
    const { token, partition } = this.#ring.partitionOfKey('default', KEY);
    const key = makeRecordKey(token, 'default', KEY);
    const epochs = this.#ring.epochsOf(partition);
    const deadlineMs = this.#rig.clock.monotonicMs() + withinMs;
    const operation = {
      kind: 'put',
      value: Uint8Array.of(value),
      meta: new Uint8Array(0),
    } as const;
    this.#keeper.mint(
      { key, partition, epochs, deadlineMs },
      { context: EMPTY_CONTEXT, overwrite: false, operation, sync: true },
      (outcome) => this.outcomes.push(outcome),
    );
  }

  get #nodeIndex(): number {
    const { partition } = this.#ring.partitionOfKey('default', KEY);
    const replicas = this.#ring.replicasOf(partition);
    const role = this.#ring.layout.roles.find(({ nodeIndex }) => !replicas.includes(nodeIndex));
    if (role === undefined) throw new Error('every member owns a replica');
    return role.nodeIndex;
  }
}

test('a node that learns that it is behind makes no event on what it kept before', async () => {
  await using rig = await new TableRig().start();
  await rig.run(rig.table.start());
  const standIn = new StandIn(rig);
  standIn.mint(1);
  await rig.clock.settle();
  standIn.mint(2);
  standIn.state = 'RECOVERING';
  await rig.clock.settle();
  const [first, second] = standIn.outcomes;
  expect(first).not.toBeInstanceOf(CoterieError);
  expect(second).toMatchObject({ code: 'NOT_RECOVERED', applied: 'no' });
});

test('while the hints of an earlier run are counted nothing is kept, and whoever asks is told so', async () => {
  await using rig = await new TableRig().start();
  const standIn = new StandIn(rig);
  standIn.mint(1);
  expect(standIn.outcomes).toMatchObject([{ code: 'OVERLOADED', applied: 'no' }]);
  await rig.run(rig.table.start());
  standIn.mint(2);
  await rig.clock.settle();
  expect(standIn.outcomes[1]).not.toBeInstanceOf(CoterieError);
});

test('what nobody waits for any more when its turn comes is not written', async () => {
  await using rig = await new TableRig().start();
  await rig.run(rig.table.start());
  const standIn = new StandIn(rig);
  rig.engine.holdBatches();
  standIn.mint(1);
  await rig.clock.settle();
  standIn.mint(2, 100);
  await rig.clock.advance(100);
  rig.engine.releaseBatches();
  await rig.clock.settle();
  const [first, second] = standIn.outcomes;
  expect(first).not.toBeInstanceOf(CoterieError);
  expect(second).toMatchObject({ code: 'DEADLINE_EXCEEDED', applied: 'no' });
});

function ringOfFour(): Ring {
  const layout = firstLayout({
    clusterId: new Uint8Array(16).fill(3),
    partitions: 8,
    replicas: 3,
    members: ['a', 'b', 'c', 'd'].map((name) => {
      return { name, address: `${name}:1`, zone: name, datacentre: 'dc', weight: 1 };
    }),
  });
  return new Ring(layout, layoutHash(encodeLayout(layout)));
}
