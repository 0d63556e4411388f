/** One wait at a time, for what is done again and again or not before long.
 *  Invariants: at most one wait is set; nothing is called after `stop`.
 *  Not here: time itself (deadlines.ts). */
import type { DeadlineEntry } from './deadline-queue.ts';
import type { Deadlines } from './deadlines.ts';

export class Alarm {
  readonly #deadlines: Deadlines;
  readonly #callback: () => void;
  #entry: DeadlineEntry | undefined;
  #isStopped = false;

  constructor(deadlines: Deadlines, callback: () => void) {
    this.#deadlines = deadlines;
    this.#callback = callback;
  }

  /** Calls back after `delayMs`. One that is set already stays as it is. */
  set(delayMs: number): void {
    if (this.#isStopped || this.#entry !== undefined) return;
    this.#entry = this.#deadlines.add(this.#deadlines.nowMs() + delayMs, () => {
      this.#entry = undefined;
      this.#callback();
    });
  }

  /** For good. */
  stop(): void {
    this.#isStopped = true;
    if (this.#entry !== undefined) this.#deadlines.cancel(this.#entry);
    this.#entry = undefined;
  }
}
