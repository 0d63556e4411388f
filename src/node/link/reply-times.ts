/** How long does one peer take to answer a read, of late? One request is timed at a time, so that
 *  timing costs nothing per request. Only reads are: a peer that is spared them still gets every
 *  write, and the time of its fsyncs would keep it spared.
 *  Invariants: the time is finite and not negative; it is at least the wait of the request that is
 *  timed now, so a peer that has stopped answering shows at once; without samples it halves every
 *  HALF_LIFE_MS, so a peer that was slow once is tried again. A refusal says nothing of how long an
 *  answer takes, so it is not among the times of which the high one is told.
 *  Not here: who is asked (coordinator/plan.ts), who is alive (core/membership). */
import { LatencyWindow } from '../../core/latency-window.ts';

export const HALF_LIFE_MS = 10_000;
/** Part of the difference by which one sample moves the mean. */
const SAMPLE_WEIGHT = 0.25;
/** What an error counts as: otherwise a peer that refuses everything at once would be the first to
 *  be asked. */
export const REFUSAL_MS = 100;

const NONE = 0;

export class ReplyTimes {
  readonly #window = new LatencyWindow();
  #meanMs = 0;
  #meanAtMs = 0;
  #hasSample = false;
  #timedId = NONE;
  #timedSinceMs = 0;

  /** A read was sent; `id` is above 0. */
  sent(id: number, nowMs: number): void {
    if (this.#timedId !== NONE) return;
    this.#timedId = id;
    this.#timedSinceMs = nowMs;
  }

  /** It was answered, or its time is up. */
  over(id: number, nowMs: number, isRefusal: boolean): void {
    if (id !== this.#timedId) return;
    this.#timedId = NONE;
    const waitedMs = nowMs - this.#timedSinceMs;
    if (!isRefusal) this.#window.add(waitedMs);
    const tookMs = Math.max(waitedMs, isRefusal ? REFUSAL_MS : 0);
    const meanMs = this.#hasSample ? this.#decayed(nowMs) : tookMs;
    this.#meanMs = meanMs + SAMPLE_WEIGHT * (tookMs - meanMs);
    this.#meanAtMs = nowMs;
    this.#hasSample = true;
  }

  /** What was sent will not be answered: the link is over. */
  drop(): void {
    this.#timedId = NONE;
  }

  /** 19 of 20 of late took no longer; 0 = too few to tell. */
  get highMs(): number {
    return this.#window.highMs;
  }

  latencyMs(nowMs: number): number {
    const meanMs = this.#decayed(nowMs);
    return this.#timedId === NONE ? meanMs : Math.max(meanMs, nowMs - this.#timedSinceMs);
  }

  #decayed(nowMs: number): number {
    return this.#meanMs * 2 ** ((this.#meanAtMs - nowMs) / HALF_LIFE_MS);
  }
}
