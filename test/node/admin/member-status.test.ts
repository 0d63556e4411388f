/** What a node says of the others, from what gossip has told and what the layout names. */
import { expect, test } from 'vitest';
import { encodeLayout, firstLayout, layoutHash } from '../../../src/core/ring/layout.ts';
import { Ring } from '../../../src/core/ring/ring.ts';
import { memberStatuses } from '../../../src/node/admin/member-status.ts';
import type { KnownMember, Place } from '../../../src/node/contracts.ts';

const CLUSTER_ID = 'ab'.repeat(16);
const OTHER_CLUSTER_ID = 'cd'.repeat(16);

const place = placeOf(['a', 'b', 'c']);
const linked = {
  state: () => 'UNVERIFIED',
  link: () => ({ phase: 'connected', detail: '', inFlight: 3 }),
  standingOf: (nodeIndex: number) => (nodeIndex === 1 ? 'RECOVERING' : undefined),
};

function placeOf(names: readonly string[]): Place {
  const layout = firstLayout({
    clusterId: new Uint8Array(16).fill(0xab),
    partitions: 8,
    replicas: 3,
    members: names.map((name) => ({
      name,
      address: `${name}:7400`,
      zone: `zone-${name}`,
      datacentre: 'dc-1',
      weight: 1,
    })),
  });
  const ring = new Ring(layout, layoutHash(encodeLayout(layout)));
  return { ring, nodeIndex: 0, datacentre: 'dc-1' };
}

function found(name: string, more: Partial<KnownMember> = {}): KnownMember {
  return {
    id: name.repeat(32),
    name,
    isSelf: false,
    clusterId: '',
    address: `${name}:7400`,
    zone: 'zone-1',
    datacentre: 'dc-1',
    weight: 1,
    state: 'ALIVE',
    phi: 0.5,
    generation: 1_790_000_000_000,
    incarnation: 2,
    diskPercent: 40,
    layoutVersion: 0,
    ...more,
  };
}

function member(name: string, nodeIndex: number, more: Partial<KnownMember> = {}): KnownMember {
  return found(name, { clusterId: CLUSTER_ID, nodeIndex, layoutVersion: 1, ...more });
}

test('every member of the layout is there, first and by index, even if nothing was heard of it', () => {
  const statuses = memberStatuses(place, [found('Z'), member('b', 1)], linked);
  expect(statuses).toMatchObject([
    { index: 0, name: 'a', inLayout: true, id: '', state: 'UNKNOWN', link: 'self', replicas: 8 },
    { index: 1, name: 'b', inLayout: true, state: 'ALIVE', link: 'connected', inFlight: 3 },
    { index: 2, name: 'c', inLayout: true, id: '', state: 'UNKNOWN', generation: 0 },
    { index: 0, name: 'Z', inLayout: false, state: 'ALIVE', link: 'closed', replicas: 0 },
  ]);
});

test('what gossip has told of a member is in its status, and what is not known is absent', () => {
  const heard = { evidenceAgeMs: 120, clockOffsetMs: -7, state: 'SLOW', phi: 4.5 } as const;
  const known = [member('a', 0, { isSelf: true, phi: 0 }), member('b', 1, heard)];
  const [self, other] = memberStatuses(place, known, linked);
  expect(self).toMatchObject({ lastEvidenceMs: undefined, clockOffsetMs: undefined, phi: 0 });
  expect(other).toMatchObject({
    id: 'b'.repeat(32),
    state: 'SLOW',
    phi: 4.5,
    generation: 1_790_000_000_000,
    incarnation: 2,
    lastEvidenceMs: 120,
    clockOffsetMs: -7,
    diskPercent: 40,
    layoutVersion: 1,
  });
});

test('the standing of this node is its state, of others what they showed, and else not known', () => {
  const statuses = memberStatuses(place, [member('b', 1), found('Z')], linked);
  expect(statuses.map(({ name, standing }) => [name, standing])).toEqual([
    ['a', 'UNVERIFIED'],
    ['b', 'RECOVERING'],
    ['c', ''],
    ['Z', ''],
  ]);
});

test('a member that has moved is shown where it is now, in the place that the layout gives it', () => {
  const moved = member('b', 1, { address: 'elsewhere:1', zone: 'zone-x', weight: 9 });
  expect(memberStatuses(place, [moved], linked)[1]).toMatchObject({
    address: 'elsewhere:1',
    zone: 'zone-b',
    weight: 1,
  });
});

test('a member whose folder is new is known by its name until it has the layout again', () => {
  const statuses = memberStatuses(place, [found('b')], linked);
  expect(statuses).toHaveLength(3);
  expect(statuses[1]).toMatchObject({ name: 'b', inLayout: true, id: 'b'.repeat(32) });
});

test('nodes of another cluster are no members, whatever index and name they have there', () => {
  const stranger = member('b', 1, { clusterId: OTHER_CLUSTER_ID });
  const statuses = memberStatuses(place, [stranger], linked);
  expect(statuses).toHaveLength(3);
  expect(statuses[1]).toMatchObject({ name: 'b', id: '', state: 'UNKNOWN' });
});

test('before init all nodes that were found are shown, this one included', () => {
  const known = [
    found('a', { isSelf: true }),
    found('b'),
    member('c', 0, { clusterId: OTHER_CLUSTER_ID }),
  ];
  expect(memberStatuses(undefined, known, linked)).toMatchObject([
    { name: 'a', inLayout: false, link: 'self', layoutVersion: 0 },
    { name: 'b', inLayout: false, link: 'closed' },
    { name: 'c', inLayout: false, layoutVersion: 1 },
  ]);
});
