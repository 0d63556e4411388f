import { describe, expect, it } from 'vitest';
import { noiseRatio } from '../../../src/bench/quorum/noise.ts';
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
