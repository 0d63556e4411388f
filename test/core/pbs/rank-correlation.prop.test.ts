import fc from 'fast-check';
import { expect, it } from 'vitest';
import { rankCorrelation } from '../../../src/core/pbs/rank-correlation.ts';

const pairs = fc.array(
  fc.tuple(fc.integer({ min: -50, max: 50 }), fc.integer({ min: -50, max: 50 })),
);

function of(list: readonly (readonly [number, number])[]): number {
  return rankCorrelation(
    list.map(([one]) => one),
    list.map(([, other]) => other),
  );
}

it('is between -1 and 1, the same both ways round, and turns with one of the two', () => {
  fc.assert(
    fc.property(pairs, (list) => {
      const found = of(list);
      expect(Math.abs(found)).toBeLessThanOrEqual(1);
      expect(of(list.map(([one, other]) => [other, one]))).toBeCloseTo(found);
      expect(of(list.map(([one, other]) => [one, -other]))).toBeCloseTo(-found);
    }),
  );
});

it('does not change when one of the two is stretched', () => {
  fc.assert(
    fc.property(pairs, (list) => {
      expect(of(list.map(([one, other]) => [one ** 3, other]))).toBeCloseTo(of(list));
    }),
  );
});
