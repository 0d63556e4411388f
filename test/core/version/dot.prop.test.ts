import fc from 'fast-check';
import { expect, test } from 'vitest';
import {
  compareActors,
  compareDots,
  dotsEqual,
  formatDot,
  isSameActor,
  isSameDot,
} from '../../../src/core/version/dot.ts';
import { smallDots, wideDots } from './arbitraries.ts';

const dots = fc.oneof(smallDots, wideDots);

test('the order of dots is total and agrees with equality and with the shown form', () => {
  fc.assert(
    fc.property(dots, dots, dots, (a, b, c) => {
      expect(Math.sign(compareDots(a, b))).toBe(0 - Math.sign(compareDots(b, a)));
      expect(compareDots(a, b) === 0).toBe(isSameDot(a, b));
      expect(compareActors(a, b) === 0).toBe(isSameActor(a, b));
      expect(formatDot(a) === formatDot(b)).toBe(isSameDot(a, b));
      expect(dotsEqual([a, b], [b, a])).toBe(isSameDot(a, b));
      const [first, second, third] = [a, b, c].sort(compareDots);
      expect(compareDots(first!, third!)).toBeLessThanOrEqual(0);
      expect(compareDots(first!, second!)).toBeLessThanOrEqual(0);
    }),
  );
});
