import fc from 'fast-check';
import { expect, it } from 'vitest';
import { MODELS, type TrialOptions, Trials } from '../../../src/core/pbs/trials.ts';
import { profile } from './arbitrary.ts';

const options: fc.Arbitrary<TrialOptions> = fc
  .record({
    model: fc.constantFrom(...MODELS),
    profile,
    replicas: fc.integer({ min: 1, max: 4 }),
    others: fc.nat(3),
    readsAll: fc.boolean(),
    trials: fc.integer({ min: 1, max: 20 }),
    seed: fc.maxSafeNat(),
  })
  .map(({ others, ...rest }) => ({
    ...rest,
    nodes: rest.replicas + others,
    settings: Array.from({ length: rest.replicas ** 2 }, (_, at) => ({
      r: 1 + (at % rest.replicas),
      w: 1 + Math.floor(at / rest.replicas),
    })),
  }));

it('is never stale where R + W > N, with any latencies', () => {
  fc.assert(
    fc.property(options, (drawn) => {
      const trials = new Trials(drawn);
      for (const { r, w } of drawn.settings) {
        if (r + w <= drawn.replicas) continue;
        expect(Math.max(...trials.lagMs({ r, w }))).toBeLessThanOrEqual(0);
      }
    }),
  );
});

it('gets slower and fresher with a larger R or W, trial by trial', () => {
  fc.assert(
    fc.property(options, (drawn) => {
      const trials = new Trials(drawn);
      for (const { r, w } of drawn.settings) {
        const [reads, writes, lags] = [trials.readMs(r), trials.writeMs(w), trials.lagMs({ r, w })];
        for (let trial = 0; trial < drawn.trials; trial += 1) {
          if (r > 1) {
            expect(reads[trial]).toBeGreaterThanOrEqual(trials.readMs(r - 1)[trial]!);
            expect(lags[trial]).toBeLessThanOrEqual(trials.lagMs({ r: r - 1, w })[trial]!);
          }
          if (w > 1) {
            expect(writes[trial]).toBeGreaterThanOrEqual(trials.writeMs(w - 1)[trial]!);
            expect(lags[trial]).toBeLessThanOrEqual(trials.lagMs({ r, w: w - 1 })[trial]!);
          }
        }
      }
    }),
    { numRuns: 50 },
  );
});

it('gives a setting the same trials whatever else is asked for', () => {
  fc.assert(
    fc.property(options, fc.nat(15), (drawn, pick) => {
      const setting = drawn.settings[pick % drawn.settings.length]!;
      const all = new Trials(drawn);
      const alone = new Trials({ ...drawn, settings: [setting] });
      expect(alone.lagMs(setting)).toEqual(all.lagMs(setting));
      expect(alone.readMs(setting.r)).toEqual(all.readMs(setting.r));
      expect(alone.writeMs(setting.w)).toEqual(all.writeMs(setting.w));
    }),
  );
});
