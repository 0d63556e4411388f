/** Reports as `coterie bench run` and `coterie bench quorum` print them, with invented figures.
 *  Their types are those of the commands: a change of the format is seen here first. */
import type {
  QuorumReport,
  ReportedFreshness,
  ReportedSetting,
} from '../../../src/bench/quorum/quorum-report.ts';
import type { RunReport } from '../../../src/bench/run-report.ts';

const TIMES_MS = [0, 1, 2, 3, 5, 7, 10, 15, 20, 30, 50];
const READS = 4_000;

export interface SampleOptions {
  /** Every latency is so many times longer. */
  readonly slowdown?: number;
  readonly command?: string;
}

export function sampleQuorum({ slowdown = 1, command }: SampleOptions = {}): QuorumReport {
  return {
    format: 'coterie-bench-quorum/1',
    ...PROVENANCE,
    command: command ?? 'coterie bench quorum --spawn 3 --fault kill',
    workload: 'a',
    config: {
      mix: MIX,
      distribution: 'zipfian',
      keys: 1_000,
      valueBytes: 100,
      update: 'context',
      contextsMax: 100_000,
      bucket: 'bench-quorum',
      inFlight: 8,
      lanes: 8,
      clients: 1,
      rounds: 6,
      sliceSeconds: 3,
      timeoutMs: 2_000,
      timeline: { seconds: 20, sliceSeconds: 1, perSecond: 600 },
      fault: 'kill',
      trials: 100_000,
    },
    elapsedSeconds: 540,
    isInterrupted: false,
    cluster: { kind: 'spawned', nodes: 3, replicas: null },
    noise: { throughput: 1.05, readP50Ms: 1.08, freshDesignEffect: 2.5 },
    settings: [1, 2, 3].flatMap((w) => [1, 2, 3].map((r) => sampleSetting(r, w, slowdown))),
  };
}

export function sampleRun({ slowdown = 1, command }: SampleOptions = {}): RunReport {
  const latency = {
    count: 90_000,
    p50Ms: 1.4 * slowdown,
    p99Ms: 5.2,
    p999Ms: 14,
    maxMs: 31,
    meanMs: 2,
  };
  return {
    format: 'coterie-bench-run/1',
    ...PROVENANCE,
    command: command ?? 'coterie bench run --workload a',
    workload: 'a',
    config: {
      mix: MIX,
      distribution: 'zipfian',
      keys: 10_000,
      valueBytes: 100,
      update: 'context',
      contextsMax: 100_000,
      bucket: 'bench',
      warmupSeconds: 2,
      seconds: 10,
      timeoutMs: 10_000,
      read: { consistency: 'quorum' },
      write: { w: 2 },
      pace: { kind: 'closed', inFlight: 64 },
      clients: 1,
    },
    elapsedSeconds: 10,
    operations: 180_000,
    throughput: 17_900,
    read: latency,
    write: latency,
    rmw: { count: 0, p50Ms: null, p99Ms: null, p999Ms: null, maxMs: null, meanMs: null },
    notFound: 0,
    siblingReads: 0,
    contextReads: 0,
    errors: { DEADLINE_EXCEEDED: 12 },
    cpuSecondsPer1000: { client: 0.04, nodes: 0.21 },
    unstarted: 0,
    isInterrupted: false,
    noise: {},
    slices: [],
    cluster: { kind: 'spawned', nodes: 3, replicas: 3 },
  };
}

const MIX = { read: 0.5, update: 0.5, insert: 0, rmw: 0 };

const PROVENANCE = {
  seed: 1,
  startedAt: '2026-11-29T20:00:00.000Z',
  versions: { coterie: '9.9.9', node: '20.19.0' },
  machine: {
    platform: 'linux x64',
    cores: 2,
    processor: 'some processor',
    memoryBytes: 8 * 1_024 ** 3,
    loadAverage: 0.4,
  },
};

function within(value: number, noise: number) {
  return { value, low: value * (1 - noise), high: value * (1 + noise) };
}

function sampleSetting(r: number, w: number, slowdown: number): ReportedSetting {
  const ms = (base: number, count: number) => within(base * slowdown * slower(count), 0.08);
  const needsAll = r === 3 || w === 3;
  return {
    name: `N 3, R ${r}, W ${w}`,
    n: 3,
    r,
    w,
    read: { r },
    write: { w },
    required: { r, w },
    isStrict: r + w > 3,
    operations: 120_000,
    errors: needsAll ? { QUORUM_NOT_MET: 4_100, DEADLINE_EXCEEDED: 13 } : {},
    figures: {
      throughput: within((14_000 - 900 * r - 1_400 * w) / slowdown, 0.05),
      readP50Ms: ms(1.4, r),
      readP99Ms: ms(5.2, r),
      readP999Ms: ms(14, r),
      writeP50Ms: ms(2.6, w),
      writeP99Ms: ms(9.1, w),
      writeP999Ms: ms(31, w),
      freshMs: { value: r + w > 3 ? 0 : 22 / (r * w), low: null, high: null },
      clientSeconds: within(0.041, 0.03),
      nodeSeconds: within(0.11 + 0.02 * (r + w), 0.03),
    },
    probeErrors: {},
    cpuSecondsPer1000: { client: 0.041, nodes: [0.05, 0.05, 0.05] },
    slices: [],
    legs: null,
    freshness: {
      measured: TIMES_MS.map((tMs) => [tMs, Math.round(READS * freshAt(tMs, r, w, 3)), READS]),
      reads: READS * TIMES_MS.length,
      stale: 0,
      after999: 'measured',
      kStale: [freshAt(0, r, w, 3), 1 - (1 - freshAt(0, r, w, 3)) ** 2],
      predicted: {
        coterie: samplePrediction(r, w, { scaleMs: 3.4, faster: 0.9 }),
        wars: samplePrediction(r, w, { scaleMs: 1.8, faster: 0.7 }),
      },
    },
    availability: {
      sliceSeconds: 1,
      slices: Array.from({ length: 20 }, (_, second) => {
        const isDown = second >= 8 && second < 14;
        const failed = isDown && needsAll ? 380 : 0;
        return [second === 8 ? 0 : 600 - failed, failed];
      }),
      p99Ms: Array.from({ length: 20 }, (_, second) => (second === 8 ? null : 9)),
      fault: { kind: 'kill', node: 'n3', fromSeconds: 8, toSeconds: 14 },
    },
  };
}

function samplePrediction(
  r: number,
  w: number,
  { scaleMs, faster }: { readonly scaleMs: number; readonly faster: number },
): NonNullable<ReportedFreshness['predicted']>['wars'] {
  return {
    readMs: percentiles(1.4 * faster * slower(r)),
    writeMs: percentiles(2.6 * faster * slower(w)),
    freshAtMs: TIMES_MS.map((tMs) => [tMs, freshAt(tMs, r, w, scaleMs)]),
    t999Ms: r + w > 3 ? 0 : 25,
    kStale: [0.5, 0.75],
    monotonic: 0.9,
    error: { freshMax: 0.02, freshMean: 0.01, ratios: {} },
  };
}

function percentiles(p50: number) {
  return { p50, p99: p50 * 3.5, p999: p50 * 9 };
}

function slower(count: number): number {
  return 1 + 0.6 * (count - 1);
}

/** Stale at first, fresh after some time; a strict setting is never stale. */
function freshAt(tMs: number, r: number, w: number, scaleMs: number): number {
  return r + w > 3 ? 1 : 1 - (0.5 / (r * w)) * 2 ** (-tMs / scaleMs);
}
