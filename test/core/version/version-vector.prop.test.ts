import fc from 'fast-check';
import { expect, test } from 'vitest';
import { compareDots } from '../../../src/core/version/dot.ts';
import {
  compareVectors,
  descends,
  joinVectors,
  seqOf,
} from '../../../src/core/version/version-vector.ts';
import { smallDots, vectors } from './arbitraries.ts';

const some = vectors(smallDots);

test('a join is the least vector that descends from both: commutative, associative, idempotent', () => {
  fc.assert(
    fc.property(some, some, some, (a, b, c) => {
      const joined = joinVectors(a, b);
      expect(joined).toEqual(joinVectors(b, a));
      expect(joinVectors(joined, c)).toEqual(joinVectors(a, joinVectors(b, c)));
      expect(joinVectors(a, a)).toBe(a);
      expect(descends(joined, a) && descends(joined, b)).toBe(true);
      if (descends(c, a) && descends(c, b)) expect(descends(c, joined)).toBe(true);
      expect([...joined].sort(compareDots)).toEqual(joined);
      if (descends(a, b)) expect(joined).toBe(a);
      else if (descends(b, a)) expect(joined).toBe(b);
    }),
    { numRuns: 500 },
  );
});

test('one vector descends from another if and only if it has at least its seq of every actor', () => {
  fc.assert(
    fc.property(some, some, (a, b) => {
      const isAhead = b.every((entry) => (seqOf(a, entry) ?? -1) >= entry.seq);
      expect(descends(a, b)).toBe(isAhead);
      expect(compareVectors(a, b) === 'equal').toBe(descends(a, b) && descends(b, a));
      expect(compareVectors(a, b) === 'concurrent').toBe(!descends(a, b) && !descends(b, a));
    }),
    { numRuns: 500 },
  );
});
