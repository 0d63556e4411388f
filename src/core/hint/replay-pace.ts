/** When may the hints for one member go to it? Once it has been up for a while, so that one that
 *  comes and goes is not met with everything at once; after a failure later and later.
 *  Invariants: a pause is between half of and the whole step, steps double from the least to the
 *  longest, and a delivered page begins anew; a member that asked for a pause gets at least that.
 *  Not here: who is up (node/handoff), how fast a receiver takes what comes (token-bucket.ts).
 *  Source: Amazon's "Exponential Backoff and Jitter". */

export interface ReplayPaceOptions {
  /** Up for so long, and up to a quarter more. */
  readonly settleMs: number;
  readonly retryMinMs: number;
  readonly retryMaxMs: number;
}

export type ReplayPhase = 'waiting' | 'settling' | 'paused' | 'ready';

export class ReplayPace {
  readonly #options: ReplayPaceOptions;
  readonly #random: () => number;
  #readyAtMs: number | undefined;
  #pausedUntilMs = 0;
  #failures = 0;

  /** `random`: 0 <= x < 1. */
  constructor(options: ReplayPaceOptions, random: () => number) {
    this.#options = options;
    this.#random = random;
  }

  /** `isUp`: alive, and its link works. Times are monotonic. */
  look(nowMs: number, isUp: boolean): ReplayPhase {
    if (!isUp) {
      this.#readyAtMs = undefined;
      return 'waiting';
    }
    this.#readyAtMs ??= nowMs + this.#options.settleMs * (1 + this.#random() / 4);
    if (nowMs < this.#readyAtMs) return 'settling';
    return nowMs < this.#pausedUntilMs ? 'paused' : 'ready';
  }

  delivered(): void {
    this.#failures = 0;
  }

  /** `askedMs`: what the member itself asked for. */
  failed(nowMs: number, askedMs = 0): void {
    const { retryMinMs, retryMaxMs } = this.#options;
    const stepMs = Math.min(retryMaxMs, retryMinMs * 2 ** Math.min(this.#failures, 30));
    this.#failures += 1;
    const pauseMs = stepMs * (0.5 + this.#random() / 2);
    this.#pausedUntilMs = nowMs + Math.max(pauseMs, Math.min(askedMs, retryMaxMs));
  }
}
