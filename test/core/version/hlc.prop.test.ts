import fc from 'fast-check';
import { expect, test } from 'vitest';
import {
  ceilingFor,
  HLC_EPOCH_UNIX_MS,
  HybridLogicalClock,
  hlcFromUnixMs,
  hlcToUnixMs,
} from '../../../src/core/version/hlc.ts';

const NOON = HLC_EPOCH_UNIX_MS + 43_200_000_000;
const steps = fc.array(
  fc.record({
    passedMs: fc.double({ min: 0, max: 50, noNaN: true }),
    /** How far the wall clock is set, beside the time that passes. */
    setMs: fc.oneof(fc.constant(0), fc.integer({ min: -10_000_000, max: 10_000_000 })),
    agrees: fc.boolean(),
  }),
  { maxLength: 60 },
);

test('ticks only rise, also over restarts from the ceiling, whatever the wall clock does', () => {
  fc.assert(
    fc.property(steps, fc.nat(20), (all, restartEvery) => {
      let [wallMs, monotonicMs, last, ceiling] = [NOON, 0, 0, 0];
      let clock = new HybridLogicalClock({ ceiling, reading: { wallMs, monotonicMs } });
      for (const [index, step] of all.entries()) {
        monotonicMs += step.passedMs;
        wallMs += step.passedMs + step.setMs;
        const reading = { wallMs, monotonicMs };
        if (step.agrees) clock.agree(reading);
        const tick = clock.issue(reading);
        expect(tick).toBeGreaterThan(last);
        expect(Number.isSafeInteger(tick)).toBe(true);
        last = tick;
        ceiling = ceilingFor(tick);
        if (restartEvery > 0 && index % restartEvery === 0) {
          clock = new HybridLogicalClock({ ceiling, reading });
          last = ceiling;
        }
      }
    }),
    { numRuns: 500 },
  );
});

test('while nobody agrees to a jump, ticks stay within the skew of monotonic time per reading', () => {
  fc.assert(
    fc.property(steps, (all) => {
      let [wallMs, monotonicMs, slackMs] = [NOON, 0, 0];
      const clock = new HybridLogicalClock({ ceiling: 0, reading: { wallMs, monotonicMs } });
      for (const step of all) {
        monotonicMs += step.passedMs;
        wallMs += step.passedMs + step.setMs;
        slackMs += Math.min(Math.abs(step.setMs), 500);
        const tick = clock.issue({ wallMs, monotonicMs });
        expect(hlcToUnixMs(tick)).toBeLessThanOrEqual(NOON + monotonicMs + slackMs + 1);
      }
    }),
    { numRuns: 500 },
  );
});

test('a tick tells the millisecond it was made from', () => {
  fc.assert(
    fc.property(fc.nat(2 ** 31 - 1), fc.nat(4_095), (ms, counter) => {
      const unixMs = HLC_EPOCH_UNIX_MS + ms * 600;
      expect(hlcToUnixMs(hlcFromUnixMs(unixMs) + counter)).toBe(unixMs);
    }),
  );
});
