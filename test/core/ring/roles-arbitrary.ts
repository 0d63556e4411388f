/** Clusters for property tests: members with odd zones and weights, and what a sound table is. */
import fc from 'fast-check';
import { expect } from 'vitest';
import type { AssignInput } from '../../../src/core/ring/assign.ts';
import type { Member } from '../../../src/core/ring/layout.ts';
import { type WeightedNode, zoneRule } from '../../../src/core/ring/quota.ts';

export interface RolesShape {
  readonly nodesMax: number;
  readonly partitionBitsMax: number;
  readonly replicasMax: number;
}

interface NodeDraw {
  readonly weight: number;
  readonly zone: number;
}

const node: fc.Arbitrary<NodeDraw> = fc.record({
  weight: fc.constantFrom(1, 1, 2, 4, 4, 0, 1_000_000),
  zone: fc.nat(6),
});

function rolesOf(draws: readonly NodeDraw[], zones: number, indexes: readonly number[]) {
  return draws.map(
    (draw, at): WeightedNode => ({
      nodeIndex: indexes[at]!,
      weight: draw.weight,
      zone: `z${draw.zone % zones}`,
      datacentre: draw.zone % 2 === 0 ? 'east' : 'west',
    }),
  );
}

/** Roles that can carry `replicas` copies, in no order. */
export function placements(shape: RolesShape): fc.Arbitrary<AssignInput> {
  return fc
    .record({
      replicas: fc.integer({ min: 1, max: shape.replicasMax }),
      bits: fc.nat(shape.partitionBitsMax),
      zones: fc.integer({ min: 1, max: 7 }),
    })
    .chain(({ replicas, bits, zones }) =>
      fc
        .tuple(
          fc.array(node, { minLength: replicas, maxLength: shape.nodesMax }),
          fc.uniqueArray(fc.nat(65_535), {
            minLength: shape.nodesMax,
            maxLength: shape.nodesMax,
          }),
        )
        .map(([draws, indexes]) => ({
          roles: rolesOf(draws, zones, indexes),
          partitions: 2 ** bits,
          replicas,
        })),
    )
    .filter((input) => input.roles.filter((role) => role.weight > 0).length >= input.replicas);
}

export function members(count: number, zones = 3): Member[] {
  return Array.from({ length: count }, (_, at) => ({
    name: `node-${at}`,
    address: `10.0.0.${at}:7000`,
    zone: `z${at % zones}`,
    datacentre: 'east',
    weight: [1, 2, 4][at % 3]!,
  }));
}

export function evenRoles(count: number, zones: number, weights = [1]): WeightedNode[] {
  return Array.from({ length: count }, (_, nodeIndex) => ({
    nodeIndex,
    zone: `z${nodeIndex % zones}`,
    datacentre: 'east',
    weight: weights[nodeIndex % weights.length]!,
  }));
}

export function listsOf(table: Uint16Array, replicas: number): number[][] {
  return Array.from({ length: table.length / replicas }, (_, partition) => [
    ...table.subarray(partition * replicas, (partition + 1) * replicas),
  ]);
}

export function countsOf(table: Iterable<number>): Map<number, number> {
  const counts = new Map<number, number>();
  for (const nodeIndex of table) counts.set(nodeIndex, (counts.get(nodeIndex) ?? 0) + 1);
  return counts;
}

/** Distinct nodes, and no zone above what the rule allows it. */
export function expectSoundLists(input: AssignInput, table: Uint16Array): void {
  const { replicasMax } = zoneRule(input.roles, input.replicas);
  const zoneOf = new Map(
    input.roles.map((role) => [role.nodeIndex, `${role.datacentre}/${role.zone}`]),
  );
  expect(table.length).toBe(input.partitions * input.replicas);
  for (const list of listsOf(table, input.replicas)) {
    expect(new Set(list).size).toBe(input.replicas);
    const perZone = countsOf(list.map((nodeIndex) => [...zoneOf.keys()].indexOf(nodeIndex)));
    expect(perZone.has(-1)).toBe(false);
    const zones = new Map<string, number>();
    for (const nodeIndex of list) {
      const zone = zoneOf.get(nodeIndex)!;
      zones.set(zone, (zones.get(zone) ?? 0) + 1);
    }
    expect(Math.max(...zones.values())).toBeLessThanOrEqual(replicasMax);
  }
}
