/** What many runs came to together.
 *  Invariants: the report does not depend on the order in which runs end (they may be spread over
 *  threads); its trace hash is that of all runs in the order of their seeds.
 *  Not here: carrying out a run (run.ts), telling about it (report). */
import { TraceHash } from './kernel/trace-hash.ts';
import type { NotEnabled, RunResult } from './result.ts';

export interface FoundViolation {
  readonly check: string;
  readonly message: string;
}

/** One run, in a form that crosses threads. */
export interface RunSummary {
  readonly seed: number;
  readonly traceHash: string;
  readonly violations: readonly FoundViolation[];
  readonly operations: number;
  readonly acknowledged: number;
  readonly faults: Readonly<Record<string, number>>;
  readonly messages: number;
  readonly virtualMs: number;
  readonly events: number;
  readonly checksPassed: readonly string[];
  readonly notEnabled: readonly NotEnabled[];
  readonly sometimes: Readonly<Record<string, number>>;
}

export interface CampaignReport {
  readonly runs: number;
  readonly firstSeed: number;
  readonly violations: readonly (FoundViolation & {
    readonly seed: number;
    /** What repeats it: a command, or where it ran functions of the caller's, the call of
     *  `simulate`. */
    readonly replay: string;
  })[];
  readonly operations: number;
  readonly acknowledged: number;
  /** Injected, by kind. */
  readonly faults: Readonly<Record<string, number>>;
  /** Frames delivered. */
  readonly messages: number;
  readonly virtualSeconds: number;
  readonly realSeconds: number;
  /** 16 hex digits. */
  readonly traceHash: string;
  readonly events: number;
  /** How many runs passed each check. */
  readonly checksPassed: Readonly<Record<string, number>>;
  /** Faults and checks that wait for what the product does not offer yet. */
  readonly notEnabled: readonly NotEnabled[];
  /** Rare paths, and how often they were taken. */
  readonly sometimes: Readonly<Record<string, number>>;
}

export function summarize(result: RunResult): RunSummary {
  const { scenario, violations, traceHash, operations, acknowledged, faults, messages } = result;
  const { virtualMs, events, checksPassed, notEnabled, sometimes } = result;
  return {
    seed: scenario.seed,
    traceHash,
    violations: violations.map(({ check, message }) => ({ check, message })),
    operations,
    acknowledged,
    faults,
    messages,
    virtualMs,
    events,
    checksPassed,
    notEnabled,
    sometimes,
  };
}

export function reportOf(
  summaries: readonly RunSummary[],
  facts: {
    readonly firstSeed: number;
    readonly realSeconds: number;
    readonly replayOf: (seed: number) => string;
  },
): CampaignReport {
  const bySeed = [...summaries].sort((one, other) => one.seed - other.seed);
  const hash = new TraceHash();
  const faults = new Map<string, number>();
  const sometimes = new Map<string, number>();
  const passed = new Map<string, number>();
  const waiting = new Map<string, NotEnabled>();
  for (const run of bySeed) {
    hash.text(run.traceHash);
    for (const [kind, count] of Object.entries(run.faults)) addTo(faults, kind, count);
    for (const [path, count] of Object.entries(run.sometimes)) addTo(sometimes, path, count);
    for (const check of run.checksPassed) addTo(passed, check, 1);
    for (const entry of run.notEnabled) waiting.set(entry.name, entry);
  }
  return {
    runs: bySeed.length,
    firstSeed: facts.firstSeed,
    violations: bySeed.flatMap(({ seed, violations }) =>
      violations.map((found) => ({ seed, ...found, replay: facts.replayOf(seed) })),
    ),
    operations: sum(bySeed, (run) => run.operations),
    acknowledged: sum(bySeed, (run) => run.acknowledged),
    faults: sorted(faults),
    messages: sum(bySeed, (run) => run.messages),
    virtualSeconds: sum(bySeed, (run) => run.virtualMs) / 1_000,
    realSeconds: facts.realSeconds,
    traceHash: hash.digest(),
    events: sum(bySeed, (run) => run.events),
    checksPassed: sorted(passed),
    notEnabled: [...waiting.values()],
    sometimes: sorted(sometimes),
  };
}

function addTo(counts: Map<string, number>, name: string, count: number): void {
  counts.set(name, (counts.get(name) ?? 0) + count);
}

function sum(runs: readonly RunSummary[], of: (run: RunSummary) => number): number {
  return runs.reduce((total, run) => total + of(run), 0);
}

function sorted(counts: ReadonlyMap<string, number>): Record<string, number> {
  return Object.fromEntries([...counts].sort(([one], [other]) => (one < other ? -1 : 1)));
}
