/** What theory says of a setting, from the legs that were counted while it was measured, and how
 *  far off it is.
 *  Not here: the models (core/pbs). */

import { FRESH_AT_MS, type Prediction, predict } from '../../core/pbs/predict.ts';
import type { LatencyProfile } from '../../core/pbs/profile.ts';
import { MODELS, type Model } from '../../core/pbs/trials.ts';
import type { FigureName, Figures } from './cell-result.ts';
import type { FreshnessPoint } from './freshness-counts.ts';
import type { QuorumSetting } from './setting.ts';

export interface PredictionError {
  /** Predicted less measured share of fresh reads, over the measured times: the largest, with its
   *  sign, and the mean of the absolute ones weighted by reads. null: nothing was measured. */
  readonly freshMax: number | null;
  readonly freshMean: number | null;
  /** Predicted by measured. */
  readonly ratios: Readonly<Partial<Record<FigureName, number>>>;
}

export interface PredictedSetting
  extends Pick<Prediction, 'readMs' | 'writeMs' | 'freshAtMs' | 't999Ms' | 'kStale' | 'monotonic'> {
  readonly error: PredictionError;
}

export type Predicted = Readonly<Record<Model, PredictedSetting>>;

export interface Measurement {
  readonly setting: QuorumSetting;
  readonly points: readonly FreshnessPoint[];
  readonly figures: Figures;
}

/** Clients send reads to replicas, so the reader is a random replica: for the model the cluster has
 *  no other nodes. */
export function predictedOf(
  { setting, points, figures }: Measurement,
  profile: LatencyProfile,
  options: { readonly trials: number; readonly seed: number },
): Predicted {
  const measuredMs = points.map(({ tMs }) => tMs);
  const atMs = [...new Set([...FRESH_AT_MS, ...measuredMs])].sort((a, b) => a - b);
  const { n, required } = setting;
  const of = (model: Model): PredictedSetting => {
    const [prediction] = predict({
      model,
      profile,
      replicas: n,
      nodes: n,
      readsAll: false,
      settings: [required],
      atMs,
      writesPerRead: 1,
      ...options,
    });
    if (prediction === undefined) throw new RangeError('A prediction of nothing');
    const { readMs, writeMs, freshAtMs, t999Ms, kStale, monotonic } = prediction;
    const error = { ...freshErrors(points, freshAtMs), ratios: ratios(prediction, figures) };
    return { readMs, writeMs, freshAtMs, t999Ms, kStale, monotonic, error };
  };
  const [wars, coterie] = MODELS.map(of);
  if (wars === undefined || coterie === undefined) throw new RangeError('There are two models');
  return { wars, coterie };
}

function freshErrors(
  points: readonly FreshnessPoint[],
  curve: Prediction['freshAtMs'],
): Pick<PredictionError, 'freshMax' | 'freshMean'> {
  if (points.length === 0) return { freshMax: null, freshMean: null };
  const shares = new Map(curve);
  let freshMax = 0;
  let sum = 0;
  let count = 0;
  for (const { tMs, fresh, reads } of points) {
    const error = (shares.get(tMs) ?? 0) - fresh / reads;
    if (Math.abs(error) > Math.abs(freshMax)) freshMax = error;
    sum += Math.abs(error) * reads;
    count += reads;
  }
  return { freshMax, freshMean: sum / count };
}

function ratios({ readMs, writeMs }: Prediction, figures: Figures): PredictionError['ratios'] {
  const predicted: readonly (readonly [FigureName, number])[] = [
    ['readP50Ms', readMs.p50],
    ['readP99Ms', readMs.p99],
    ['readP999Ms', readMs.p999],
    ['writeP50Ms', writeMs.p50],
    ['writeP99Ms', writeMs.p99],
    ['writeP999Ms', writeMs.p999],
  ];
  return Object.fromEntries(
    predicted.flatMap(([name, ms]) => {
      const measured = figures[name];
      return measured === undefined || measured === 0 ? [] : [[name, ms / measured] as const];
    }),
  );
}
