/** One client's part of a run: loads its share of the keys, warms up, measures.
 *  Not here: how clients are started and told (worker-protocol.ts), what is made of their results
 *  (run-report.ts). */
import type { Client } from '../client/types.ts';
import type { Clock } from '../env/clock.ts';
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
}

export interface LoadResult {
  readonly elapsedSeconds: number;
  readonly outcomes: Outcomes;
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
  #outcomes = new Outcomes();
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
    this.#begin('warm-up');
    if (warmupSeconds === 0) return;
    await this.#loop({ atMs: this.#clock.monotonicMs() + warmupSeconds * 1_000 });
  }

  async measure(): Promise<LoadResult> {
    const { seconds, operations } = this.#options;
    const outcomes = this.#begin('measure');
    const startedMs = this.#clock.monotonicMs();
    const { unstarted } = await this.#loop({
      ...(seconds === undefined ? {} : { atMs: startedMs + seconds * 1_000 }),
      ...(operations === undefined ? {} : { operations }),
    });
    const elapsedSeconds = (this.#clock.monotonicMs() - startedMs) / 1_000;
    return { elapsedSeconds, outcomes, unstarted };
  }

  /** What is in flight is waited for. */
  stop(): void {
    this.#isStopped = true;
  }

  progress(): LoadProgress {
    const { operations, errorCount } = this.#outcomes;
    return {
      phase: this.#phase,
      operations: this.#phase === 'load' ? this.#loaded : operations,
      errors: errorCount,
      p99Ms: this.#outcomes.takeRecentP99Ms(),
    };
  }

  #begin(phase: LoadProgress['phase']): Outcomes {
    this.#phase = phase;
    this.#outcomes = new Outcomes();
    return this.#outcomes;
  }

  #loop(end: Omit<LoopEnd, 'isStopped'>): Promise<LoopResult> {
    const { pace } = this.#options;
    const outcomes = this.#outcomes;
    const begin = (intendedMs: number) => this.#operations.perform(intendedMs, outcomes);
    const until = { ...end, isStopped: () => this.#isStopped };
    return pace.kind === 'closed'
      ? closedLoop(this.#clock, pace.inFlight, until, begin)
      : openLoop(this.#clock, pace, until, begin);
  }
}
