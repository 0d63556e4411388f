/** Was it this node that stood still? Who did not listen cannot say that nobody spoke.
 *  A beat of this node that comes late shows a pause (garbage collection, SIGSTOP, a machine
 *  without CPU): silence is not held against anybody for twice the pause. Local health counts
 *  reasons to doubt oneself, 0 (none) to 7; it makes this node slower to convict.
 *  Invariants: health stays in its range; a pause is found once, by the beat or by what is heard
 *  before it; the time of ignoring is bounded and only gets longer while it lasts.
 *  Not here: timers (node); the silence of others (phi-accrual.ts).
 *  Source: Dadgar, Phillips, Currey 2018 (Lifeguard) §4, local health multiplier. */
import { assert } from '../errors.ts';
import type { LocalPauseOptions } from './detector-options.ts';

export class LocalPause {
  readonly #options: LocalPauseOptions;
  #beatMs: number;
  #pauseEndMs = Number.NEGATIVE_INFINITY;
  #ignoreUntilMs = Number.NEGATIVE_INFINITY;
  #health = 0;
  #healthChangedMs: number;

  constructor(options: LocalPauseOptions, nowMs: number) {
    assert(Number.isFinite(nowMs), `time ${nowMs} is no number`);
    this.#options = options;
    this.#beatMs = nowMs;
    this.#healthChangedMs = nowMs;
  }

  /** To be called every `beatMs`. Returns the length of the pause that this beat shows, or 0. */
  beat(nowMs: number): number {
    const pauseMs = this.notice(nowMs);
    this.#beatMs = nowMs;
    if (nowMs - this.#healthChangedMs >= this.#options.healthRecoverMs) this.improve(nowMs);
    return pauseMs;
  }

  /** To be called with what is heard: after a pause that can be earlier than the beat. */
  notice(nowMs: number): number {
    const { beatMs, lateMsMax, ignoreFactor, ignoreMsMax } = this.#options;
    const pauseMs = nowMs - this.#beatMs - beatMs;
    if (pauseMs <= lateMsMax) return 0;
    this.#beatMs = nowMs;
    this.#pauseEndMs = nowMs;
    const ignoreMs = Math.min(ignoreFactor * pauseMs, ignoreMsMax);
    this.#ignoreUntilMs = Math.max(this.#ignoreUntilMs, nowMs + ignoreMs);
    this.worsen(nowMs);
    return pauseMs;
  }

  /** Is the silence of others to be ignored. */
  isIgnoring(nowMs: number): boolean {
    return nowMs < this.#ignoreUntilMs;
  }

  /** End of the last pause; minus infinity when there was none. */
  get pauseEndMs(): number {
    return this.#pauseEndMs;
  }

  /** 0 = no reason to doubt oneself, up to `healthMax`. */
  get health(): number {
    return this.#health;
  }

  worsen(nowMs: number): void {
    this.#health = Math.min(this.#health + 1, this.#options.healthMax);
    this.#healthChangedMs = nowMs;
  }

  improve(nowMs: number): void {
    this.#health = Math.max(this.#health - 1, 0);
    this.#healthChangedMs = nowMs;
  }
}
