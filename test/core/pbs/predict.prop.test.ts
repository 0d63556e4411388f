import fc from 'fast-check';
import { expect, it } from 'vitest';
import { type PredictOptions, predict } from '../../../src/core/pbs/predict.ts';
import { MODELS, Trials } from '../../../src/core/pbs/trials.ts';
import { profile } from './arbitrary.ts';

const options: fc.Arbitrary<PredictOptions> = fc.integer({ min: 1, max: 4 }).chain((replicas) =>
  fc.record({
    model: fc.constantFrom(...MODELS),
    profile,
    replicas: fc.constant(replicas),
    nodes: fc.integer({ min: replicas, max: 6 }),
    readsAll: fc.boolean(),
    trials: fc.integer({ min: 1, max: 50 }),
    seed: fc.maxSafeNat(),
    settings: fc.array(
      fc.record({
        r: fc.integer({ min: 1, max: replicas }),
        w: fc.integer({ min: 1, max: replicas }),
      }),
      { minLength: 1, maxLength: 4 },
    ),
    atMs: fc.array(fc.nat(2_000), { maxLength: 5 }).map((at) => [...at].sort((a, b) => a - b)),
    writesPerRead: fc.nat(3),
  }),
);

it('counts what the trials came to', () => {
  fc.assert(
    fc.property(options, (drawn) => {
      const trials = new Trials(drawn);
      for (const { r, w, readMs, writeMs, freshAtMs, t999Ms, kStale } of predict(drawn)) {
        const lags = [...trials.lagMs({ r, w })];
        const share = (t: number) => lags.filter((lag) => lag <= t).length / lags.length;
        expect(freshAtMs).toEqual(drawn.atMs.map((t) => [t, share(t)]));
        expect(kStale[0]).toBeCloseTo(share(0), 12);
        expect(share(t999Ms)).toBeGreaterThanOrEqual(0.999);
        const atMost = (times: Float64Array, ms: number) =>
          times.filter((time) => time <= ms).length / times.length;
        expect(atMost(trials.readMs(r), readMs.p99)).toBeGreaterThanOrEqual(0.99);
        expect(atMost(trials.writeMs(w), writeMs.p50)).toBeGreaterThanOrEqual(0.5);
        expect([...trials.writeMs(w)]).toContain(writeMs.p999);
      }
    }),
  );
});

it('never gets staler with time, versions, R or W', () => {
  fc.assert(
    fc.property(options, (drawn) => {
      const rising = (values: readonly number[]) =>
        values.every((value, at) => value >= (values[at - 1] ?? 0) && value <= 1);
      const predictions = predict(drawn);
      for (const { freshAtMs, kStale, monotonic } of predictions) {
        expect(rising(freshAtMs.map(([, share]) => share))).toBe(true);
        expect(rising(kStale)).toBe(true);
        expect(monotonic).toBeGreaterThanOrEqual(kStale[0]!);
        for (const other of predictions) {
          const [one] = predictions;
          if (other.r < one!.r || other.w < one!.w) continue;
          expect(other.kStale[0]).toBeGreaterThanOrEqual(one!.kStale[0]!);
        }
      }
    }),
  );
});
