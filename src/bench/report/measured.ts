/** What a report of any benchmark is about: settings, and for each of them figures with the range
 *  in which a second run is expected. Charts, tables and comparisons are made of this alone.
 *  Not here: how it is read from JSON (read-report.ts). */

/** `low` and `high`: where the same measurement made again is expected; null when nothing is known
 *  of that, as after one run without repetitions. */
export interface Figure {
  readonly value: number;
  readonly low: number | null;
  readonly high: number | null;
}

interface FigureKind {
  readonly label: string;
  readonly unit: 'ms' | '/s' | 's' | '%';
  readonly better: 'lower' | 'higher';
}

/** In the order in which they are shown. Shares are 0 to 1, shown as %. */
export const FIGURES = {
  throughput: { label: 'throughput', unit: '/s', better: 'higher' },
  readP50Ms: { label: 'read p50', unit: 'ms', better: 'lower' },
  readP99Ms: { label: 'read p99', unit: 'ms', better: 'lower' },
  readP999Ms: { label: 'read p99.9', unit: 'ms', better: 'lower' },
  writeP50Ms: { label: 'write p50', unit: 'ms', better: 'lower' },
  writeP99Ms: { label: 'write p99', unit: 'ms', better: 'lower' },
  writeP999Ms: { label: 'write p99.9', unit: 'ms', better: 'lower' },
  failedShare: { label: 'failed', unit: '%', better: 'lower' },
  freshShare: { label: 'fresh at once', unit: '%', better: 'higher' },
  freshMs: { label: '99.9 % fresh after', unit: 'ms', better: 'lower' },
  clientSeconds: { label: 'client CPU per 1,000', unit: 's', better: 'lower' },
  nodeSeconds: { label: 'node CPU per 1,000', unit: 's', better: 'lower' },
} as const satisfies Readonly<Record<string, FigureKind>>;

export type FigureName = keyof typeof FIGURES;
export const FIGURE_NAMES = Object.keys(FIGURES) as readonly FigureName[];

/** P(a read that begins `tMs` after the acknowledgement of a write returns it, or a later one). */
export interface FreshPoint {
  readonly tMs: number;
  readonly share: Figure;
}

export interface Freshness {
  /** By rising time. */
  readonly measured: readonly FreshPoint[];
  /** P(a read right after the write returns one of the last k versions), k from 1 on. */
  readonly kStale: readonly number[];
  /** One for each model. */
  readonly predicted: readonly PredictedFreshness[];
}

export interface PredictedFreshness {
  readonly model: string;
  /** [t in ms, share] by rising time. */
  readonly curve: readonly (readonly [number, number])[];
  readonly kStale: readonly number[];
}

export interface Availability {
  /** By rising time; a slice lasts until the next one. */
  readonly slices: readonly AvailabilitySlice[];
  readonly faults: readonly FaultSpan[];
}

export interface AvailabilitySlice {
  readonly atSeconds: number;
  readonly succeeded: number;
  readonly failed: number;
}

export interface FaultSpan {
  readonly label: string;
  readonly fromSeconds: number;
  readonly toSeconds: number;
}

/** What a model says of the figures that it knows. */
export interface PredictedFigures {
  readonly model: string;
  readonly figures: Readonly<Partial<Record<FigureName, number>>>;
}

export interface MeasuredSetting {
  /** Unique in its report: `N 3, R 1, W 2`. */
  readonly name: string;
  readonly figures: Readonly<Partial<Record<FigureName, Figure>>>;
  /** Failed operations by code. */
  readonly errors: Readonly<Record<string, number>>;
  readonly operations: number;
  readonly predicted: readonly PredictedFigures[];
  readonly freshness?: Freshness;
  readonly availability?: Availability;
}

export interface Measured {
  readonly title: string;
  /** [what, which]: the machine, versions, seed, command and the like, to be shown. */
  readonly facts: readonly (readonly [string, string])[];
  /** What limits the use of these figures. */
  readonly notes: readonly string[];
  /** What was asked for, as flat paths: two reports are of one thing when these are equal. */
  readonly asked: ReadonlyMap<string, string>;
  /** What may differ between two reports that are compared, and must be known when it does. */
  readonly surroundings: ReadonlyMap<string, string>;
  readonly settings: readonly MeasuredSetting[];
}

/** One second run in a thousand lies beyond, like beyond the noise of other figures. */
const SHARE_DEVIATIONS = 3.29 * Math.SQRT2;

/** A count of trials has a range of its own: Wilson's interval, for the difference of two such
 *  counts. Without repetitions the trials are taken as independent; repetitions tell by their
 *  design effect, not below 1, how many fewer independent ones would vary as much. */
export function shareOf(hits: number, counted: number, designEffect = 1): Figure {
  if (counted === 0) return { value: 0, low: 0, high: 1 };
  const share = hits / counted;
  const trials = counted / designEffect;
  const z2 = SHARE_DEVIATIONS * SHARE_DEVIATIONS;
  const centre = share + z2 / (2 * trials);
  const spread = SHARE_DEVIATIONS * Math.sqrt((share * (1 - share) + z2 / (4 * trials)) / trials);
  const scale = 1 + z2 / trials;
  return {
    value: share,
    low: Math.min(share, Math.max(0, (centre - spread) / scale)),
    high: Math.max(share, Math.min(1, (centre + spread) / scale)),
  };
}
