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

test('a node that learns that it is behind makes no event on what it kept before', async () => {
  await using rig = await new TableRig().start();
  await rig.run(rig.table.start());
  let state: DataState = 'SERVING';
  const ring = ringOfFour();
  const { token, partition } = ring.partitionOfKey('default', KEY);
  const { nodeIndex } =
    ring.layout.roles.find((role) => !ring.replicasOf(partition).includes(role.nodeIndex)) ?? {};
  if (nodeIndex === undefined) throw new Error('every member owns a replica');
  const clock = new NodeClock(rig.clock);
  const reading = { wallMs: clock.wallMs(), monotonicMs: clock.monotonicMs() };
  const keeper = new FallbackKeeper(
    {
      ...{ store: rig.store, codec, checksum, clock, metrics: rig.notes },
      hlc: new HybridLogicalClock({ ceiling: 0, reading }),
      place: () => ({ ring, nodeIndex, datacentre: 'dc' }),
      state: () => state,
    },
    rig.table,
  );
  const outcomes: (Minted | CoterieError)[] = [];
  const mint = (value: number): void => {
    const key = makeRecordKey(token, 'default', KEY);
    const operation = {
      kind: 'put',
      value: Uint8Array.of(value),
      meta: new Uint8Array(0),
    } as const;
    keeper.mint(
      { key, partition, epochs: ring.epochsOf(partition), deadlineMs: 1_000_000 },
      { context: EMPTY_CONTEXT, overwrite: false, operation, sync: true },
      (outcome) => outcomes.push(outcome),
    );
  };
  mint(1);
  await rig.clock.settle();
  expect(outcomes[0]).not.toBeInstanceOf(CoterieError);
  mint(2);
  state = 'RECOVERING';
  await rig.clock.settle();
  expect(outcomes[1]).toMatchObject({ code: 'NOT_RECOVERED', applied: 'no' });
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
