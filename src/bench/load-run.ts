/** One client's part of a run: loads its share of the keys, warms up, measures.
 *  Not here: how clients are started and told (worker-protocol.ts), what is made of their results
 *  (run-report.ts). */
import type { Client } from '../client/types.ts';
import type { Clock } from '../env/clock.ts';
import { type LoadSlice, LoadSlices } from './load-slices.ts';
import { closedLoop, type LoopEnd, type LoopResult, openLoop } from './loops.ts';
import { Operations, type OperationsOptions } from './operations.ts';
import { Outcomes } from './outcomes.ts';

export type Pace =
  | { readonly kind: 'closed'; readonly inFlight: number }
  | { readonly kind: 'open'; readonly perSecond: number; readonly inFlightMax: number };

export interface LoadOptions extends OperationsOptions {
  readonly pace: Pace;
  readonly warmupSeconds: number;
  /** At least one of the two. */
  readonly seconds?: number;
  readonly operations?: number;
  /** In so many the measured part is told; default: 1. */
  readonly slices?: number;
}

export interface LoadResult {
  readonly elapsedSeconds: number;
  /** Of all slices. */
  readonly outcomes: Outcomes;
  readonly slices: readonly LoadSlice[];
  readonly unstarted: number;
}

/** What is told while it runs. */
export interface LoadProgress {
  readonly phase: 'load' | 'warm-up' | 'measure';
  /** In this phase. */
  readonly operations: number;
  readonly errors: number;
  /** Since the last report; null when there was nothing. */
  readonly p99Ms: number | null;
}

/** Puts in flight while keys are loaded. */
const LOADING = 64;

export class LoadRun {
  readonly #clock: Clock;
  readonly #options: LoadOptions;
  readonly #operations: Operations;
  #phase: LoadProgress['phase'] = 'load';
  /** Of this phase, for the progress. */
  #outcomes: readonly Outcomes[] = [];
  #loaded = 0;
  #isStopped = false;

  constructor(client: Client, clock: Clock, options: LoadOptions) {
    this.#clock = clock;
    this.#options = options;
    this.#operations = new Operations(client, clock, options);
  }

  /** Stores every key of which the number is its own. Errors: of the first write that failed. */
  async load(): Promise<void> {
    const { keys, client } = this.#options;
    let next = client.index;
    const lane = async (): Promise<void> => {
      while (next < keys && !this.#isStopped) {
        const key = next;
        next += client.count;
        await this.#operations.load(key);
        this.#loaded += 1;
      }
    };
    const lanes = await Promise.allSettled(Array.from({ length: LOADING }, lane));
    for (const outcome of lanes) if (outcome.status === 'rejected') throw outcome.reason;
  }

  async warmUp(): Promise<void> {
    const { warmupSeconds } = this.#options;
    const outcomes = new Outcomes();
    this.#begin('warm-up', [outcomes]);
    if (warmupSeconds === 0) return;
    const atMs = this.#clock.monotonicMs() + warmupSeconds * 1_000;
    await this.#loop({ atMs }, () => outcomes);
  }

  async measure(): Promise<LoadResult> {
    const { seconds, operations, slices: count = 1 } = this.#options;
    const startedMs = this.#clock.monotonicMs();
    const parts = new LoadSlices({ count, seconds, operations }, startedMs);
    this.#begin('measure', parts.all);
    const { unstarted } = await this.#loop(
      {
        ...(seconds === undefined ? {} : { atMs: startedMs + seconds * 1_000 }),
        ...(operations === undefined ? {} : { operations }),
      },
      (intendedMs) => parts.of(intendedMs),
    );
    const endMs = this.#clock.monotonicMs();
    const elapsedSeconds = (endMs - startedMs) / 1_000;
    return { elapsedSeconds, outcomes: parts.total(), slices: parts.slices(endMs), unstarted };
  }

  /** What is in flight is waited for. */
  stop(): void {
    this.#isStopped = true;
  }

  progress(): LoadProgress {
    const sum = (of: (part: Outcomes) => number): number =>
      this.#outcomes.reduce((total, part) => total + of(part), 0);
    const recent = this.#outcomes.map((part) => part.takeRecentP99Ms() ?? 0);
    const p99Ms = Math.max(0, ...recent);
    return {
      phase: this.#phase,
      operations: this.#phase === 'load' ? this.#loaded : sum(({ operations }) => operations),
      errors: sum(({ errorCount }) => errorCount),
      p99Ms: p99Ms === 0 ? null : p99Ms,
    };
  }

  #begin(phase: LoadProgress['phase'], outcomes: readonly Outcomes[]): void {
    this.#phase = phase;
    this.#outcomes = outcomes;
  }

  #loop(
    end: Omit<LoopEnd, 'isStopped'>,
    outcomesOf: (intendedMs: number) => Outcomes,
  ): Promise<LoopResult> {
    const { pace } = this.#options;
    const begin = (intendedMs: number) =>
      this.#operations.perform(intendedMs, outcomesOf(intendedMs));
    const until = { ...end, isStopped: () => this.#isStopped };
    return pace.kind === 'closed'
      ? closedLoop(this.#clock, pace.inFlight, until, begin)
      : openLoop(this.#clock, pace, until, begin);
  }
}
