/** Which replicas are asked first. */
import { expect, test } from 'vitest';
import type { MemberState } from '../../../src/core/membership/member-watch.ts';
import { encodeLayout, firstLayout, layoutHash } from '../../../src/core/ring/layout.ts';
import { Ring } from '../../../src/core/ring/ring.ts';
import type { Peers, Reach } from '../../../src/node/contracts.ts';
import { type Plan, rankReplicas } from '../../../src/node/coordinator/plan.ts';
import { makeRecordKey } from '../../../src/node/storage/record-key.ts';

interface Peer {
  readonly state?: MemberState;
  readonly reach?: Reach;
  readonly inFlight?: number;
  readonly latencyMs?: number;
  readonly zone?: string;
  readonly datacentre?: string;
}

/** The order in which node 0 (zone z, datacentre dc) asks the others, by their number from 1. */
function order(given: readonly Peer[], token = 0): number[] {
  const members = [{}, ...given].map((peer: Peer, index) => ({
    name: `n${index}`,
    address: `n${index}:1`,
    zone: peer.zone ?? (index === 0 ? 'z' : 'other'),
    datacentre: peer.datacentre ?? 'dc',
    weight: 1,
  }));
  const clusterId = new Uint8Array(16).fill(1);
  const replicas = members.length;
  const layout = firstLayout({ clusterId, partitions: 8, replicas, members });
  const ring = new Ring(layout, layoutHash(encodeLayout(layout)));
  const peer = (nodeIndex: number): Peer => given[nodeIndex - 1] ?? {};
  const peers: Peers = {
    reach: (nodeIndex) => peer(nodeIndex).reach ?? 'up',
    stateOf: (nodeIndex) => peer(nodeIndex).state ?? 'ALIVE',
    describe: () => '',
    inFlight: (nodeIndex) => peer(nodeIndex).inFlight ?? 0,
    latencyMs: (nodeIndex) => peer(nodeIndex).latencyMs ?? 0,
    latencyHighMs: () => 0,
    isTrusted: () => true,
    call: () => {},
    callBulk: () => {},
  };
  const plan: Plan = {
    place: { ring, nodeIndex: 0, datacentre: 'dc' },
    key: makeRecordKey(token, 'default', Uint8Array.of(1)),
    partition: 0,
    replicas: members.map((_, index) => index),
    isHere: true,
    epochs: { current: 1, minimum: 1, read: 1 },
    requirement: { label: 'one', groups: [], isStrict: false, durable: 0 },
    isSloppy: false,
    deadlineMs: 0,
    trace: undefined,
  };
  const [self, ...others] = rankReplicas(plan, peers);
  expect(self).toBe(0);
  return others;
}

test('states stand before everything else, and UNKNOWN is no reason to wait', () => {
  const states = ['DOWN', 'SUSPECT', 'SLOW', 'UNKNOWN'] as const;
  expect(order(states.map((state) => ({ state })))).toEqual([4, 3, 2, 1]);
  expect(
    order([
      { state: 'SLOW', zone: 'z' },
      { latencyMs: 900, inFlight: 50 },
    ]),
  ).toEqual([2, 1]);
  expect(order([{ state: 'DOWN' }, { state: 'AVOID', reach: 'down' }])).toEqual([2, 1]);
});

test('of one state connected members come first, then those whose dial is under way', () => {
  expect(order([{ reach: 'down', zone: 'z' }, { reach: 'unknown' }, {}])).toEqual([3, 2, 1]);
});

test('the own zone comes first, then the own datacentre, whatever the latency', () => {
  const far = { zone: 'z', datacentre: 'dc-2' };
  expect(order([far, { latencyMs: 3 }, { zone: 'z', latencyMs: 40 }])).toEqual([3, 2, 1]);
});

test('of equals the quicker and less busy comes first, by latency times work', () => {
  expect(order([{ latencyMs: 40 }, { latencyMs: 3 }])).toEqual([2, 1]);
  expect(order([{ inFlight: 2 }, { inFlight: 1 }])).toEqual([2, 1]);
  expect(order([{ latencyMs: 3, inFlight: 9 }, { latencyMs: 9 }])).toEqual([2, 1]);
  expect(order([{ latencyMs: 1e9, inFlight: 4_096 }, { latencyMs: 1e9 }])).toEqual([2, 1]);
});

test('times that differ by little are alike, and then the key decides', () => {
  const alike = [{ latencyMs: 0.2 }, { latencyMs: 0.9 }, { latencyMs: 0.5 }];
  const firsts = new Set([0, 1, 2, 3].map((token) => order(alike, token)[0]));
  expect(firsts).toEqual(new Set([1, 2, 3]));
  expect(order(alike, 2)).toEqual(order(alike, 2));
});
