/** How unlikely is it that a member is alive and merely silent? Phi 8: one silence in 10^8 of a
 *  living member is that long.
 *  Gaps between pieces of evidence are taken as normally distributed; phi is -log10 of the chance
 *  of a longer one. The exact tail is used: the usual logistic approximation is good near the mean
 *  and gives phi 9.3 where 8 is right.
 *  Invariants: phi is finite, 0..PHI_MAX, never falls while nothing is heard, and is 0 up to the
 *  expected gap; sums are of whole milliseconds, so the variance is exact and never below 0.
 *  Not here: what follows from it (failure-detector.ts); this node's own pauses (local-pause.ts).
 *  Source: Hayashibara et al. 2004 §4.1; tail: Press et al., Numerical Recipes §6.2 (erfc,
 *  relative error 1.2e-7), in logarithms so that it cannot vanish. */
import { assert } from '../errors.ts';
import { naturalLogarithm } from '../logarithm.ts';
import type { PhiOptions } from './detector-options.ts';

/** Days of silence are no more certain than this. */
export const PHI_MAX = 1_000;

/** Beyond so many deviations phi is PHI_MAX whatever the rest: 0.217 * 70^2 > 1,000. */
const DEVIATIONS_MAX = 70;
/** Of the Chebyshev fit of ln(erfc(z) / t) + z^2 in t = 1 / (1 + z / 2), highest power first. */
const TAIL = [
  0.17087277, -0.82215223, 1.48851587, -1.13520398, 0.27886807, -0.18628806, 0.09678418, 0.37409196,
  1.00002368, -1.26551223,
];

export interface Silence {
  readonly elapsedMs: number;
  readonly meanMs: number;
  readonly deviationMs: number;
}

/** 0 for a silence up to the mean and for what is no number; PHI_MAX at most. */
export function phiOf({ elapsedMs, meanMs, deviationMs }: Silence): number {
  const excessMs = elapsedMs - meanMs;
  if (!(excessMs > 0)) return 0;
  if (!(deviationMs > 0) || !(excessMs < deviationMs * DEVIATIONS_MAX)) return PHI_MAX;
  const z = excessMs / (deviationMs * Math.SQRT2);
  const t = 1 / (1 + z / 2);
  let fit = 0;
  for (const coefficient of TAIL) fit = fit * t + coefficient;
  const phi = (z * z - fit - naturalLogarithm(t / 2)) / Math.LN10;
  return Math.min(phi, PHI_MAX);
}

/** The habits of one member. Some 500 bytes. */
export class PhiAccrual {
  readonly #options: PhiOptions;
  readonly #gapsMs: Uint16Array;
  #gapCount = 0;
  #nextGap = 0;
  #sumMs = 0;
  #sumOfSquares = 0;
  #meanMs = 0;
  #deviationMs = 0;
  #evidenceMs: number;
  #sampledMs: number;
  /** The time up to the next evidence says nothing of the member's habits. */
  #isGapVoid = true;

  /** Silence counts from `nowMs` (monotonic), as if it had been heard then. */
  constructor(options: PhiOptions, nowMs: number) {
    assert(Number.isFinite(nowMs), `time ${nowMs} is no number`);
    this.#options = options;
    this.#gapsMs = new Uint16Array(options.sampleCountMax);
    this.#evidenceMs = nowMs;
    this.#sampledMs = nowMs;
    // Two samples about the expected gap, so that there is a deviation from the start.
    this.#sample(Math.round(options.seedMeanMs * 0.75));
    this.#sample(Math.round(options.seedMeanMs * 1.25));
  }

  /** The member was alive at `nowMs`. A time before the last one changes nothing. */
  record(nowMs: number): void {
    if (!(nowMs >= this.#evidenceMs)) return;
    this.#evidenceMs = nowMs;
    const gapMs = Math.round(nowMs - this.#sampledMs);
    if (this.#isGapVoid) {
      this.#isGapVoid = false;
      this.#sampledMs = nowMs;
      return;
    }
    if (gapMs < this.#options.sampleGapMsMin) return;
    this.#sampledMs = nowMs;
    if (gapMs <= this.#options.sampleGapMsMax) this.#sample(gapMs);
  }

  /** The gap that is open now is no sample: it was an outage of the member, or of this node. */
  voidGap(): void {
    this.#isGapVoid = true;
  }

  phi(nowMs: number): number {
    return phiOf({
      elapsedMs: nowMs - this.#evidenceMs,
      meanMs: this.#meanMs + this.#options.acceptablePauseMs,
      deviationMs: this.#deviationMs,
    });
  }

  get evidenceMs(): number {
    return this.#evidenceMs;
  }

  /** With its floor, without the acceptable pause. */
  get meanMs(): number {
    return this.#meanMs;
  }

  /** With its floors. */
  get deviationMs(): number {
    return this.#deviationMs;
  }

  #sample(gapMs: number): void {
    const gaps = this.#gapsMs;
    if (this.#gapCount === gaps.length) {
      const oldMs = gaps[this.#nextGap] ?? 0;
      this.#sumMs -= oldMs;
      this.#sumOfSquares -= oldMs * oldMs;
    } else {
      this.#gapCount += 1;
    }
    gaps[this.#nextGap] = gapMs;
    this.#nextGap = this.#nextGap + 1 === gaps.length ? 0 : this.#nextGap + 1;
    this.#sumMs += gapMs;
    this.#sumOfSquares += gapMs * gapMs;
    const { meanMsMin, deviationMsMin, deviationShareMin } = this.#options;
    const count = this.#gapCount;
    this.#meanMs = Math.max(this.#sumMs / count, meanMsMin);
    // Whole numbers below 2^53: the difference is exact and, by Cauchy and Schwarz, not negative.
    const variance = (count * this.#sumOfSquares - this.#sumMs * this.#sumMs) / (count * count);
    this.#deviationMs = Math.max(
      Math.sqrt(variance),
      deviationShareMin * this.#meanMs,
      deviationMsMin,
    );
  }
}
