/** One setting of a matrix in one client process: its load and, beside it, the probe of staleness,
 *  in slices; and a timeline of what succeeds while a node is at fault.
 *  Invariant: both are at work at the same time, so that throughput, latency and staleness are of
 *  one cluster under one load.
 *  Not here: the order of slices and settings (run-quorum.ts). */
import type { Client } from '../../client/types.ts';
import type { Clock } from '../../env/clock.ts';
import { type LoadOptions, LoadRun } from '../load-run.ts';
import { openLoop } from '../loops.ts';
import { Operations } from '../operations.ts';
import { type EncodedOutcomes, type ErrorCounts, Outcomes } from '../outcomes.ts';
import { type EncodedFreshness, FreshnessCounts } from './freshness-counts.ts';
import { FreshnessProbe } from './freshness-probe.ts';

export interface CellOptions {
  /** `seconds` are those of a slice. */
  readonly load: LoadOptions;
  /** Keys that are written and read for staleness at the same time. */
  readonly lanes: number;
}

export interface EncodedSlice {
  readonly load: {
    readonly elapsedSeconds: number;
    readonly outcomes: EncodedOutcomes;
    readonly unstarted: number;
  };
  readonly freshness: EncodedFreshness;
  readonly probeErrors: ErrorCounts;
}

export interface TimelineOptions {
  readonly seconds: number;
  readonly sliceSeconds: number;
  /** Operations that start, answered or not. */
  readonly perSecond: number;
}

/** Of the operations that were meant to start in one slice of time. */
export interface TimelineSlice {
  readonly succeeded: number;
  readonly failed: number;
  /** Of those that succeeded; null: none did. */
  readonly p99Ms: number | null;
}

export type Timeline = readonly TimelineSlice[];

/** Beyond, what is due waits. */
const IN_FLIGHT_MAX = 1_024;

export class QuorumCell {
  readonly #clock: Clock;
  readonly #run: LoadRun;
  readonly #timed: Operations;
  readonly #freshness: FreshnessProbe;
  #isStopped = false;

  constructor(client: Client, reader: Client, clock: Clock, options: CellOptions) {
    const { load, lanes } = options;
    this.#clock = clock;
    this.#run = new LoadRun(client, clock, load);
    // A write that had to read first would fail when only reads do.
    this.#timed = new Operations(client, clock, { ...load, update: 'overwrite' });
    this.#freshness = new FreshnessProbe(client, reader, clock, { ...load, lanes });
  }

  load(): Promise<void> {
    return this.#run.load();
  }

  async slice(): Promise<EncodedSlice> {
    const counts = new FreshnessCounts();
    const probed = new Outcomes();
    let isOver = false;
    const isProbeOver = (): boolean => isOver || this.#isStopped;
    const load = this.#run.measure().finally(() => {
      isOver = true;
    });
    const parts = await Promise.allSettled([
      load,
      this.#freshness.run(isProbeOver, { counts, outcomes: probed }),
    ]);
    for (const part of parts) if (part.status === 'rejected') throw part.reason;
    const { elapsedSeconds, outcomes, unstarted } = await load;
    return {
      load: { elapsedSeconds, outcomes: outcomes.encode(), unstarted },
      freshness: counts.encode(),
      probeErrors: probed.errors,
    };
  }

  async timeline({ seconds, sliceSeconds, perSecond }: TimelineOptions): Promise<Timeline> {
    const startedMs = this.#clock.monotonicMs();
    const slices = Array.from({ length: Math.ceil(seconds / sliceSeconds) }, () => new Outcomes());
    const begin = (intendedMs: number): Promise<void> => {
      const at = Math.floor((intendedMs - startedMs) / (sliceSeconds * 1_000));
      const outcomes = slices[Math.min(slices.length - 1, Math.max(0, at))];
      return this.#timed.perform(intendedMs, outcomes ?? new Outcomes());
    };
    const end = { atMs: startedMs + seconds * 1_000, isStopped: () => this.#isStopped };
    await openLoop(this.#clock, { perSecond, inFlightMax: IN_FLIGHT_MAX }, end, begin);
    return slices.map((slice) => ({
      succeeded: slice.succeeded,
      failed: slice.errorCount,
      p99Ms: slice.takeRecentP99Ms(),
    }));
  }

  stop(): void {
    this.#isStopped = true;
    this.#run.stop();
  }
}
