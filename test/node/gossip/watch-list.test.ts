/** Who is judged, and what others see of them. */
import { expect, test } from 'vitest';
import { ClockOffsets } from '../../../src/core/membership/clock-offset.ts';
import {
  DEFAULT_DETECTOR_OPTIONS,
  type DetectorOptions,
} from '../../../src/core/membership/detector-options.ts';
import { FailureDetector } from '../../../src/core/membership/failure-detector.ts';
import { entryOfAccusation, entryOfRecord } from '../../../src/core/membership/member-entry.ts';
import type { MemberRecord } from '../../../src/core/membership/member-record.ts';
import { MemberTable } from '../../../src/core/membership/member-table.ts';
import { Findings } from '../../../src/node/gossip/findings.ts';
import { MemberView } from '../../../src/node/gossip/member-view.ts';
import { WatchList } from '../../../src/node/gossip/watch-list.ts';
import { seededRandom } from '../../client/scripted-node.ts';
import { recordOf } from '../../core/membership/gossip-cluster.ts';
import { Notes } from '../notes.ts';

const NOW_MS = 1_000;
const OWN = recordOf(1, { name: 'n1' });
const [N2, N3] = [recordOf(2, { name: 'n2' }), recordOf(3, { name: 'n3' })];

function rig(options: Partial<DetectorOptions> = {}, own: MemberRecord = OWN) {
  const notes = new Notes();
  const table = new MemberTable(own);
  const detector = new FailureDetector(
    { ...DEFAULT_DETECTOR_OPTIONS, ...options },
    own,
    seededRandom(),
    NOW_MS,
  );
  const offsets = new ClockOffsets();
  const view = new MemberView({ table, detector, offsets });
  const findings = new Findings(notes, {
    ownId: own.id,
    isSettled: () => true,
    mustStop: () => {},
  });
  const watches = new WatchList({
    ...{ table, detector, view, offsets, findings },
    isNamed: (name) => name === 'named',
  });
  const hear = (...records: MemberRecord[]): void => {
    const entries = records.map((record) => entryOfRecord(record, 1));
    const { changed } = table.receive(entries, recordOf(1).generation);
    watches.changed(changed, NOW_MS);
  };
  watches.changed([], NOW_MS);
  return { notes, table, detector, offsets, view, watches, hear };
}

test('whom the table knows is judged; this node is not', () => {
  const { detector, hear } = rig();
  hear(N2, N3);
  expect([N2, N3, OWN].map(({ id }) => detector.stateOf(id))).toEqual([
    'UNKNOWN',
    'UNKNOWN',
    undefined,
  ]);
});

test('what stands against a member is known with it', () => {
  const { table, detector, watches } = rig();
  const { id: about, generation } = N2;
  const down = { about, generation, incarnation: 0, state: 'DOWN' as const, by: N3.id };
  table.receive([entryOfAccusation(down)], generation);
  const { changed } = table.receive([entryOfRecord(N2, 0)], generation);
  watches.changed(changed, NOW_MS);
  expect(detector.stateOf(N2.id)).toBe('DOWN');
});

test('an id that another one has replaced is forgotten, with all that was measured of it', () => {
  const { detector, offsets, view, hear } = rig();
  hear(N2, N3);
  offsets.note(N2.id, { sentMs: 0, receivedMs: 0, ownWallMs: 5, peerWallMs: 9 });
  const wiped = recordOf(9, { name: 'n2', address: N2.address, generation: N2.generation + 1 });
  hear(wiped);
  expect(detector.stateOf(N2.id)).toBeUndefined();
  expect(offsets.of(N2.id)).toBeUndefined();
  expect(view.standing(N2.id)).toBeUndefined();
  expect(view.standing(wiped.id)).toEqual(wiped);
  hear({ ...N2, version: N2.version + 1 });
  expect(detector.stateOf(N2.id)).toBeUndefined();
});

test('who lives under the name of a live member is judged but not shown, and logged once', () => {
  const { notes, detector, view, watches, hear } = rig();
  hear(N2);
  const double = recordOf(9, { name: 'n2', generation: N2.generation + 1 });
  hear(double);
  watches.weighNamesakes(NOW_MS);
  watches.weighNamesakes(NOW_MS);
  expect(detector.stateOf(double.id)).toBe('UNKNOWN');
  expect(view.list(NOW_MS).map(({ id }) => id)).toEqual([OWN.id, N2.id]);
  expect(notes.events('two-nodes-with-one-name')).toHaveLength(1);
  detector.refused(N2.id, NOW_MS);
  watches.weighNamesakes(NOW_MS);
  expect(view.list(NOW_MS).map(({ id }) => id)).toEqual([OWN.id, double.id]);
  expect(detector.stateOf(N2.id)).toBeUndefined();
});

test('whom the table drops when this node joins a cluster is forgotten', () => {
  const { table, detector, watches, hear } = rig({}, { ...OWN, clusterId: '' });
  const stranger = { ...N3, clusterId: 'ee'.repeat(16) };
  hear(N2, stranger);
  table.updateOwn({ clusterId: N2.clusterId });
  watches.changed([], NOW_MS);
  expect(detector.stateOf(N2.id)).toBe('UNKNOWN');
  expect(detector.stateOf(stranger.id)).toBeUndefined();
});

test('more members than the detector takes are logged once, and looked for again', () => {
  const { notes, detector, table, watches, hear } = rig({ membersMax: 1 });
  hear(N2, N3);
  hear(recordOf(4));
  expect(notes.events('member-not-watched')).toHaveLength(1);
  const watched = [N2, N3].filter(({ id }) => detector.stateOf(id) !== undefined);
  expect(watched).toHaveLength(1);
  table.leave(watched[0]?.id ?? '', 'n');
  watches.changed([], NOW_MS);
  expect(notes.events('member-not-watched')).toHaveLength(1);
});
