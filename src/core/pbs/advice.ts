/** Which settings meet the goals, by what is known of each?
 *  Invariants: a setting is recommended only if every goal is met; what cannot be told counts as
 *  not met, and says so; settings that meet come first, the faster ones before the slower ones.
 *  Not here: predicting (predict.ts), reading reports (bench/quorum-evidence.ts), texts. */
import { majority } from '../quorum/level.ts';
import type { Percentiles, Prediction } from './predict.ts';

export type PercentileName = keyof Percentiles;

export interface FreshGoal {
  /** Above 0, at most 1. */
  readonly share: number;
  /** After the acknowledgement of the write. */
  readonly afterMs: number;
}

export interface Goals {
  readonly readMs: Readonly<Partial<Percentiles>>;
  readonly writeMs: Readonly<Partial<Percentiles>>;
  readonly fresh: readonly FreshGoal[];
  /** With so many nodes down reads and writes go on. */
  readonly survive?: number;
  /** With so many nodes lost for ever no acknowledged write is. */
  readonly keep?: number;
}

/** `lowMs` and `highMs`: where the same measurement made again is expected, when that is known. */
export interface KnownLatency {
  readonly ms: number;
  readonly lowMs: number | undefined;
  readonly highMs: number | undefined;
}

/** Of the reads that began about `tMs` after the acknowledgement. */
export interface CountedReads {
  readonly tMs: number;
  readonly fresh: number;
  readonly reads: number;
}

/** What is known of one setting. */
export interface Candidate {
  readonly n: number;
  readonly r: number;
  readonly w: number;
  readonly levels: Levels;
  /** Every read is promised to be fresh. */
  readonly isStrict: boolean;
  readonly readMs: Readonly<Partial<Record<PercentileName, KnownLatency>>>;
  readonly writeMs: Readonly<Partial<Record<PercentileName, KnownLatency>>>;
  /** By rising time; empty when nothing was measured. */
  readonly counted: readonly CountedReads[];
  /** [t, share] by rising time; empty when nothing was predicted. */
  readonly predicted: Prediction['freshAtMs'];
}

/** Names of the levels, where R and W have any. */
export interface Levels {
  readonly read: string | null;
  readonly write: string | null;
}

export type Verdict = 'met' | 'missed' | 'unclear';

export interface LatencyFinding {
  readonly verb: 'read' | 'write';
  readonly percentile: PercentileName;
  readonly wantedMs: number;
  readonly foundMs: number | null;
  readonly verdict: Verdict;
  /** Another measurement may come to the other side of the goal. */
  readonly isClose: boolean;
}

export interface FreshFinding extends FreshGoal {
  readonly found: number | null;
  /** `promised`: R + W > N. `predicted` where too few reads were measured to tell. */
  readonly source: 'promised' | 'measured' | 'predicted' | null;
  readonly verdict: Verdict;
}

/** How many nodes may be down so that reads, and writes, go on; and how many may be lost for ever
 *  without an acknowledged write. */
export interface Survival {
  readonly reads: number;
  readonly writes: number;
  readonly acknowledged: number;
}

export interface Advised {
  readonly candidate: Candidate;
  readonly isMet: boolean;
  readonly latencies: readonly LatencyFinding[];
  readonly fresh: readonly FreshFinding[];
  readonly survives: Survival;
  /** undefined: nobody asked. */
  readonly survival: Verdict | undefined;
  readonly keeping: Verdict | undefined;
}

const PERCENTILES = ['p50', 'p99', 'p999'] as const satisfies readonly PercentileName[];

export function advise(goals: Goals, candidates: readonly Candidate[]): Advised[] {
  return candidates
    .map((candidate) => judged(goals, candidate))
    .sort((a, b) => Number(b.isMet) - Number(a.isMet) || costOf(a) - costOf(b));
}

function judged(goals: Goals, candidate: Candidate): Advised {
  const { n, r, w } = candidate;
  const latencies = PERCENTILES.flatMap((percentile) => [
    ...latencyFinding(goals, candidate, 'read', percentile),
    ...latencyFinding(goals, candidate, 'write', percentile),
  ]);
  const fresh = goals.fresh.map((goal) => freshFinding(goal, candidate));
  const survives = { reads: n - r, writes: n - w, acknowledged: w - 1 };
  const survival = atLeast(Math.min(survives.reads, survives.writes), goals.survive);
  const keeping = atLeast(survives.acknowledged, goals.keep);
  const verdicts = [...latencies, ...fresh].map(({ verdict }) => verdict);
  const isMet = [...verdicts, survival ?? 'met', keeping ?? 'met'].every((each) => each === 'met');
  return { candidate, isMet, latencies, fresh, survives, survival, keeping };
}

function atLeast(count: number, wanted: number | undefined): Verdict | undefined {
  if (wanted === undefined) return undefined;
  return count >= wanted ? 'met' : 'missed';
}

function latencyFinding(
  goals: Goals,
  candidate: Candidate,
  verb: 'read' | 'write',
  percentile: PercentileName,
): LatencyFinding[] {
  const field = `${verb}Ms` as const;
  const wantedMs = goals[field][percentile];
  if (wantedMs === undefined) return [];
  const known = candidate[field][percentile];
  const about = { verb, percentile, wantedMs };
  if (known === undefined) {
    return [{ ...about, foundMs: null, verdict: 'unclear', isClose: false }];
  }
  const { ms, lowMs = ms, highMs = ms } = known;
  const isClose = lowMs <= wantedMs && wantedMs < highMs;
  return [{ ...about, foundMs: ms, verdict: ms <= wantedMs ? 'met' : 'missed', isClose }];
}

function freshFinding(goal: FreshGoal, candidate: Candidate): FreshFinding {
  const { counted, predicted, isStrict } = candidate;
  const reads = readsAt(counted, goal.afterMs);
  const [low, high] = reads === undefined ? [0, 1] : shareInterval(reads);
  const measured = reads === undefined ? null : reads.fresh / reads.reads;
  const isBroken = counted.some((each) => each.fresh < each.reads);
  if (isStrict && !isBroken) return { ...goal, found: 1, source: 'promised', verdict: 'met' };
  if (low >= goal.share) return { ...goal, found: measured, source: 'measured', verdict: 'met' };
  if (high < goal.share) return { ...goal, found: measured, source: 'measured', verdict: 'missed' };
  const share = shareAt(predicted, goal.afterMs);
  if (share === undefined || isStrict) {
    const source = measured === null ? null : 'measured';
    return { ...goal, found: measured, source, verdict: 'unclear' };
  }
  const verdict = share >= goal.share ? 'met' : 'missed';
  return { ...goal, found: share, source: 'predicted', verdict };
}

/** Of those that began no later, the last: later reads are only fresher. Where all began later the
 *  first of them: a read cannot begin at the very time of the acknowledgement. */
function readsAt(counted: readonly CountedReads[], afterMs: number): CountedReads | undefined {
  const some = counted.filter(({ reads }) => reads > 0);
  return some.findLast(({ tMs }) => tMs <= afterMs) ?? some[0];
}

/** At the last time of the curve that is no later. */
function shareAt(curve: Prediction['freshAtMs'], afterMs: number): number | undefined {
  return curve.findLast(([t]) => t <= afterMs)?.[1];
}

/** Of 95 % (Wilson). */
const DEVIATIONS = 1.96;

/** Where the share of fresh reads is, by those that were counted; `reads` is above 0. */
export function shareInterval({
  fresh,
  reads,
}: Pick<CountedReads, 'fresh' | 'reads'>): readonly [number, number] {
  const share = fresh / reads;
  const square = DEVIATIONS ** 2;
  const centre = share + square / (2 * reads);
  const inner = (share * (1 - share) + square / (4 * reads)) / reads;
  const spread = DEVIATIONS * Math.sqrt(inner);
  const scale = 1 + square / reads;
  return [(centre - spread) / scale, (centre + spread) / scale];
}

/** A read and a write at their 99th percentiles; what is not known is last. */
function costOf({ candidate: { readMs, writeMs } }: Advised): number {
  const unknown = Number.MAX_VALUE / 2;
  return (readMs.p99?.ms ?? unknown) + (writeMs.p99?.ms ?? unknown);
}

/** One for each prediction. */
export function predictedCandidates(predictions: readonly Prediction[]): Candidate[] {
  return predictions.map(({ n, r, w, readMs, writeMs, freshAtMs }) => ({
    n,
    r,
    w,
    levels: { read: levelName(r, n), write: levelName(w, n) },
    isStrict: r + w > n,
    readMs: latenciesOf(readMs),
    writeMs: latenciesOf(writeMs),
    counted: [],
    predicted: freshAtMs,
  }));
}

function latenciesOf({ p50, p99, p999 }: Percentiles): Candidate['readMs'] {
  const of = (ms: number): KnownLatency => ({ ms, lowMs: undefined, highMs: undefined });
  return { p50: of(p50), p99: of(p99), p999: of(p999) };
}

/** Of a level that comes to so many of N replicas in one datacentre, whatever N is. */
export function levelName(count: number, n: number): string | null {
  if (count === majority(n)) return 'quorum';
  if (count === n) return 'all';
  return ['one', 'two', 'three'][count - 1] ?? null;
}
