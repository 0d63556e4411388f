import fc from 'fast-check';
import { expect, it } from 'vitest';
import { naturalExponential } from '../../src/core/exponential.ts';
import { naturalLogarithm } from '../../src/core/logarithm.ts';

const within = (limit: number) => fc.double({ min: -limit, max: limit, noNaN: true });

it('agrees with the engine to 1e-14', () => {
  fc.assert(
    fc.property(within(700), (exponent) => {
      const expected = Math.exp(exponent);
      expect(Math.abs(naturalExponential(exponent) - expected)).toBeLessThanOrEqual(
        1e-14 * expected,
      );
    }),
  );
});

it('turns sums into products', () => {
  fc.assert(
    fc.property(within(300), within(300), (a, b) => {
      const product = naturalExponential(a) * naturalExponential(b);
      expect(naturalExponential(a + b) / product).toBeCloseTo(1, 12);
    }),
  );
});

it('undoes the logarithm', () => {
  fc.assert(
    fc.property(fc.double({ min: 1e-300, max: 1e300, noNaN: true }), (value) => {
      expect(naturalExponential(naturalLogarithm(value)) / value).toBeCloseTo(1, 11);
    }),
  );
});
