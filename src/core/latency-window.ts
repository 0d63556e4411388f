/** Within which time did nineteen of twenty of the last answers come? The times of the last
 *  WINDOW answers are kept, and looked through once in a while.
 *  Invariants: it holds WINDOW times and no more; the time it tells is one of those that it was
 *  given, and 0 before there were SAMPLES_MIN; a time is forgotten after WINDOW others.
 *  Not here: what is timed (node/link/reply-times.ts), what comes of it (node/coordinator). */

export const WINDOW = 64;
/** With fewer a single slow answer would be the high one. */
export const SAMPLES_MIN = 20;
/** The window is looked through anew after so many: sorting it costs more than a read may. */
export const SAMPLES_PER_LOOK = 8;
const HIGH_SHARE = 0.95;

export class LatencyWindow {
  readonly #times = new Float64Array(WINDOW);
  #count = 0;
  #highMs = 0;

  add(tookMs: number): void {
    this.#times[this.#count % WINDOW] = tookMs;
    this.#count += 1;
    if (this.#count < SAMPLES_MIN) return;
    if (this.#count === SAMPLES_MIN || this.#count % SAMPLES_PER_LOOK === 0) this.#look();
  }

  /** 0 = too few to tell. */
  get highMs(): number {
    return this.#highMs;
  }

  #look(): void {
    const sorted = this.#times.slice(0, Math.min(WINDOW, this.#count)).sort();
    this.#highMs = sorted[Math.ceil(HIGH_SHARE * sorted.length) - 1] ?? 0;
  }
}
