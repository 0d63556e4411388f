import fc from 'fast-check';
import { expect, it } from 'vitest';
import {
  missOfRandomQuorums,
  monotonicReads,
  withinVersions,
} from '../../../src/core/pbs/staleness.ts';

const quorums = fc.integer({ min: 1, max: 7 }).chain((n) =>
  fc.record({
    n: fc.constant(n),
    r: fc.integer({ min: 1, max: n }),
    w: fc.integer({ min: 1, max: n }),
  }),
);
const probability = fc.double({ min: 0, max: 1, noNaN: true });

/** Looks at every set of r replicas; the first w have the write. */
function dumbMiss(n: number, r: number, w: number): number {
  let sets = 0;
  let missed = 0;
  for (let set = 0; set < 2 ** n; set += 1) {
    const members = Array.from({ length: n }, (_, i) => i).filter((i) => (set & (1 << i)) !== 0);
    if (members.length !== r) continue;
    sets += 1;
    if (members.every((member) => member >= w)) missed += 1;
  }
  return missed / sets;
}

it('counts the sets that miss', () => {
  fc.assert(
    fc.property(quorums, ({ n, r, w }) => {
      expect(missOfRandomQuorums(n, r, w)).toBeCloseTo(dumbMiss(n, r, w), 12);
    }),
  );
});

it('is the power of missing once', () => {
  fc.assert(
    fc.property(probability, fc.integer({ min: 1, max: 20 }), (miss, versions) => {
      const within = withinVersions(miss, versions);
      expect(within).toHaveLength(versions);
      for (const [index, share] of within.entries()) {
        expect(share).toBeCloseTo(1 - miss ** (index + 1), 12);
        expect(share).toBeGreaterThanOrEqual(within[index - 1] ?? 0);
      }
      expect(monotonicReads(miss, versions - 1)).toBe(within.at(-1));
    }),
  );
});
