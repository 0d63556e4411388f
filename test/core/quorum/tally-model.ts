/** The tallies once more, in the dumbest way: remember all, recompute everything at every step. */
import fc from 'fast-check';
import type { ReplicaGroup } from '../../../src/core/quorum/level.ts';

export type Step =
  | { readonly kind: 'yes'; readonly node: number; readonly flag: boolean }
  | { readonly kind: 'no'; readonly node: number };

export function dumbVerdict(
  groups: readonly ReplicaGroup[],
  yes: ReadonlySet<number>,
  no: ReadonlySet<number>,
): 'pending' | 'satisfied' | 'failed' {
  const met = groups.every((g) => g.members.filter((m) => yes.has(m)).length >= g.need);
  if (met) return 'satisfied';
  const hopeless = groups.some((g) => g.members.filter((m) => !no.has(m)).length < g.need);
  return hopeless ? 'failed' : 'pending';
}

const step: fc.Arbitrary<Step> = fc.oneof(
  fc.record({
    kind: fc.constant('yes' as const),
    node: fc.integer({ min: 0, max: 6 }),
    flag: fc.boolean(),
  }),
  fc.record({ kind: fc.constant('no' as const), node: fc.integer({ min: 0, max: 6 }) }),
);

export const steps: fc.Arbitrary<Step[]> = fc.array(step, { maxLength: 14 });

/** One or two disjoint groups over nodes 0..6, each of which can be met. */
export const groups: fc.Arbitrary<ReplicaGroup[]> = fc
  .tuple(fc.integer({ min: 1, max: 5 }), fc.integer({ min: 0, max: 2 }), fc.nat(), fc.nat())
  .map(([first, second, a, b]) => {
    const one = { members: range(0, first), need: 1 + (a % first) };
    if (second === 0) return [one];
    return [one, { members: range(first, first + second), need: 1 + (b % second) }];
  });

function range(from: number, to: number): number[] {
  return Array.from({ length: to - from }, (_, index) => from + index);
}
