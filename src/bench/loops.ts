/** When operations start.
 *  A closed loop keeps so many in flight: it measures throughput, and its latencies are those of a
 *  system that is always full. An open loop starts them at a rate, answered or not; each counts
 *  from when it was meant to start (arrivals.ts).
 *  Invariants: a loop settles after everything that it began has ended; of several failures the
 *  first rejects it and nothing is begun after one; no timer is left.
 *  Not here: what is asked (operations.ts). */
import type { Clock, Timer } from '../env/clock.ts';
import { Arrivals } from './arrivals.ts';

export interface LoopEnd {
  /** Nothing is begun from here on. */
  readonly atMs?: number;
  /** So many are begun. */
  readonly operations?: number;
  /** Asked before each one. */
  readonly isStopped: () => boolean;
}

/** Begins one operation, with the time from which it counts. */
export type Begin = (intendedMs: number) => Promise<void>;

export interface LoopResult {
  readonly begun: number;
  /** Due before the end and never begun, because as many as were allowed were in flight. */
  readonly unstarted: number;
}

export async function closedLoop(
  clock: Clock,
  inFlight: number,
  end: LoopEnd,
  begin: Begin,
): Promise<LoopResult> {
  const { atMs = Number.POSITIVE_INFINITY, operations = Number.POSITIVE_INFINITY } = end;
  let begun = 0;
  let hasFailed = false;
  const lane = async (): Promise<void> => {
    while (begun < operations && !hasFailed && !end.isStopped()) {
      const nowMs = clock.monotonicMs();
      if (nowMs >= atMs) return;
      begun += 1;
      try {
        await begin(nowMs);
      } catch (error) {
        hasFailed = true;
        throw error;
      }
    }
  };
  const lanes = await Promise.allSettled(Array.from({ length: inFlight }, lane));
  for (const outcome of lanes) if (outcome.status === 'rejected') throw outcome.reason;
  return { begun, unstarted: 0 };
}

export interface OpenPace {
  readonly perSecond: number;
  /** What is due beyond waits, and its latency grows meanwhile. */
  readonly inFlightMax: number;
}

export function openLoop(
  clock: Clock,
  pace: OpenPace,
  end: LoopEnd,
  begin: Begin,
): Promise<LoopResult> {
  return new Promise((resolve, reject) => {
    new OpenLoop(clock, pace, end, begin, { resolve, reject }).pump();
  });
}

class OpenLoop {
  readonly #clock: Clock;
  readonly #pace: OpenPace;
  readonly #end: LoopEnd;
  readonly #begin: Begin;
  readonly #settle: { resolve(result: LoopResult): void; reject(error: unknown): void };
  readonly #arrivals: Arrivals;
  #timer: Timer | undefined;
  #inFlight = 0;
  #begun = 0;
  #unstarted = 0;
  #isOver = false;
  #failure: { readonly error: unknown } | undefined;

  constructor(
    clock: Clock,
    pace: OpenPace,
    end: LoopEnd,
    begin: Begin,
    settle: { resolve(result: LoopResult): void; reject(error: unknown): void },
  ) {
    this.#clock = clock;
    this.#pace = pace;
    this.#end = end;
    this.#begin = begin;
    this.#settle = settle;
    this.#arrivals = new Arrivals(clock.monotonicMs(), pace.perSecond);
  }

  pump(): void {
    const { atMs = Number.POSITIVE_INFINITY, operations = Number.POSITIVE_INFINITY } = this.#end;
    const nowMs = this.#clock.monotonicMs();
    const dueMs = Math.min(nowMs, atMs);
    while (!this.#isOver) {
      const hasMore = this.#begun < operations && this.#arrivals.nextMs < atMs;
      const isDue = hasMore && this.#arrivals.nextMs <= dueMs;
      if (this.#end.isStopped() || !hasMore) {
        this.#isOver = true;
      } else if (isDue && this.#inFlight < this.#pace.inFlightMax) {
        this.#start();
      } else if (nowMs >= atMs) {
        // What is due and does not fit in is never begun, and told.
        this.#unstarted = Math.min(this.#arrivals.backlog(atMs), operations - this.#begun);
        this.#isOver = true;
      } else {
        this.#arm(nowMs, atMs);
        return;
      }
    }
    this.#timer?.cancel();
    this.#finish();
  }

  #start(): void {
    this.#begun += 1;
    this.#inFlight += 1;
    this.#begin(this.#arrivals.begin()).then(
      () => this.#ended(),
      (error: unknown) => {
        this.#failure ??= { error };
        this.#isOver = true;
        this.#ended();
      },
    );
  }

  #ended(): void {
    this.#inFlight -= 1;
    this.pump();
  }

  /** Full: the next end or the end of time calls. Otherwise the next one's due time. */
  #arm(nowMs: number, atMs: number): void {
    if (this.#timer !== undefined) return;
    const isFull = this.#inFlight >= this.#pace.inFlightMax;
    const wakeMs = isFull ? Math.min(atMs, nowMs + FULL_POLL_MS) : this.#arrivals.nextMs;
    this.#timer = this.#clock.setTimer(Math.max(0, wakeMs - nowMs), () => {
      this.#timer = undefined;
      this.pump();
    });
  }

  #finish(): void {
    if (this.#inFlight > 0) return;
    if (this.#failure === undefined) {
      this.#settle.resolve({ begun: this.#begun, unstarted: this.#unstarted });
    } else {
      this.#settle.reject(this.#failure.error);
    }
  }
}

/** How long a loop that is full goes without looking whether it was stopped. */
const FULL_POLL_MS = 100;
