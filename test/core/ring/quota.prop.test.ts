import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { AssignInput } from '../../../src/core/ring/assign.ts';
import { type WeightedNode, weightedQuotas, zoneRule } from '../../../src/core/ring/quota.ts';
import { placements } from './roles-arbitrary.ts';

const inputs = placements({ nodesMax: 30, partitionBitsMax: 12, replicasMax: 9 });

function carriers(input: AssignInput): WeightedNode[] {
  return input.roles.filter((role) => role.weight > 0).sort((a, b) => a.nodeIndex - b.nodeIndex);
}

function zoneKey(node: WeightedNode): string {
  return `${node.datacentre}/${node.zone}`;
}

/** The water level at which `amountAt` (growing) reaches the total, by halving. */
function levelFor(total: number, amountAt: (level: number) => number): number {
  let [low, high] = [0, total + 1];
  for (let round = 0; round < 100; round += 1) {
    const middle = (low + high) / 2;
    if (amountAt(middle) < total) low = middle;
    else high = middle;
  }
  return high;
}

/** Shares by water filling in floating point: heavy nodes full at Q, heavy zones at their cap. */
function dumbShares(nodes: WeightedNode[], input: AssignInput): number[] {
  const { partitions, replicas } = input;
  const { replicasMax } = zoneRule(nodes, replicas);
  const inZone = (of: WeightedNode): WeightedNode[] =>
    nodes.filter((node) => zoneKey(node) === zoneKey(of));
  const capOf = (of: WeightedNode): number => Math.min(replicasMax, inZone(of).length) * partitions;
  const pour = (some: WeightedNode[], level: number): number =>
    some.reduce((sum, node) => sum + Math.min(partitions, level * node.weight), 0);
  const heads = [...new Map(nodes.map((node) => [zoneKey(node), node])).values()];
  const level = levelFor(partitions * replicas, (at) =>
    heads.reduce((sum, head) => sum + Math.min(capOf(head), pour(inZone(head), at)), 0),
  );
  return nodes.map((node) => {
    const members = inZone(node);
    const own = levelFor(capOf(node), (at) => pour(members, at));
    return Math.min(partitions, Math.min(level, own) * node.weight);
  });
}

test('every quota is the exact share rounded down or up, and all is handed out', () => {
  fc.assert(
    fc.property(inputs, (input) => {
      const nodes = carriers(input);
      const quotas = [...weightedQuotas({ ...input, nodes })];
      expect(quotas.reduce((sum, quota) => sum + quota, 0)).toBe(input.partitions * input.replicas);
      dumbShares(nodes, input).forEach((share, at) => {
        expect(Math.abs(quotas[at]! - share)).toBeLessThan(1 + 1e-6);
      });
    }),
    { numRuns: 200 },
  );
});

test('no quota breaks the cap of its node or zone', () => {
  fc.assert(
    fc.property(inputs, (input) => {
      const nodes = carriers(input);
      const quotas = [...weightedQuotas({ ...input, nodes })];
      const { replicasMax } = zoneRule(nodes, input.replicas);
      const perZone = new Map<string, number>();
      nodes.forEach((node, at) => {
        expect(quotas[at]!).toBeLessThanOrEqual(input.partitions);
        perZone.set(zoneKey(node), (perZone.get(zoneKey(node)) ?? 0) + quotas[at]!);
      });
      for (const sum of perZone.values()) {
        expect(sum).toBeLessThanOrEqual(replicasMax * input.partitions);
      }
    }),
    { numRuns: 200 },
  );
});

test('of two nodes in one zone the heavier carries as much, up to rounding', () => {
  fc.assert(
    fc.property(inputs, (input) => {
      const nodes = carriers(input);
      const quotas = [...weightedQuotas({ ...input, nodes })];
      nodes.forEach((a, at) => {
        nodes.forEach((b, other) => {
          if (zoneKey(a) !== zoneKey(b) || a.weight < b.weight) return;
          expect(quotas[at]! + 1).toBeGreaterThanOrEqual(quotas[other]!);
        });
      });
    }),
    { numRuns: 50 },
  );
});
