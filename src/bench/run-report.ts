/** The result of `coterie bench run`. docs/benchmark.md documents the JSON field by field. */
import type { ClusterKind } from './cluster.ts';
import type { Distribution } from './key-chooser.ts';
import type { LatencySummary } from './latencies.ts';
import type { Pace } from './load-run.ts';
import type { ReadLevel, WriteLevel } from './operations.ts';
import { type ErrorCounts, Outcomes } from './outcomes.ts';
import { type RunNoise, type RunSlice, runNoise, runSlices } from './run-slices.ts';
import type { EncodedLoadResult } from './worker-protocol.ts';
import type { Mix } from './workload.ts';

export interface RunConfig {
  readonly mix: Mix;
  readonly distribution: Distribution;
  readonly keys: number;
  readonly valueBytes: number;
  readonly update: 'context' | 'overwrite';
  readonly contextsMax: number;
  readonly bucket: string;
  readonly read: ReadLevel;
  readonly write: WriteLevel;
  /** Of all clients together. */
  readonly pace: Pace;
  readonly clients: number;
  readonly warmupSeconds: number;
  readonly seconds?: number;
  readonly operations?: number;
  readonly timeoutMs: number;
}

/** Where and with what something was measured. */
export interface Provenance {
  readonly seed: number;
  /** The whole command line. */
  readonly command: string;
  /** ISO 8601. */
  readonly startedAt: string;
  readonly versions: { readonly coterie: string; readonly node: string };
  readonly machine: {
    readonly platform: string;
    readonly cores: number;
    readonly processor: string;
    readonly memoryBytes: number;
    /** Mean over one minute when it began. */
    readonly loadAverage: number;
  };
}

export interface RunReport extends Provenance {
  readonly workload: string;
  readonly config: RunConfig;
  readonly elapsedSeconds: number;
  /** Ended, failed ones too. */
  readonly operations: number;
  /** Successful operations a second. */
  readonly throughput: number;
  readonly read: LatencySummary;
  readonly write: LatencySummary;
  readonly errors: ErrorCounts;
  /** Of all processes of a kind together; null where it is not known. */
  readonly cpuSecondsPer1000: { readonly client: number | null; readonly nodes: number | null };
  readonly rmw: LatencySummary;
  readonly notFound: number;
  readonly siblingReads: number;
  readonly contextReads: number;
  readonly unstarted: number;
  /** It was stopped before its end. */
  readonly isInterrupted: boolean;
  readonly noise: RunNoise;
  /** By time; of the figures that every slice has of its own. */
  readonly slices: readonly RunSlice[];
  readonly cluster: {
    readonly kind: ClusterKind;
    readonly nodes: number;
    readonly replicas: number | null;
  };
  readonly format: 'coterie-bench-run/1';
}

export interface RunFacts {
  readonly workload: string;
  readonly config: RunConfig;
  readonly results: readonly EncodedLoadResult[];
  /** Of all nodes, while it was measured. */
  readonly nodeSeconds: number | undefined;
  readonly isInterrupted: boolean;
  readonly cluster: RunReport['cluster'];
  readonly provenance: Provenance;
}

export function runReport(facts: RunFacts): RunReport {
  const outcomes = new Outcomes();
  for (const { slices } of facts.results) {
    for (const slice of slices) outcomes.merge(Outcomes.decode(slice.outcomes));
  }
  const slices = runSlices(facts.results);
  const elapsedSeconds = Math.max(0, ...facts.results.map((result) => result.elapsedSeconds));
  const { operations, succeeded } = outcomes;
  const per1000 = (seconds: number | undefined): number | null =>
    seconds === undefined || operations === 0 ? null : (seconds / operations) * 1_000;
  return {
    workload: facts.workload,
    config: facts.config,
    elapsedSeconds,
    operations,
    throughput: elapsedSeconds === 0 ? 0 : succeeded / elapsedSeconds,
    read: outcomes.read.summary(),
    write: outcomes.write.summary(),
    errors: outcomes.errors,
    cpuSecondsPer1000: {
      client: per1000(sum(facts.results.map((result) => result.processorSeconds))),
      nodes: per1000(facts.nodeSeconds),
    },
    rmw: outcomes.rmw.summary(),
    notFound: outcomes.notFound,
    siblingReads: outcomes.siblingReads,
    contextReads: outcomes.contextReads,
    unstarted: sum(facts.results.map((result) => result.unstarted)),
    isInterrupted: facts.isInterrupted,
    noise: runNoise(slices),
    slices,
    cluster: facts.cluster,
    ...facts.provenance,
    format: 'coterie-bench-run/1',
  };
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, each) => total + each, 0);
}
