/** How fast and how fresh will reads and writes be at some R and W?
 *  Invariants: `freshAtMs` never falls with time; with R + W > N it is 1 from the start; equal
 *  options give equal predictions on every machine.
 *  Not here: drawing (trials.ts), which setting to take (advice.ts). A prediction knows the
 *  latencies it was given, not failures, repair or load.
 *  Source: Bailis et al., "Probabilistically Bounded Staleness", VLDB 2012. */
import { CoterieError } from '../errors.ts';
import { missOfRandomQuorums, monotonicReads, withinVersions } from './staleness.ts';
import { type Model, type Setting, type TrialOptions, Trials } from './trials.ts';

export interface Percentiles {
  readonly p50: number;
  readonly p99: number;
  readonly p999: number;
}

export interface Prediction {
  readonly n: number;
  readonly r: number;
  readonly w: number;
  readonly readMs: Percentiles;
  readonly writeMs: Percentiles;
  /** [t, P(a read that begins t after the end of the write returns it, or a later one)]. */
  readonly freshAtMs: readonly (readonly [number, number])[];
  /** The earliest t at which 99.9 % of the reads are fresh. */
  readonly t999Ms: number;
  /** P(a read right after the write returns one of the last k versions), k from 1 on. */
  readonly kStale: readonly number[];
  /** P(a read is not older than the one before it of the same client). */
  readonly monotonic: number;
  /** What `kStale` would be if quorums were drawn at random and never grew: a lower bound. */
  readonly kStaleBound: readonly number[];
  readonly model: Model;
  readonly profile: string;
  readonly nodes: number;
  readonly trials: number;
  readonly seed: number;
}

export interface PredictOptions extends TrialOptions {
  /** Times for `freshAtMs`, rising. */
  readonly atMs: readonly number[];
  /** For `monotonic`: writes of others to the key between two reads of one client. */
  readonly writesPerRead: number;
}

export const REPLICAS_PREDICTED_MAX = 64;
export const NODES_PREDICTED_MAX = 10_000;
export const TRIALS_MAX = 10_000_000;
export const WRITES_PER_READ_MAX = 1_000_000;
export const FRESH_AT_MS: readonly number[] = [
  0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 15, 20, 30, 40, 50, 75, 100, 150, 200, 300, 500, 750, 1_000,
  1_500, 2_000,
];
const VERSIONS = 10;
const FRESH_SHARE = 0.999;

/** One prediction for each setting, in their order. Errors: INVALID_ARGUMENT. */
export function predict(options: PredictOptions): Prediction[] {
  check(options);
  const trials = new Trials(options);
  const readMs = new Map<number, Percentiles>();
  const writeMs = new Map<number, Percentiles>();
  for (const { r, w } of options.settings) {
    if (!readMs.has(r)) readMs.set(r, percentilesOf(trials.readMs(r)));
    if (!writeMs.has(w)) writeMs.set(w, percentilesOf(trials.writeMs(w)));
  }
  return options.settings.map((setting) => {
    const { r, w } = setting;
    const times = { readMs: known(readMs, r), writeMs: known(writeMs, w) };
    return predictionOf(options, setting, times, trials.lagMs(setting).sort());
  });
}

function predictionOf(
  options: PredictOptions,
  { r, w }: Setting,
  times: Pick<Prediction, 'readMs' | 'writeMs'>,
  lags: Float64Array,
): Prediction {
  const { replicas: n, model, profile, nodes, trials, seed, writesPerRead } = options;
  const miss = 1 - shareUpTo(lags, 0);
  return {
    n,
    r,
    w,
    ...times,
    freshAtMs: options.atMs.map((t) => [t, shareUpTo(lags, t)] as const),
    t999Ms: Math.max(0, nearestRank(lags, FRESH_SHARE)),
    kStale: withinVersions(miss, VERSIONS),
    monotonic: monotonicReads(miss, writesPerRead),
    kStaleBound: withinVersions(missOfRandomQuorums(n, r, w), VERSIONS),
    model,
    profile: profile.name,
    nodes,
    trials,
    seed,
  };
}

/** Sorts `times`. */
export function percentilesOf(times: Float64Array): Percentiles {
  times.sort();
  return {
    p50: nearestRank(times, 0.5),
    p99: nearestRank(times, 0.99),
    p999: nearestRank(times, 0.999),
  };
}

/** The smallest of the rising values that at least this share of them does not exceed. */
function nearestRank(sorted: Float64Array, share: number): number {
  const rank = Math.ceil(share * sorted.length);
  return sorted[Math.min(sorted.length, Math.max(1, rank)) - 1] ?? 0;
}

/** The share of the rising values that are `limit` or less. */
function shareUpTo(sorted: Float64Array, limit: number): number {
  let low = 0;
  let high = sorted.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((sorted[middle] ?? 0) <= limit) low = middle + 1;
    else high = middle;
  }
  return low / sorted.length;
}

function known(all: ReadonlyMap<number, Percentiles>, count: number): Percentiles {
  const found = all.get(count);
  if (found === undefined) throw new RangeError(`No times for ${count}`);
  return found;
}

function check(options: PredictOptions): void {
  const { replicas: n, nodes, trials, seed, settings, writesPerRead } = options;
  whole('n', n, 1, REPLICAS_PREDICTED_MAX);
  whole('nodes', nodes, n, NODES_PREDICTED_MAX);
  whole('trials', trials, 1, TRIALS_MAX);
  whole('seed', seed, 0, Number.MAX_SAFE_INTEGER);
  whole('writesPerRead', writesPerRead, 0, WRITES_PER_READ_MAX);
  for (const { r, w } of settings) {
    whole('r', r, 1, n);
    whole('w', w, 1, n);
  }
}

function whole(name: string, value: number, min: number, max: number): void {
  if (Number.isInteger(value) && value >= min && value <= max) return;
  throw new CoterieError(
    'INVALID_ARGUMENT',
    `${name} is ${value}; it must be a whole number from ${min} to ${max}`,
  );
}
