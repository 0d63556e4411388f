import fc from 'fast-check';
import { expect, it } from 'vitest';
import {
  type LatencyDistribution,
  LatencySampler,
  type PlainLatency,
} from '../../../src/core/pbs/latency.ts';
import { latency, plainLatency, uniform } from './arbitrary.ts';

function draw(distribution: LatencyDistribution, uniforms: readonly number[]): number[] {
  const values = Float64Array.from(uniforms);
  new LatencySampler(distribution).drawFrom(values);
  return [...values];
}

/** The inverse of the distribution function, as textbooks have it. */
function dumbDraw(distribution: LatencyDistribution, u: number): number {
  if (distribution.kind !== 'mixture') return dumbPlain(distribution, u);
  const { parts } = distribution;
  const total = parts.reduce((sum, { weight }) => sum + weight, 0);
  let begin = 0;
  for (const [index, { weight, of }] of parts.entries()) {
    const end = index === parts.length - 1 ? 1 : begin + weight / total;
    if (u < end) return dumbPlain(of, (u - begin) / (end - begin));
    begin = end;
  }
  throw new Error('not reached: u is below 1');
}

function dumbPlain(distribution: PlainLatency, u: number): number {
  switch (distribution.kind) {
    case 'constant':
      return distribution.ms;
    case 'exponential':
      return -Math.log(1 - u) / distribution.rate;
    case 'pareto':
      return distribution.minMs / (1 - u) ** (1 / distribution.shape);
    case 'samples':
      return [...distribution.ms].sort((a, b) => a - b)[Math.floor(u * distribution.ms.length)]!;
    case 'quantiles': {
      const { points } = distribution;
      const at = points.findLastIndex(([share]) => share <= u);
      const [share, ms] = points[at]!;
      const [nextShare, nextMs] = points[at + 1]!;
      return ms + ((nextMs - ms) * (u - share)) / (nextShare - share);
    }
  }
}

it('is the inverse of the distribution function', () => {
  fc.assert(
    fc.property(latency, fc.array(uniform, { maxLength: 20 }), (distribution, uniforms) => {
      const drawn = draw(distribution, uniforms);
      for (const [index, u] of uniforms.entries()) {
        const expected = dumbDraw(distribution, u);
        expect(Math.abs(drawn[index]! - expected)).toBeLessThanOrEqual(
          1e-9 * Math.max(1, Math.abs(expected)),
        );
      }
    }),
  );
});

it('is a finite time that does not fall when the number rises', () => {
  fc.assert(
    fc.property(plainLatency, fc.array(uniform, { maxLength: 20 }), (distribution, uniforms) => {
      const drawn = draw(
        distribution,
        uniforms.sort((a, b) => a - b),
      );
      for (const [index, ms] of drawn.entries()) {
        expect(Number.isFinite(ms) && ms >= 0).toBe(true);
        expect(ms).toBeGreaterThanOrEqual((drawn[index - 1] ?? 0) * (1 - 1e-12));
      }
    }),
  );
});
