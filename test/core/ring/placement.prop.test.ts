import fc from 'fast-check';
import { expect, test } from 'vitest';
import { Placement } from '../../../src/core/ring/placement.ts';

interface Puzzle {
  readonly zoneOf: number[];
  readonly replicas: number;
  readonly zoneReplicasMax: number;
  /** A table that keeps the rules; its counts are the quotas. */
  readonly solution: number[][];
  /** Placements to try first, most of them at odds with the solution. */
  readonly attempts: [number, number][];
}

function solve(zoneOf: number[], replicas: number, zoneReplicasMax: number, order: number[]) {
  const list: number[] = [];
  for (const node of order) {
    const inZone = list.filter((other) => zoneOf[other] === zoneOf[node]).length;
    if (list.length < replicas && inZone < zoneReplicasMax) list.push(node);
  }
  return list;
}

const puzzles: fc.Arbitrary<Puzzle> = fc
  .record({
    zoneOf: fc.array(fc.nat(4), { minLength: 1, maxLength: 12 }),
    replicas: fc.integer({ min: 1, max: 5 }),
    zoneReplicasMax: fc.integer({ min: 1, max: 3 }),
    partitions: fc.integer({ min: 1, max: 24 }),
  })
  .chain(({ zoneOf, replicas, zoneReplicasMax, partitions }) => {
    const nodes = zoneOf.map((_, at) => at);
    const order = fc.shuffledSubarray(nodes, { minLength: nodes.length });
    return fc.record({
      zoneOf: fc.constant(zoneOf),
      replicas: fc.constant(replicas),
      zoneReplicasMax: fc.constant(zoneReplicasMax),
      solution: fc.array(
        order.map((drawn) => solve(zoneOf, replicas, zoneReplicasMax, drawn)),
        { minLength: partitions, maxLength: partitions },
      ),
      attempts: fc.array(fc.tuple(fc.nat(partitions - 1), fc.nat(nodes.length - 1))),
    });
  })
  .filter((puzzle) => puzzle.solution.every((list) => list.length === puzzle.replicas));

test('whatever was placed before, a table with the quotas is found if there is one', () => {
  fc.assert(
    fc.property(puzzles, (puzzle) => {
      const { zoneOf, replicas, zoneReplicasMax, solution } = puzzle;
      const quotas = new Int32Array(zoneOf.length);
      for (const node of solution.flat()) quotas[node]! += 1;
      const table = new Placement({
        partitions: solution.length,
        replicas,
        nodeIndexes: zoneOf.map((_, at) => at),
        zoneOf: Uint16Array.from(zoneOf),
        zoneReplicasMax,
        quotas,
      });
      for (const [partition, node] of puzzle.attempts) table.tryPlace(partition, node);
      table.fill();
      const counts = new Int32Array(zoneOf.length);
      solution.forEach((_, partition) => {
        const list = [...table.nodesOf(partition)];
        expect(new Set(list).size).toBe(replicas);
        for (const node of list) {
          counts[node]! += 1;
          const inZone = list.filter((other) => zoneOf[other] === zoneOf[node]).length;
          expect(inZone).toBeLessThanOrEqual(zoneReplicasMax);
        }
      });
      expect(counts).toEqual(quotas);
    }),
    { numRuns: 500 },
  );
});
