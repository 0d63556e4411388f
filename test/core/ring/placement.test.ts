import { describe, expect, test } from 'vitest';
import { Placement, tieBreak } from '../../../src/core/ring/placement.ts';

function placement(options: { zones: number[]; quotas: number[]; zoneReplicasMax: number }) {
  return new Placement({
    partitions: 2,
    replicas: 2,
    nodeIndexes: options.zones.map((_, at) => at),
    zoneOf: Uint16Array.from(options.zones),
    zoneReplicasMax: options.zoneReplicasMax,
    quotas: Int32Array.from(options.quotas),
  });
}

function sorted(nodes: Int32Array): number[] {
  return [...nodes].sort((a, b) => a - b);
}

describe('placement', () => {
  test('a vacancy that no free node fits is filled by moving others along a chain', () => {
    const table = placement({ zones: [0, 0, 0], quotas: [2, 1, 1], zoneReplicasMax: 2 });
    expect([table.tryPlace(0, 1), table.tryPlace(0, 2)]).toEqual([true, true]);
    table.fill();
    expect([...table.nodesOf(0)]).toContain(0);
    expect([...table.nodesOf(1)]).toContain(0);
    expect([...sorted(table.nodesOf(0)), ...sorted(table.nodesOf(1))].sort()).toEqual([0, 0, 1, 2]);
  });

  test('a chain keeps the zone rule in every partition that it passes', () => {
    // Nodes 0 and 1 are zone 0, nodes 2 and 3 zone 1: each partition needs one of either.
    const table = placement({ zones: [0, 0, 1, 1], quotas: [1, 1, 2, 0], zoneReplicasMax: 1 });
    expect(table.tryPlace(0, 2)).toBe(true);
    table.fill();
    for (const partition of [0, 1]) {
      expect(sorted(table.nodesOf(partition)).map((node) => (node < 2 ? 0 : 1))).toEqual([0, 1]);
    }
  });

  test('a node is not placed twice in a partition, above its quota or above the zone rule', () => {
    const table = placement({ zones: [0, 0, 1], quotas: [2, 1, 1], zoneReplicasMax: 1 });
    expect(table.tryPlace(0, 0)).toBe(true);
    expect(table.tryPlace(0, 0)).toBe(false);
    expect(table.tryPlace(0, 1)).toBe(false);
    expect(table.tryPlace(0, 2)).toBe(true);
    expect(table.tryPlace(0, 1)).toBe(false);
    expect(table.tryPlace(1, 2)).toBe(false);
  });

  test('quotas that no table can meet are a bug that is reported', () => {
    const table = placement({ zones: [0, 0], quotas: [3, 1], zoneReplicasMax: 2 });
    expect(() => table.fill()).toThrow(expect.objectContaining({ code: 'ASSERTION_FAILED' }));
  });

  test('golden vectors: ties break alike on every machine', () => {
    expect([tieBreak(0, 0), tieBreak(1, 2), tieBreak(65_535, 65_535)]).toEqual([
      857_305_552, 1_492_938_920, 1_519_456_282,
    ]);
  });
});
