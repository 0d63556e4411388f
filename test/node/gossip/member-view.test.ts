/** What the other rooms see. */
import { expect, test } from 'vitest';
import { ClockOffsets } from '../../../src/core/membership/clock-offset.ts';
import { DEFAULT_DETECTOR_OPTIONS } from '../../../src/core/membership/detector-options.ts';
import { FailureDetector } from '../../../src/core/membership/failure-detector.ts';
import { entryOfLeft, entryOfRecord } from '../../../src/core/membership/member-entry.ts';
import type { MemberRecord } from '../../../src/core/membership/member-record.ts';
import { MemberTable } from '../../../src/core/membership/member-table.ts';
import { MemberView } from '../../../src/node/gossip/member-view.ts';
import { seededRandom } from '../../client/scripted-node.ts';
import { recordOf } from '../../core/membership/gossip-cluster.ts';

const NOW_MS = 1_000;
const OWN = recordOf(1, { name: 'n1' });
const N2 = recordOf(2, { name: 'n2' });

function rig() {
  const table = new MemberTable(OWN);
  const detector = new FailureDetector(DEFAULT_DETECTOR_OPTIONS, OWN, seededRandom(), NOW_MS);
  const offsets = new ClockOffsets();
  const view = new MemberView({ table, detector, offsets });
  let changes = 0;
  const unsubscribe = view.onChange(() => {
    changes += 1;
  });
  const hear = (...records: MemberRecord[]): void => {
    table.receive(
      records.map((record) => entryOfRecord(record, 1)),
      OWN.generation,
    );
    for (const record of records) detector.learn(record, NOW_MS);
    view.index();
    view.refresh();
  };
  view.index();
  view.refresh();
  return { table, detector, offsets, view, hear, unsubscribe, changeCount: () => changes };
}

test('a node is alive to itself; who was never heard of is UNKNOWN', () => {
  const { view } = rig();
  expect(view.stateOf(1)).toBe('ALIVE');
  expect(view.stateOf(2)).toBe('UNKNOWN');
  expect(view.addressOf(1)).toBe(OWN.address);
  expect(view.addressOf(2)).toBeUndefined();
});

test('a member is found by its place, and by its address', () => {
  const { view, hear } = rig();
  hear(N2);
  expect([view.idOf(2), view.addressOf(2), view.idAt(N2.address)]).toEqual([
    N2.id,
    N2.address,
    N2.id,
  ]);
  expect(view.idAt(OWN.address)).toBeUndefined();
});

test('a node of no cluster has a place in the list only', () => {
  const { view, hear } = rig();
  const fresh = recordOf(3, { name: 'n3', clusterId: '' });
  hear(fresh);
  expect(view.stateOf(3)).toBe('UNKNOWN');
  expect(view.idOf(3)).toBeUndefined();
  expect(view.list(NOW_MS).map(({ name }) => name)).toEqual(['n1', 'n3']);
});

test('listeners are called when a state or an address is another one, and only then', () => {
  const { view, detector, hear, changeCount, unsubscribe } = rig();
  const before = changeCount();
  hear(N2);
  expect(changeCount()).toBe(before + 1);
  hear({ ...N2, version: 2, diskPercent: 99 });
  view.refresh();
  expect(changeCount()).toBe(before + 1);
  detector.evidence(N2.id, NOW_MS, 'direct');
  view.refresh();
  expect(changeCount()).toBe(before + 2);
  hear({ ...N2, version: 3, address: 'moved:1' });
  expect(changeCount()).toBe(before + 3);
  expect(view.addressOf(2)).toBe('moved:1');
  unsubscribe();
  detector.refused(N2.id, NOW_MS);
  view.refresh();
  expect(changeCount()).toBe(before + 3);
});

test('the list tells what is known of each', () => {
  const { view, detector, offsets, hear } = rig();
  hear(N2);
  expect(view.list(NOW_MS)[1]).not.toHaveProperty('evidenceAgeMs');
  detector.evidence(N2.id, NOW_MS, 'direct');
  offsets.note(N2.id, { sentMs: 0, receivedMs: 0, ownWallMs: 50, peerWallMs: 80 });
  expect(view.list(NOW_MS + 250)).toMatchObject([
    { name: 'n1', isSelf: true, state: 'ALIVE', phi: 0, nodeIndex: 1 },
    {
      id: N2.id,
      name: 'n2',
      isSelf: false,
      state: 'ALIVE',
      evidenceAgeMs: 250,
      clockOffsetMs: 30,
      generation: N2.generation,
      diskPercent: 10,
      layoutVersion: 1,
    },
  ]);
});

test('whom this node could speak with: the others, those that are down apart, never itself', () => {
  const { view, table, detector, hear } = rig();
  const N3 = recordOf(3, { name: 'n3' });
  hear(N2, N3);
  const { id: about, generation } = N3;
  const accusation = { about, generation, incarnation: 0, state: 'DOWN' as const, by: N2.id };
  detector.accused(accusation, NOW_MS);
  table.receive([entryOfLeft(recordOf(4).id, 'n4', OWN.clusterId)], OWN.generation);
  view.index();
  view.refresh();
  expect(view.candidates(['seed:1'])).toEqual({
    own: OWN.address,
    live: [N2.address],
    down: [N3.address],
    seeds: ['seed:1'],
  });
  expect(view.list(NOW_MS).map(({ name }) => name)).toEqual(['n1', 'n2', 'n3']);
});
