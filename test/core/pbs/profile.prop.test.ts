import fc from 'fast-check';
import { expect, it } from 'vitest';
import { LatencySampler } from '../../../src/core/pbs/latency.ts';
import { PROFILE_NAMES, PUBLISHED_PROFILES } from '../../../src/core/pbs/profile.ts';
import { uniform } from './arbitrary.ts';

it('draws a time for every leg and number, in the body never below the minimum', () => {
  fc.assert(
    fc.property(fc.constantFrom(...PROFILE_NAMES), uniform, (name, number) => {
      for (const leg of Object.values(PUBLISHED_PROFILES[name].legs)) {
        const values = Float64Array.of(number);
        new LatencySampler(leg).drawFrom(values);
        const [ms] = values;
        expect(Number.isFinite(ms) && ms! >= 0).toBe(true);
        const body = leg.kind === 'mixture' ? leg.parts[0] : undefined;
        if (body?.of.kind !== 'pareto') throw new Error('a published leg begins with a Pareto');
        if (number < body.weight) expect(ms).toBeGreaterThanOrEqual(body.of.minMs);
      }
    }),
  );
});
