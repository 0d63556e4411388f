/** How long does one leg of a request take? A distribution, and draws from it.
 *  Invariants: a draw is a finite number of milliseconds, 0 or more; a larger uniform number gives
 *  a latency that is not smaller within one part of a mixture; equal numbers give equal draws on
 *  every engine.
 *  Not here: which leg has which distribution (profile.ts), reading one from a file
 *  (profile-file.ts). Draws are independent: what one slow disk does to several legs at once is in
 *  none of them.
 *  Source: Bailis et al., "Probabilistically Bounded Staleness", VLDB 2012, table 3. */
import { assert } from '../errors.ts';
import { naturalExponential } from '../exponential.ts';
import { naturalLogarithm } from '../logarithm.ts';

export interface Constant {
  readonly kind: 'constant';
  readonly ms: number;
}

/** Mean 1 / rate. */
export interface Exponential {
  readonly kind: 'exponential';
  /** Per millisecond, above 0. */
  readonly rate: number;
}

/** P(x) = 1 - (minMs / x)^shape. */
export interface Pareto {
  readonly kind: 'pareto';
  readonly minMs: number;
  /** Above 0; the smaller, the longer the tail. */
  readonly shape: number;
}

/** What was measured, as [share, milliseconds]: shares from 0 to 1, rising; times not falling;
 *  straight lines between them. */
export interface Quantiles {
  readonly kind: 'quantiles';
  readonly points: readonly (readonly [number, number])[];
}

/** What was measured, one by one: each is as likely as any other. */
export interface Samples {
  readonly kind: 'samples';
  readonly ms: readonly number[];
}

export type PlainLatency = Constant | Exponential | Pareto | Quantiles | Samples;

/** Each draw is of one part, with a probability that is its share of the weights. */
export interface Mixture {
  readonly kind: 'mixture';
  readonly parts: readonly { readonly weight: number; readonly of: PlainLatency }[];
}

export type LatencyDistribution = PlainLatency | Mixture;

/** Turns uniform numbers into latencies: one number for one draw, mixtures included. */
export class LatencySampler {
  /** Share of the draws that part `i` and those before it get; the last is 1. */
  readonly #ends: Float64Array;
  readonly #parts: readonly PartSampler[];

  constructor(distribution: LatencyDistribution) {
    const weighted =
      distribution.kind === 'mixture' ? distribution.parts : [{ weight: 1, of: distribution }];
    const total = weighted.reduce((sum, { weight }) => sum + weight, 0);
    assert(total > 0, 'a mixture of nothing');
    let sum = 0;
    this.#ends = Float64Array.from(weighted, ({ weight }) => {
      sum += weight / total;
      return sum;
    });
    this.#ends[weighted.length - 1] = 1;
    this.#parts = weighted.map(({ of }) => partSampler(of));
  }

  /** In place: each uniform number in [0, 1) becomes a latency in milliseconds. */
  drawFrom(uniforms: Float64Array): void {
    const ends = this.#ends;
    for (let at = 0; at < uniforms.length; at += 1) {
      const uniform = uniforms[at] ?? 0;
      let part = 0;
      let begin = 0;
      for (let end = ends[0] ?? 1; uniform >= end && part < ends.length - 1; ) {
        begin = end;
        part += 1;
        end = ends[part] ?? 1;
      }
      // What is left of the number within its part is uniform again.
      const rest = (uniform - begin) / ((ends[part] ?? 1) - begin);
      this.#parts[part]?.draw(rest, uniforms, at);
    }
  }
}

/** Writes its draw into the array: a number that a function returns may be an object each time. */
interface PartSampler {
  draw(uniform: number, into: Float64Array, at: number): void;
}

function partSampler(distribution: PlainLatency): PartSampler {
  switch (distribution.kind) {
    case 'constant':
      return { draw: (_uniform, into, at) => put(into, at, distribution.ms) };
    case 'exponential': {
      const { rate } = distribution;
      return {
        draw: (uniform, into, at) => put(into, at, -naturalLogarithm(1 - uniform) / rate),
      };
    }
    case 'pareto': {
      const { minMs, shape } = distribution;
      return {
        draw: (uniform, into, at) => {
          put(into, at, minMs * naturalExponential(-naturalLogarithm(1 - uniform) / shape));
        },
      };
    }
    case 'quantiles':
      return quantileSampler(distribution.points);
    case 'samples': {
      const values = Float64Array.from(distribution.ms).sort();
      return {
        draw: (uniform, into, at) => {
          put(into, at, values[Math.floor(uniform * values.length)] ?? 0);
        },
      };
    }
  }
}

function put(into: Float64Array, at: number, ms: number): void {
  into[at] = ms;
}

function quantileSampler(points: Quantiles['points']): PartSampler {
  const shares = Float64Array.from(points, ([share]) => share);
  const times = Float64Array.from(points, ([, ms]) => ms);
  return {
    draw: (uniform, into, at) => {
      let low = 0;
      let high = shares.length - 1;
      while (high - low > 1) {
        const middle = (low + high) >>> 1;
        if ((shares[middle] ?? 0) <= uniform) low = middle;
        else high = middle;
      }
      const from = shares[low] ?? 0;
      const width = (shares[high] ?? 0) - from;
      const fromMs = times[low] ?? 0;
      const rise = (times[high] ?? 0) - fromMs;
      put(into, at, width === 0 ? fromMs : fromMs + (rise * (uniform - from)) / width);
    },
  };
}
