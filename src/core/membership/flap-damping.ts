/** Does a member go and come so often that its being back means little?
 *  One rule: more than three returns from DOWN within ten minutes, and it is avoided until two
 *  minutes after the last of them.
 *  Invariants: the times that are kept are bounded by the rule; the start of damping is told once.
 *  Not here: what avoiding means (failure-detector.ts).
 *  Source: Villamizar, Chandra, Govindan 1998 (RFC 2439), reduced to one threshold. */
import type { FlapOptions } from './detector-options.ts';

export class FlapDamping {
  readonly #options: FlapOptions;
  /** Of the newest returns, oldest first; `cyclesMax` + 1 at most. */
  readonly #returnsMs: number[] = [];
  #dampedUntilMs = Number.NEGATIVE_INFINITY;

  constructor(options: FlapOptions) {
    this.#options = options;
  }

  /** The member came back from DOWN. True when it begins to be damped by this. */
  returned(nowMs: number): boolean {
    const { cyclesMax, windowMs, dampedMs } = this.#options;
    this.#returnsMs.push(nowMs);
    if (this.#returnsMs.length > cyclesMax + 1) this.#returnsMs.shift();
    const [firstMs] = this.#returnsMs;
    if (this.#returnsMs.length <= cyclesMax || firstMs === undefined) return false;
    if (nowMs - firstMs > windowMs) return false;
    const wasDamped = this.isDamped(nowMs);
    this.#dampedUntilMs = nowMs + dampedMs;
    return !wasDamped;
  }

  isDamped(nowMs: number): boolean {
    return nowMs < this.#dampedUntilMs;
  }
}
