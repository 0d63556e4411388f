import fc from 'fast-check';
import { expect, it } from 'vitest';
import { DEFAULT_DETECTOR_OPTIONS } from '../../../src/core/membership/detector-options.ts';
import { PHI_MAX, PhiAccrual, phiOf } from '../../../src/core/membership/phi-accrual.ts';

const options = DEFAULT_DETECTOR_OPTIONS.phi;
const gapsMs = fc.array(fc.double({ min: 0, max: 8_000, noNaN: true }), { maxLength: 450 });

it('never falls while nothing is heard, and stays in its range', () => {
  const silence = fc.record({
    elapsedMs: fc.double({ min: 0, max: 1e9, noNaN: true }),
    meanMs: fc.double({ min: 0, max: 1e5, noNaN: true }),
    deviationMs: fc.double({ min: 1e-3, max: 1e5, noNaN: true }),
  });
  fc.assert(
    fc.property(silence, fc.double({ min: 0, max: 1e6, noNaN: true }), (given, moreMs) => {
      const before = phiOf(given);
      const after = phiOf({ ...given, elapsedMs: given.elapsedMs + moreMs });
      // The fit is good to 1.2e-7 of the tail, and so may step back by as little.
      expect(after).toBeGreaterThanOrEqual(before - 1e-6);
      expect(before).toBeGreaterThanOrEqual(0);
      expect(after).toBeLessThanOrEqual(PHI_MAX);
    }),
  );
});

it('is -log10 of the area under the normal curve beyond the silence', () => {
  fc.assert(
    fc.property(fc.double({ min: 0.001, max: 7, noNaN: true }), (deviations) => {
      const phi = phiOf({ elapsedMs: 100 * deviations, meanMs: 0, deviationMs: 100 });
      expect(phi).toBeCloseTo(-Math.log10(tailArea(deviations)), 4);
    }),
    { numRuns: 50 },
  );
});

it('has the mean and deviation of the newest gaps, with their floors', () => {
  fc.assert(
    fc.property(gapsMs, (gaps) => {
      const window = new PhiAccrual(options, 0);
      window.record(0);
      let kept = [1_125, 1_875];
      let nowMs = 0;
      let sampledMs = 0;
      for (const gapMs of gaps) {
        nowMs += gapMs;
        window.record(nowMs);
        const gap = Math.round(nowMs - sampledMs);
        if (gap < 250) continue;
        sampledMs = nowMs;
        if (gap <= 5_000) kept = [...kept, gap].slice(-200);
      }
      const mean = kept.reduce((sum, gap) => sum + gap, 0) / kept.length;
      const squares = kept.reduce((sum, gap) => sum + (gap - mean) * (gap - mean), 0);
      const floored = Math.max(mean, 1_000);
      expect(window.meanMs).toBeCloseTo(floored, 6);
      const deviation = Math.max(Math.sqrt(squares / kept.length), floored / 4, 100);
      expect(window.deviationMs).toBeCloseTo(deviation, 4);
      expect(Number.isFinite(window.phi(nowMs + 1e12))).toBe(true);
    }),
  );
});

/** By Simpson's rule, up to 14 deviations. */
function tailArea(from: number): number {
  const steps = 4_000;
  const width = (14 - from) / steps;
  let sum = 0;
  for (let at = 0; at <= steps; at += 1) {
    const x = from + at * width;
    const weight = at === 0 || at === steps ? 1 : at % 2 === 1 ? 4 : 2;
    sum += weight * Math.exp((-x * x) / 2);
  }
  return (sum * width) / 3 / Math.sqrt(2 * Math.PI);
}
