import fc from 'fast-check';
import { expect, it } from 'vitest';
import { PairCounts } from '../../../src/core/pbs/pair-counts.ts';

const ms = fc.double({ min: 0, max: 1e5, noNaN: true });
const pairs = fc.array(fc.tuple(ms, ms), { maxLength: 40 });

function counted(all: readonly (readonly [number, number])[]): PairCounts {
  const counts = new PairCounts();
  for (const [one, other] of all) counts.add(one, other);
  return counts;
}

it('is from -1 to 1, and the same the other way round', () => {
  fc.assert(
    fc.property(pairs, (all) => {
      const found = counted(all).rankCorrelation();
      expect(Math.abs(found)).toBeLessThanOrEqual(1);
      const other = counted(all.map(([one, two]) => [two, one])).rankCorrelation();
      expect(Math.abs(found - other)).toBeLessThan(1e-9);
    }),
  );
});

it('merging is counting all, and taking away leaves the rest', () => {
  fc.assert(
    fc.property(pairs, pairs, (ones, others) => {
      const sum = counted(ones);
      sum.merge(counted(others).encode());
      expect(sum.encode()).toEqual(counted([...ones, ...others]).encode());
      sum.merge(counted(ones).encode(), -1);
      expect(sum.encode()).toEqual(counted(others).encode());
    }),
  );
});
