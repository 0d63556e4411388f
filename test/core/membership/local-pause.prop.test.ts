import fc from 'fast-check';
import { expect, it } from 'vitest';
import { DEFAULT_DETECTOR_OPTIONS } from '../../../src/core/membership/detector-options.ts';
import { LocalPause } from '../../../src/core/membership/local-pause.ts';

const options = DEFAULT_DETECTOR_OPTIONS.localPause;
const waits = fc.array(
  fc.record({ ms: fc.integer({ min: 0, max: 100_000 }), isBeat: fc.boolean() }),
  { maxLength: 60 },
);

it('finds every pause once, keeps health in range and never ignores for more than a minute', () => {
  fc.assert(
    fc.property(waits, (history) => {
      const pause = new LocalPause(options, 0);
      let nowMs = 0;
      let beatMs = 0;
      for (const { ms, isBeat } of history) {
        nowMs += ms;
        const lateMs = nowMs - beatMs - options.beatMs;
        const expected = lateMs > options.lateMsMax ? lateMs : 0;
        const found = isBeat ? pause.beat(nowMs) : pause.notice(nowMs);
        expect(found).toBe(expected);
        if (isBeat || found > 0) beatMs = nowMs;
        if (found > 0) {
          expect(pause.pauseEndMs).toBe(nowMs);
          expect(pause.isIgnoring(nowMs + Math.min(2 * found, 60_000) - 1)).toBe(true);
        }
        expect(pause.isIgnoring(nowMs + options.ignoreMsMax)).toBe(false);
        expect(pause.health).toBeGreaterThanOrEqual(0);
        expect(pause.health).toBeLessThanOrEqual(options.healthMax);
      }
    }),
  );
});
