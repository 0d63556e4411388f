import fc from 'fast-check';
import { expect, it } from 'vitest';
import { DEFAULT_DETECTOR_OPTIONS } from '../../../src/core/membership/detector-options.ts';
import { FlapDamping } from '../../../src/core/membership/flap-damping.ts';

const options = DEFAULT_DETECTOR_OPTIONS.flap;

it('damps when, and only when, more than three returns lie within ten minutes', () => {
  const gaps = fc.array(fc.integer({ min: 0, max: 400_000 }), { maxLength: 50 });
  fc.assert(
    fc.property(gaps, (gapsMs) => {
      const flaps = new FlapDamping(options);
      const all: number[] = [];
      let nowMs = 0;
      let dampedUntilMs = Number.NEGATIVE_INFINITY;
      for (const gapMs of gapsMs) {
        nowMs += gapMs;
        const wasDamped = nowMs < dampedUntilMs;
        all.push(nowMs);
        const recent = all.filter((atMs) => nowMs - atMs <= options.windowMs).length;
        if (recent > options.cyclesMax) dampedUntilMs = nowMs + options.dampedMs;
        expect(flaps.returned(nowMs)).toBe(!wasDamped && nowMs < dampedUntilMs);
        expect(flaps.isDamped(nowMs)).toBe(nowMs < dampedUntilMs);
      }
    }),
  );
});
