/** When the operations of an open loop are meant to start: at a steady rate, whatever has been
 *  answered. Latency counts from there, so that a system that stops answering is charged for every
 *  request that should have been sent meanwhile (Tene: "coordinated omission").
 *  Invariant: operation i is due at `startMs` + i / rate; none is left out.
 *  Not here: timers (open-loop.ts). */
import { assert } from '../core/errors.ts';

export class Arrivals {
  readonly #startMs: number;
  readonly #perMs: number;
  #begun = 0;

  constructor(startMs: number, perSecond: number) {
    assert(perSecond > 0, `a rate of ${perSecond} a second`);
    this.#startMs = startMs;
    this.#perMs = perSecond / 1_000;
  }

  /** How many are due and not begun. */
  backlog(nowMs: number): number {
    if (nowMs < this.#startMs) return 0;
    return Math.floor((nowMs - this.#startMs) * this.#perMs) + 1 - this.#begun;
  }

  /** Begins the next one; when it was meant to start. */
  begin(): number {
    const intendedMs = this.#startMs + this.#begun / this.#perMs;
    this.#begun += 1;
    return intendedMs;
  }

  /** When the next one is due. */
  get nextMs(): number {
    return this.#startMs + this.#begun / this.#perMs;
  }
}
