import { expect, it } from 'vitest';
import { naturalLogarithm } from '../../src/core/logarithm.ts';

it('gives the logarithms of the tables', () => {
  expect(naturalLogarithm(1)).toBe(0);
  expect(naturalLogarithm(2)).toBeCloseTo(Math.LN2, 14);
  expect(naturalLogarithm(10)).toBeCloseTo(Math.LN10, 14);
  expect(naturalLogarithm(0.5)).toBeCloseTo(-Math.LN2, 14);
  expect(naturalLogarithm(1e300)).toBeCloseTo(690.7755278982137, 10);
  expect(naturalLogarithm(5e-324)).toBeCloseTo(-744.4400719213812, 10);
});

it('refuses what has none', () => {
  for (const value of [0, -1, Number.NaN, Number.POSITIVE_INFINITY]) {
    expect(() => naturalLogarithm(value)).toThrow('no logarithm');
  }
});
