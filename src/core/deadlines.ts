/** One timer for all the waits of a node or a client: a wait costs an entry in a queue, never a
 *  timer of its own.
 *  Invariants: a callback runs at most once, never early, never after `stop`; at most one timer
 *  is set. The timer is not moved when what it was set for is cancelled: it fires, finds nothing
 *  due and is set for the next.
 *  Not here: the order of what is due (deadline-queue.ts), time itself (the clock handed in). */
import type { DeadlineEntry } from './deadline-queue.ts';
import { DeadlineQueue } from './deadline-queue.ts';

/** The part of the clock port that is used. */
export interface DeadlineClock {
  monotonicMs(): number;
  setTimer(delayMs: number, callback: () => void): { cancel(): void };
}

export class Deadlines {
  readonly #clock: DeadlineClock;
  readonly #queue = new DeadlineQueue();
  #timer: { cancel(): void } | undefined;
  #timerAtMs = Number.POSITIVE_INFINITY;
  #isStopped = false;

  constructor(clock: DeadlineClock) {
    this.#clock = clock;
  }

  /** Monotonic: what every deadline is measured on. */
  nowMs(): number {
    return this.#clock.monotonicMs();
  }

  /** Calls back once at `dueMs` (monotonic) or soon after. */
  add(dueMs: number, callback: () => void): DeadlineEntry {
    const entry = this.#queue.add(dueMs, callback);
    if (dueMs < this.#timerAtMs) this.#arm(dueMs);
    return entry;
  }

  /** Idempotent, also after the callback ran. */
  cancel(entry: DeadlineEntry): void {
    this.#queue.cancel(entry);
  }

  /** Waits that have not ended. */
  get size(): number {
    return this.#queue.size;
  }

  /** Drops every wait. */
  stop(): void {
    this.#isStopped = true;
    this.#timer?.cancel();
    this.#timer = undefined;
  }

  #arm(dueMs: number): void {
    if (this.#isStopped) return;
    this.#timer?.cancel();
    this.#timerAtMs = dueMs;
    const delayMs = Math.max(0, dueMs - this.#clock.monotonicMs());
    this.#timer = this.#clock.setTimer(delayMs, () => this.#fire());
  }

  #fire(): void {
    this.#timer = undefined;
    this.#timerAtMs = Number.POSITIVE_INFINITY;
    // One reading of the clock: what a callback adds for a later time waits for the next turn.
    const nowMs = this.#clock.monotonicMs();
    for (;;) {
      const callback = this.#queue.takeDue(nowMs);
      if (callback === undefined) break;
      callback();
      if (this.#isStopped) return;
    }
    const { earliestMs } = this.#queue;
    if (earliestMs !== undefined && earliestMs < this.#timerAtMs) this.#arm(earliestMs);
  }
}
