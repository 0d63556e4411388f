import fc from 'fast-check';
import { expect, it } from 'vitest';
import { naturalLogarithm } from '../../src/core/logarithm.ts';

const positive = fc.double({ min: 5e-324, max: Number.MAX_VALUE, noNaN: true });

it('agrees with the engine to 4e-15', () => {
  fc.assert(
    fc.property(positive, (value) => {
      const expected = Math.log(value);
      const error = Math.abs(naturalLogarithm(value) - expected);
      expect(error).toBeLessThanOrEqual(4e-15 * Math.max(1, Math.abs(expected)));
    }),
  );
});

it('turns products into sums', () => {
  const small = fc.double({ min: 1e-100, max: 1e100, noNaN: true });
  fc.assert(
    fc.property(small, small, (a, b) => {
      const sum = naturalLogarithm(a) + naturalLogarithm(b);
      expect(naturalLogarithm(a * b)).toBeCloseTo(sum, 10);
    }),
  );
});
