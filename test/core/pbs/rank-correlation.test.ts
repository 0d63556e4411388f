import { expect, it } from 'vitest';
import { rankCorrelation } from '../../../src/core/pbs/rank-correlation.ts';

it('is that of the ranks, however far apart the values are', () => {
  expect(rankCorrelation([1, 2, 3, 4], [1, 10, 100, 1e6])).toBeCloseTo(1);
  expect(rankCorrelation([1, 2, 3, 4], [9, 7, 5, 3])).toBeCloseTo(-1);
  // By hand: differences of ranks 0, 1, 1, 0, so 1 - 6 * 2 / (4 * 15).
  expect(rankCorrelation([1, 2, 3, 4], [1, 3, 2, 4])).toBeCloseTo(0.8);
});

it('gives equal values the mean of their ranks', () => {
  // Ranks 0.5, 0.5, 2 and 0, 1, 2.
  expect(rankCorrelation([5, 5, 9], [1, 2, 3])).toBeCloseTo(Math.sqrt(3) / 2);
});

it('is 0 where it cannot be told', () => {
  expect(rankCorrelation([], [])).toBe(0);
  expect(rankCorrelation([1], [2])).toBe(0);
  expect(rankCorrelation([3, 3, 3], [1, 2, 3])).toBe(0);
});
