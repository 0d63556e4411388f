/** How far a predicted curve of freshness is from what was measured. */
import type { FreshPoint, PredictedFreshness } from './measured.ts';

export interface CurveError {
  /** Largest distance of shares, 0 to 1. */
  readonly max: number;
  /** Where it is. */
  readonly atMs: number;
  /** Mean over the times that were measured. */
  readonly mean: number;
}

/** At the times that were measured, within those of the prediction; undefined when there are none.
 */
export function curveError(
  measured: readonly FreshPoint[],
  { curve }: Pick<PredictedFreshness, 'curve'>,
): CurveError | undefined {
  let max = -1;
  let atMs = 0;
  let sum = 0;
  let count = 0;
  for (const { tMs, share } of measured) {
    const expected = shareAt(curve, tMs);
    if (expected === undefined) continue;
    const distance = Math.abs(share.value - expected);
    sum += distance;
    count += 1;
    if (distance > max) {
      max = distance;
      atMs = tMs;
    }
  }
  return count === 0 ? undefined : { max, atMs, mean: sum / count };
}

/** Between two times of the curve: on the straight line; undefined before the first and after the
 *  last. */
export function shareAt(curve: PredictedFreshness['curve'], tMs: number): number | undefined {
  for (const [index, [to, share]] of curve.entries()) {
    if (to < tMs) continue;
    if (to === tMs) return share;
    const before = curve[index - 1];
    if (before === undefined) return undefined;
    const [from, shareBefore] = before;
    return shareBefore + ((share - shareBefore) * (tMs - from)) / (to - from);
  }
  return undefined;
}
