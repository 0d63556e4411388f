import { describe, expect, test } from 'vitest';
import {
  checkPlacement,
  type WeightedNode,
  weightedQuotas,
  zoneNumbers,
  zoneRule,
} from '../../../src/core/ring/quota.ts';
import { evenRoles } from './roles-arbitrary.ts';

function node(nodeIndex: number, zone: string, weight = 1, datacentre = 'east'): WeightedNode {
  return { nodeIndex, zone, weight, datacentre };
}

function quotas(nodes: WeightedNode[], partitions: number, replicas: number, held?: number[]) {
  return [
    ...weightedQuotas({
      nodes,
      partitions,
      replicas,
      ...(held === undefined ? {} : { held: Int32Array.from(held) }),
    }),
  ];
}

describe('quota', () => {
  test('three equal nodes carry every partition three times', () => {
    expect(quotas(evenRoles(3, 1), 256, 3)).toEqual([256, 256, 256]);
  });

  test('a node of twice the weight carries twice as much', () => {
    expect(quotas(evenRoles(8, 1, [1, 2]), 256, 3)).toEqual([64, 128, 64, 128, 64, 128, 64, 128]);
  });

  test('no node carries a partition twice, however heavy: the rest is shared by weight', () => {
    const nodes = [node(0, 'a', 1_000_000), node(1, 'a'), node(2, 'a'), node(3, 'a', 2)];
    expect(quotas(nodes, 256, 2)).toEqual([256, 64, 64, 128]);
  });

  test('no zone carries more than its share of each partition, however heavy', () => {
    const nodes = [node(0, 'a', 100), node(1, 'a', 300), node(2, 'b'), node(3, 'c')];
    expect(quotas(nodes, 256, 3)).toEqual([64, 192, 256, 256]);
  });

  test('among equal fractions the node that would have to give one away is rounded up', () => {
    expect(quotas(evenRoles(3, 1), 4, 1)).toEqual([2, 1, 1]);
    expect(quotas(evenRoles(3, 1), 4, 1, [0, 0, 4])).toEqual([1, 1, 2]);
  });

  test('equal zone names in two datacentres are two zones', () => {
    expect([...zoneNumbers([node(0, 'a'), node(1, 'a', 1, 'west'), node(2, 'a')])]).toEqual([
      0, 1, 0,
    ]);
  });

  test('the zone rule is one replica per zone, an even spread with fewer zones', () => {
    const limit = (zones: number, replicas: number): number =>
      zoneRule(evenRoles(18, zones), replicas).replicasMax;
    expect([limit(3, 3), limit(9, 3), limit(2, 3), limit(1, 3), limit(4, 9)]).toEqual([
      1, 1, 2, 3, 3,
    ]);
  });

  test('zones too small for the even spread relax the rule as little as possible', () => {
    const roles = [node(0, 'a'), ...[1, 2, 3, 4].map((at) => node(at, 'b'))];
    expect(zoneRule(roles, 5)).toEqual({ replicasMax: 4, isRelaxed: true });
    expect(zoneRule(roles, 2)).toEqual({ replicasMax: 1, isRelaxed: false });
    expect(zoneRule([...roles, node(5, 'c', 0)], 3)).toEqual({ replicasMax: 2, isRelaxed: false });
  });

  test.each([
    ['partitions no power of two', evenRoles(3, 1), 100, 3],
    ['too many partitions', evenRoles(3, 1), 131_072, 3],
    ['no replica', evenRoles(3, 1), 256, 0],
    ['ten replicas', evenRoles(10, 1), 256, 10],
    ['fewer nodes than replicas', evenRoles(2, 1), 256, 3],
    ['fewer nodes with weight than replicas', [...evenRoles(2, 1), node(2, 'a', 0)], 256, 3],
    ['all weights 0', evenRoles(3, 1, [0]), 256, 1],
    ['a broken weight', evenRoles(3, 1, [1.5]), 256, 3],
    ['a negative weight', evenRoles(3, 1, [-1]), 256, 3],
    ['a weight above the limit', evenRoles(3, 1, [1_000_001]), 256, 3],
  ])('%s: refused', (_, roles, partitions, replicas) => {
    expect(() => checkPlacement(roles, partitions, replicas)).toThrow(
      expect.objectContaining({ code: 'INVALID_ARGUMENT' }),
    );
  });
});
