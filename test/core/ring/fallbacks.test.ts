import { expect, test } from 'vitest';
import { fallbackOrder } from '../../../src/core/ring/fallbacks.ts';
import { encodeLayout, firstLayout, layoutHash } from '../../../src/core/ring/layout.ts';
import { Ring } from '../../../src/core/ring/ring.ts';

function ringOf(zones: readonly string[], weights: readonly number[] = []): Ring {
  const members = zones.map((zone, index) => ({
    name: `n${index}`,
    address: `n${index}:7400`,
    zone,
    datacentre: 'dc',
    weight: weights[index] ?? 1,
  }));
  const clusterId = new Uint8Array(16).fill(7);
  const layout = firstLayout({ clusterId, partitions: 16, replicas: 3, members });
  return new Ring(layout, layoutHash(encodeLayout(layout)));
}

const PARTITIONS = Array.from({ length: 16 }, (_, partition) => partition);

test('members of zones without a replica come first', () => {
  const ring = ringOf(['a', 'a', 'b', 'b', 'c', 'c', 'd', 'd']);
  const zoneOf = (nodeIndex: number) => ring.role(nodeIndex)?.zone ?? '';
  for (const partition of PARTITIONS) {
    const zones = ring.replicasOf(partition).map(zoneOf);
    const isIn = fallbackOrder(ring, partition).map((node) => zones.includes(zoneOf(node)));
    expect(isIn).toEqual([false, false, true, true, true]);
  }
});

test('partitions do not all lean on the same member', () => {
  const ring = ringOf(['a', 'b', 'c', 'd', 'e', 'f']);
  const firsts = new Set(PARTITIONS.map((partition) => fallbackOrder(ring, partition)[0]));
  expect(firsts.size).toBeGreaterThan(2);
});

test('with as many replicas as members there is nobody', () => {
  expect(fallbackOrder(ringOf(['a', 'b', 'c']), 3)).toEqual([]);
});
