/** May something that costs so much begin now, or when? A rate with some room for bursts.
 *  Invariants: what begins within any span costs no more than rate x span + burst, and one item
 *  more; whoever takes first begins first; a single item is let through whatever it costs, and
 *  those after it wait for it.
 *  Not here: waiting (node/replica/receive-budget.ts).
 *  Source: the generic cell rate algorithm, ITU-T I.371: one number, the time at which all that
 *  was taken is paid for. */

export interface TokenBucketOptions {
  /** Tokens that come in each second. */
  readonly perSecond: number;
  /** Tokens that are there after a quiet time. */
  readonly burst: number;
}

export class TokenBucket {
  readonly #perMs: number;
  readonly #burstMs: number;
  #paidAtMs = Number.NEGATIVE_INFINITY;

  constructor({ perSecond, burst }: TokenBucketOptions) {
    this.#perMs = perSecond / 1_000;
    this.#burstMs = burst / this.#perMs;
  }

  /** How long the next one has to wait, ms. Times are monotonic. */
  waitMs(nowMs: number): number {
    return Math.max(0, this.#paidAtMs - this.#burstMs - nowMs);
  }

  /** It begins after the wait that is returned, ms. */
  take(tokens: number, nowMs: number): number {
    const waitMs = this.waitMs(nowMs);
    this.#paidAtMs = Math.max(nowMs, this.#paidAtMs) + tokens / this.#perMs;
    return waitMs;
  }
}
