/** The result of `coterie bench quorum`. docs/benchmark.md documents the JSON field by field. */
import { encodeProfile } from '../../core/pbs/profile-file.ts';
import type { ClusterKind, FaultKind } from '../cluster.ts';
import type { Distribution } from '../key-chooser.ts';
import type { ReadLevel, WriteLevel } from '../operations.ts';
import type { ErrorCounts } from '../outcomes.ts';
import type { Provenance } from '../run-report.ts';
import type { Mix } from '../workload.ts';
import {
  type Availability,
  type CellResult,
  FIGURES,
  type FigureName,
  type SliceFigures,
} from './cell-result.ts';
import { FRESH_SHARE, type FreshVerdict, freshAfter, tooFewReadsNotes } from './fresh-after.ts';
import { designEffect, noiseRatio } from './noise.ts';
import { type Predicted, predictedOf } from './predicted.ts';
import type { TimelineOptions } from './quorum-cell.ts';

export interface QuorumConfig {
  readonly mix: Mix;
  readonly distribution: Distribution;
  /** Of each setting. */
  readonly keys: number;
  readonly valueBytes: number;
  readonly update: 'context' | 'overwrite';
  readonly contextsMax: number;
  readonly bucket: string;
  readonly durability?: 'fsync' | 'memory';
  /** Of all clients together; so are the lanes. */
  readonly inFlight: number;
  readonly lanes: number;
  readonly clients: number;
  /** Slices of each setting. */
  readonly rounds: number;
  readonly sliceSeconds: number;
  readonly timeoutMs: number;
  /** While a node is at fault; `perSecond` is of each setting. */
  readonly timeline: TimelineOptions;
  readonly fault: FaultKind | null;
  /** Of each prediction. */
  readonly trials: number;
}

/** `low` and `high`: where a second run is expected; null when nothing is known of that. */
export interface ReportedFigure {
  readonly value: number;
  readonly low: number | null;
  readonly high: number | null;
}

export interface ReportedFreshness {
  /** [t, fresh reads, reads]: of the reads that began about t ms after the acknowledgement. */
  readonly measured: readonly (readonly [number, number, number])[];
  readonly reads: number;
  readonly stale: number;
  /** Whether `freshMs` could be told by so many reads. */
  readonly after999: FreshVerdict;
  readonly kStale: readonly number[];
  readonly predicted: Predicted | null;
}

export interface ReportedSetting {
  readonly name: string;
  readonly n: number;
  /** Absent where levels have names. */
  readonly r?: number;
  readonly w?: number;
  readonly read: ReadLevel;
  readonly write: WriteLevel;
  readonly required: { readonly r: number; readonly w: number };
  readonly isStrict: boolean;
  readonly operations: number;
  readonly errors: ErrorCounts;
  readonly probeErrors: ErrorCounts;
  readonly figures: Readonly<Partial<Record<FigureName | 'freshMs', ReportedFigure>>>;
  readonly cpuSecondsPer1000: {
    readonly client: number | null;
    readonly nodes: readonly number[] | null;
  };
  readonly slices: readonly SliceFigures[];
  readonly freshness: ReportedFreshness | null;
  readonly legs: unknown;
  readonly availability: Availability | null;
}

/** By figure: a second run is expected between value / ratio and value * ratio. */
export type ReportedNoise = Readonly<Partial<Record<FigureName, number>>> & {
  /** Shares of fresh reads vary as if so many times fewer reads had been counted. */
  readonly freshDesignEffect?: number;
};

export interface QuorumReport extends Provenance {
  readonly workload: string;
  readonly config: QuorumConfig;
  readonly elapsedSeconds: number;
  readonly cluster: {
    readonly kind: ClusterKind;
    readonly nodes: number;
    readonly replicas: null;
  };
  readonly noise: ReportedNoise;
  readonly settings: readonly ReportedSetting[];
  readonly isInterrupted: boolean;
  readonly format: 'coterie-bench-quorum/1';
}

export interface QuorumFacts {
  readonly workload: string;
  readonly config: QuorumConfig;
  readonly elapsedSeconds: number;
  readonly cluster: QuorumReport['cluster'];
  readonly results: readonly CellResult[];
  readonly isInterrupted: boolean;
  readonly provenance: Provenance;
}

const PROFILE_NAME = 'measured';

export function quorumReport(facts: QuorumFacts): QuorumReport {
  // An interrupted run may not have come to all.
  const results = facts.results.filter(({ slices }) => slices.length > 0);
  const noise = noiseOf(results);
  return {
    workload: facts.workload,
    config: facts.config,
    elapsedSeconds: facts.elapsedSeconds,
    cluster: facts.cluster,
    noise,
    settings: results.map((result) => reported(result, noise, facts)),
    isInterrupted: facts.isInterrupted,
    ...facts.provenance,
    format: 'coterie-bench-quorum/1',
  };
}

/** Of settings that do not promise that every read is fresh. */
export function freshnessNotes({ settings }: QuorumReport): readonly string[] {
  const unclear = settings.filter(
    ({ isStrict, freshness }) => !isStrict && freshness?.after999 === 'too few reads',
  );
  return tooFewReadsNotes(unclear.map(({ name }) => name));
}

/** Reads at settings that promise the newest value and did not give it. */
export function brokenPromises({ settings }: QuorumReport): readonly ReportedSetting[] {
  return settings.filter(({ isStrict, freshness }) => isStrict && (freshness?.stale ?? 0) > 0);
}

function noiseOf(results: readonly CellResult[]): ReportedNoise {
  const freshDesignEffect = designEffect(
    results.map(({ slices }) =>
      slices.flatMap(({ freshAtOnce }) => (freshAtOnce ? [freshAtOnce] : [])),
    ),
  );
  const ratios = Object.fromEntries(
    FIGURES.flatMap((name) => {
      const ofSettings = results.map(({ slices }) =>
        slices.map((slice) => slice[name]).filter((figure) => figure !== undefined),
      );
      const ratio = noiseRatio(ofSettings);
      return ratio === null ? [] : [[name, ratio] as const];
    }),
  );
  return { ...ratios, ...(freshDesignEffect === null ? {} : { freshDesignEffect }) };
}

function reported(result: CellResult, noise: ReportedNoise, facts: QuorumFacts): ReportedSetting {
  const { setting, operations, errors, probeErrors, slices, availability } = result;
  const { name, n, read, write, required, isStrict } = setting;
  const figures = result.figures();
  const points = result.freshness.points;
  const profile = result.legs.profile(PROFILE_NAME);
  const { trials } = facts.config;
  const { seed } = facts.provenance;
  const predicted =
    profile === undefined
      ? null
      : predictedOf({ setting, points, figures }, profile, { trials, seed });
  const after999 = freshAfter(points, FRESH_SHARE);
  return {
    name,
    n,
    ...('r' in read ? { r: required.r } : {}),
    ...('w' in write ? { w: required.w } : {}),
    read,
    write,
    required,
    isStrict,
    operations,
    errors,
    probeErrors,
    figures: {
      ...Object.fromEntries(
        FIGURES.flatMap((figure) => {
          const value = figures[figure];
          return value === undefined ? [] : [[figure, within(value, noise[figure])] as const];
        }),
      ),
      ...('ms' in after999 ? { freshMs: { value: after999.ms, low: null, high: null } } : {}),
    },
    cpuSecondsPer1000: {
      client: figures.clientSeconds ?? null,
      nodes: result.nodeSecondsPer1000,
    },
    slices,
    freshness:
      points.length === 0
        ? null
        : {
            measured: points.map(({ tMs, fresh, reads }) => [tMs, fresh, reads] as const),
            reads: result.freshness.reads,
            stale: result.freshness.stale,
            after999: after999.verdict,
            kStale: result.freshness.kStale,
            predicted,
          },
    legs: profile === undefined ? null : encodeProfile(profile),
    availability: availability ?? null,
  };
}

function within(value: number, ratio: number | undefined): ReportedFigure {
  if (ratio === undefined) return { value, low: null, high: null };
  return { value, low: value / ratio, high: value * ratio };
}
