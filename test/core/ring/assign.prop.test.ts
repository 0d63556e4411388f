import fc from 'fast-check';
import { expect, test } from 'vitest';
import { type AssignInput, assign } from '../../../src/core/ring/assign.ts';
import { weightedQuotas } from '../../../src/core/ring/quota.ts';
import { countsOf, evenRoles, expectSoundLists, listsOf, placements } from './roles-arbitrary.ts';

const small = placements({ nodesMax: 12, partitionBitsMax: 7, replicasMax: 7 });
const large = fc.record({
  nodes: fc.integer({ min: 3, max: 100 }),
  zones: fc.integer({ min: 1, max: 7 }),
  replicas: fc.constantFrom(1, 2, 3),
  bits: fc.constantFrom(6, 8, 10),
});

function expectExactQuotas(input: AssignInput, table: Uint16Array, held?: Uint16Array): void {
  const nodes = input.roles
    .filter((role) => role.weight > 0)
    .sort((a, b) => a.nodeIndex - b.nodeIndex);
  const before = countsOf(held ?? []);
  const quotas = weightedQuotas({
    ...input,
    nodes,
    held: Int32Array.from(nodes, (node) => before.get(node.nodeIndex) ?? 0),
  });
  const counts = countsOf(table);
  expect(nodes.map((node) => counts.get(node.nodeIndex) ?? 0)).toEqual([...quotas]);
}

/** By how much a node's count at one place of the lists misses an even share, at most. */
function rankError(table: Uint16Array, replicas: number): number {
  const totals = countsOf(table);
  const errors = Array.from({ length: replicas }, (_, rank) => {
    const counts = countsOf(table.filter((__, at) => at % replicas === rank));
    return [...totals].map(([nodeIndex, total]) =>
      Math.abs((counts.get(nodeIndex) ?? 0) - total / replicas),
    );
  });
  return Math.max(...errors.flat());
}

test('every node carries exactly its quota, on distinct nodes within the zone rule', () => {
  fc.assert(
    fc.property(small, (input) => {
      const { table } = assign(input);
      expectSoundLists(input, table);
      expectExactQuotas(input, table);
    }),
    { numRuns: 150 },
  );
});

test('the same holds for 3 to 100 nodes of weights 1, 2 and 4 in 1 to 7 zones', () => {
  fc.assert(
    fc.property(large, ({ nodes, zones, replicas, bits }) => {
      const input = { roles: evenRoles(nodes, zones, [1, 2, 4]), partitions: 2 ** bits, replicas };
      const { table } = assign(input);
      expectSoundLists(input, table);
      expectExactQuotas(input, table);
    }),
    { numRuns: 12 },
  );
});

test('the order of the roles does not matter', () => {
  const shuffled = small.chain((input) =>
    fc.tuple(
      fc.constant(input),
      fc.shuffledSubarray([...input.roles], { minLength: input.roles.length }),
    ),
  );
  fc.assert(
    fc.property(shuffled, ([input, roles]) => {
      expect(assign({ ...input, roles })).toEqual(assign(input));
    }),
    { numRuns: 100 },
  );
});

test('from any earlier table the new one is as sound as a first one', () => {
  fc.assert(
    fc.property(small, small, fc.boolean(), (first, second, areKin) => {
      const { table: previous } = assign(first);
      // Kin share indexes, so that old nodes come back with other weights and zones.
      const roles = areKin
        ? second.roles.map((role, at) => ({ ...role, nodeIndex: first.roles[at]?.nodeIndex ?? at }))
        : [...second.roles, ...first.roles];
      const distinct = [...new Map(roles.map((role) => [role.nodeIndex, role])).values()];
      const carriers = distinct.filter((role) => role.weight > 0).length;
      const input = {
        roles: distinct,
        partitions: first.partitions,
        replicas: Math.min(second.replicas, carriers),
      };
      const { table } = assign({ ...input, previous });
      expectSoundLists(input, table);
      expectExactQuotas(input, table, previous);
    }),
    { numRuns: 150 },
  );
});

test('a table that fits its roles stays as it is', () => {
  fc.assert(
    fc.property(small, (input) => {
      const { table } = assign(input);
      expect(assign({ ...input, previous: table }).table).toEqual(table);
    }),
    { numRuns: 100 },
  );
});

test('a node stands at each place of the lists about equally often', () => {
  fc.assert(
    fc.property(small, (input) => {
      expect(rankError(assign(input).table, input.replicas)).toBeLessThan(input.replicas);
    }),
    { numRuns: 150 },
  );
});

test('a joining node moves no more than twice what it takes', () => {
  fc.assert(
    fc.property(fc.integer({ min: 3, max: 12 }), (count) => {
      const input = { partitions: 128, replicas: 3 };
      const previous = assign({ ...input, roles: evenRoles(count, 1) }).table;
      const { table } = assign({ ...input, roles: evenRoles(count + 1, 1), previous });
      const before = listsOf(previous, 3);
      const kept = listsOf(table, 3).flatMap((list, at) =>
        list.filter((nodeIndex) => before[at]!.includes(nodeIndex)),
      );
      expect(kept.length).toBeGreaterThanOrEqual(table.length - 2 * countsOf(table).get(count)!);
    }),
    { numRuns: 10 },
  );
});
