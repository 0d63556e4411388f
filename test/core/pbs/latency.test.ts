import { describe, expect, it } from 'vitest';
import { type LatencyDistribution, LatencySampler } from '../../../src/core/pbs/latency.ts';
import { SeededRandom } from '../../../src/core/seeded-random.ts';

function draw(distribution: LatencyDistribution, ...uniforms: number[]): number[] {
  const values = Float64Array.from(uniforms);
  new LatencySampler(distribution).drawFrom(values);
  return [...values];
}

describe('a draw', () => {
  it('of a constant is that', () => {
    expect(draw({ kind: 'constant', ms: 3 }, 0, 0.99)).toEqual([3, 3]);
  });

  it('of an exponential begins at 0 and has its median at ln 2 times the mean', () => {
    const [least, median] = draw({ kind: 'exponential', rate: 0.5 }, 0, 0.5);
    expect(least).toBeCloseTo(0, 15);
    expect(median).toBeCloseTo(2 * Math.LN2, 14);
  });

  it('of a Pareto begins at its minimum, and half as many are beyond 2^(1/shape) times it', () => {
    const [least, median, rare] = draw({ kind: 'pareto', minMs: 3, shape: 2 }, 0, 0.5, 0.99);
    expect(least).toBe(3);
    expect(median).toBeCloseTo(3 * Math.SQRT2, 13);
    expect(rare).toBeCloseTo(30, 11);
  });

  it('of quantiles lies on straight lines between the points, and may jump', () => {
    const points = [
      [0, 1],
      [0.5, 2],
      [0.5, 10],
      [1, 20],
    ] as const;
    const drawn = draw({ kind: 'quantiles', points }, 0, 0.25, 0.5, 0.75);
    expect(drawn).toEqual([1, 1.5, 10, 15]);
  });

  it('of samples is one of them, each as often', () => {
    const drawn = draw({ kind: 'samples', ms: [7, 5, 9] }, 0, 0.33, 0.34, 0.67, 0.999);
    expect(drawn).toEqual([5, 5, 7, 9, 9]);
  });

  it('of a mixture is of the part that its number falls into, stretched over all of it', () => {
    const halves: LatencyDistribution = {
      kind: 'mixture',
      parts: [
        { weight: 3, of: { kind: 'constant', ms: 1 } },
        {
          weight: 1,
          of: {
            kind: 'quantiles',
            points: [
              [0, 10],
              [1, 20],
            ],
          },
        },
      ],
    };
    expect(draw(halves, 0, 0.74, 0.75, 0.875)).toEqual([1, 1, 10, 15]);
  });
});

it('has the mean of the mixture after many draws', () => {
  const mixture: LatencyDistribution = {
    kind: 'mixture',
    parts: [
      { weight: 0.6, of: { kind: 'pareto', minMs: 2, shape: 5 } },
      { weight: 0.4, of: { kind: 'exponential', rate: 0.1 } },
    ],
  };
  const values = new Float64Array(200_000);
  new SeededRandom(3, 'mean').fill(values);
  new LatencySampler(mixture).drawFrom(values);
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  // The mean of a Pareto is shape * min / (shape - 1).
  expect(mean / (0.6 * 2.5 + 0.4 * 10)).toBeCloseTo(1, 2);
});

it('refuses a mixture of nothing', () => {
  expect(() => new LatencySampler({ kind: 'mixture', parts: [] })).toThrow('nothing');
});
