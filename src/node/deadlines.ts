/** One timer for all the deadlines of a node: who waits adds an entry, who is answered cancels it.
 *  Invariants: a callback runs at most once, never before its time, never after `stop`.
 *  Not here: the order of what is due (core/deadline-queue.ts). */
import type { DeadlineEntry } from '../core/deadline-queue.ts';
import { DeadlineQueue } from '../core/deadline-queue.ts';
import type { Clock, Timer } from '../env/clock.ts';

export class Deadlines {
  readonly #clock: Clock;
  readonly #queue = new DeadlineQueue();
  #timer: Timer | undefined;
  #armedForMs = Number.POSITIVE_INFINITY;
  #isStopped = false;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Monotonic milliseconds: what every deadline in a node is measured on. */
  nowMs(): number {
    return this.#clock.monotonicMs();
  }

  /** Calls back once at `dueMs` or soon after. */
  add(dueMs: number, callback: () => void): DeadlineEntry {
    const entry = this.#queue.add(dueMs, callback);
    if (dueMs < this.#armedForMs) this.#arm(dueMs);
    return entry;
  }

  cancel(entry: DeadlineEntry): void {
    this.#queue.cancel(entry);
  }

  get size(): number {
    return this.#queue.size;
  }

  /** Drops every entry; later ones are never called. */
  stop(): void {
    this.#isStopped = true;
    this.#timer?.cancel();
    this.#timer = undefined;
  }

  #arm(dueMs: number): void {
    if (this.#isStopped) return;
    this.#timer?.cancel();
    this.#armedForMs = dueMs;
    const delayMs = Math.max(0, dueMs - this.#clock.monotonicMs());
    this.#timer = this.#clock.setTimer(delayMs, () => this.#fire());
  }

  #fire(): void {
    this.#timer = undefined;
    this.#armedForMs = Number.POSITIVE_INFINITY;
    for (;;) {
      const callback = this.#queue.takeDue(this.#clock.monotonicMs());
      if (callback === undefined) break;
      callback();
      if (this.#isStopped) return;
    }
    const { earliestMs } = this.#queue;
    if (earliestMs !== undefined && earliestMs < this.#armedForMs) this.#arm(earliestMs);
  }
}
