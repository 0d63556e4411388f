import { expect, it } from 'vitest';
import { naturalExponential } from '../../src/core/exponential.ts';

it('gives the powers of the tables', () => {
  expect(naturalExponential(0)).toBe(1);
  expect(naturalExponential(1)).toBeCloseTo(Math.E, 14);
  expect(naturalExponential(-1)).toBeCloseTo(1 / Math.E, 14);
  expect(naturalExponential(10)).toBeCloseTo(22_026.465_794_806_718, 9);
  expect(naturalExponential(-20) * 1e9).toBeCloseTo(2.061_153_622_438_558, 12);
});

it('has the same bits on every engine', () => {
  expect([0.5, 3.25, -7.75].map(naturalExponential)).toEqual([
    1.648_721_270_700_128_2, 25.790_339_917_193_062, 4.307_425_405_756_875_3e-4,
  ]);
});

it('refuses what is out of range', () => {
  for (const exponent of [701, -701, Number.NaN, Number.POSITIVE_INFINITY]) {
    expect(() => naturalExponential(exponent)).toThrow('out of range');
  }
});
