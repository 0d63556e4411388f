/** One timer for all the waits of a client: a request costs an entry in a queue, never a timer
 *  of its own.
 *  Invariants: a callback runs at most once, never early, never after `close`; at most one timer
 *  is set. The timer is not moved when what it was set for is cancelled: it fires, finds nothing
 *  due and is set for the next.
 *  Not here: the order of what is due (core/deadline-queue.ts). */
import type { DeadlineEntry } from '../core/deadline-queue.ts';
import { DeadlineQueue } from '../core/deadline-queue.ts';
import type { Clock, Timer } from '../env/clock.ts';

export class Deadlines {
  readonly #clock: Clock;
  readonly #queue = new DeadlineQueue();
  #timer: Timer | undefined;
  #timerAtMs = Number.POSITIVE_INFINITY;
  #isClosed = false;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

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

  close(): void {
    this.#isClosed = true;
    this.#timer?.cancel();
    this.#timer = undefined;
  }

  #arm(dueMs: number): void {
    if (this.#isClosed) return;
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
      if (this.#isClosed) return;
    }
    const { earliestMs } = this.#queue;
    if (earliestMs !== undefined && earliestMs < this.#timerAtMs) this.#arm(earliestMs);
  }
}
