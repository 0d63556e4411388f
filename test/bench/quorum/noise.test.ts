import { describe, expect, it } from 'vitest';
import { type Counted, designEffect, noiseRatio } from '../../../src/bench/quorum/noise.ts';
import { shareOf } from '../../../src/bench/report/measured.ts';
import { SeededRandom } from '../../../src/core/seeded-random.ts';

const random = new SeededRandom(3, 'noise');

/** One slice: about `value`, off by a factor that is large now and then. */
function slice(value: number): number {
  const spread = Array.from({ length: 4 }, () => random.float() - 0.5).reduce((a, b) => a + b);
  return value * Math.exp(spread * 0.3);
}

function run(values: readonly number[], slices: number): number[][] {
  return values.map((value) => Array.from({ length: slices }, () => slice(value)));
}

const mean = (figures: readonly number[]): number =>
  figures.reduce((sum, figure) => sum + figure, 0) / figures.length;

describe('the noise of a run', () => {
  it('is a ratio within which a second run is, but for one figure in hundreds', () => {
    const values = [10, 1_000, 3, 500, 77, 20, 4, 900, 60];
    let outside = 0;
    for (let repetition = 0; repetition < 100; repetition += 1) {
      const first = run(values, 6);
      const second = run(values, 6);
      const ratio = noiseRatio(first) ?? 0;
      for (const [at, figures] of first.entries()) {
        const off = mean(second[at] ?? []) / mean(figures);
        if (off > ratio || off < 1 / ratio) outside += 1;
      }
    }
    expect(outside).toBeLessThanOrEqual(6);
  });

  it('is not so wide that everything is within', () => {
    const ratio = noiseRatio(run([100, 200, 300, 400], 8)) ?? 0;
    expect(ratio).toBeGreaterThan(1.1);
    expect(ratio).toBeLessThan(1.8);
  });

  it('is 1 when nothing varies, and wider with fewer slices', () => {
    expect(noiseRatio([[5, 5, 5]])).toBe(1);
    const few = noiseRatio([[4, 5]]) ?? 0;
    const many = noiseRatio([[4, 5, 4, 5, 4, 5, 4, 5]]) ?? 0;
    expect(few).toBeGreaterThan(many);
  });

  it('is unknown without two slices of one setting', () => {
    expect(noiseRatio([])).toBeNull();
    expect(noiseRatio([[5], [7], []])).toBeNull();
  });
});

describe('the design effect of shares', () => {
  const SHARES = [0.3, 0.6, 0.8, 0.9, 1];

  /** Each slice has a share of its own, off the setting's by up to `drift` of its deviation. */
  function shares(drift: number): Counted[][] {
    return SHARES.map((share) =>
      Array.from({ length: 6 }, () => {
        const off = drift * Math.sqrt(share * (1 - share));
        const ofSlice = share + off * (2 * random.float() - 1);
        const trials = 100;
        const hits = Array.from({ length: trials }, () => random.float() < ofSlice);
        return [hits.filter(Boolean).length, trials] as const;
      }),
    );
  }

  function total(slices: readonly Counted[]): Counted {
    return slices.reduce<Counted>(([a, b], [hits, trials]) => [a + hits, b + trials], [0, 0]);
  }

  function countOutside(drift: number, effectOf: (run: Counted[][]) => number): number {
    let outside = 0;
    for (let repetition = 0; repetition < 40; repetition += 1) {
      const [first, second] = [shares(drift), shares(drift)];
      for (const [at, slices] of first.entries()) {
        const { low, high } = shareOf(...total(slices), effectOf(first));
        const [hits, trials] = total(second[at] ?? []);
        if (hits / trials < (low ?? 0) || hits / trials > (high ?? 1)) outside += 1;
      }
    }
    return outside;
  }

  it('widens the range so that a second run whose slices vary as much is within', () => {
    expect(countOutside(0.3, () => 1)).toBeGreaterThan(8);
    expect(countOutside(0.3, (run) => designEffect(run) ?? 1)).toBeLessThanOrEqual(1);
  });

  it('of independent reads is little more than 1', () => {
    expect(designEffect(shares(0))).toBeLessThan(3);
  });

  it('is of all settings together: chi-square by its degrees of freedom', () => {
    const many = Array.from({ length: 500 }, (): Counted[] => [
      [40, 100],
      [60, 100],
    ]);
    // Each 4 + 4 squares by one degree; with 500 degrees nearly without allowance.
    expect(designEffect(many)).toBeCloseTo(8, 0);
    expect(designEffect(many.slice(0, 8))).toBeGreaterThan(12);
  });

  it('is unknown without two slices of a setting with hits and misses', () => {
    expect(designEffect([])).toBeNull();
    expect(
      designEffect([
        [[3, 5]],
        [
          [3, 5],
          [0, 0],
        ],
        [
          [0, 5],
          [0, 5],
        ],
      ]),
    ).toBeNull();
    expect(
      designEffect([
        [
          [5, 5],
          [5, 5],
        ],
      ]),
    ).toBeNull();
  });
});
