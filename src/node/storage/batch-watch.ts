/** Does the engine come back from its batches? One that waits for a compaction that always fails,
 *  or for a disk that hangs, never tells: its node would take writes and acknowledge none.
 *  Invariants: a batch is given up only after it was found under way in several looks, one after
 *  the other: a process that stood still finds its looks due all at once, before it hears of what
 *  was written meanwhile. There is no timer where there is no batch, but for the last look.
 *  Not here: what follows (commit-queue.ts). */
import type { Clock, Timer } from '../../env/clock.ts';

const LOOKS = 4;

export class BatchWatch {
  readonly #clock: Clock;
  readonly #intervalMs: number;
  readonly #stuck: () => void;
  #timer: Timer | undefined;
  #isUnderWay = false;
  /** Numbers the batches. */
  #batch = 0;
  #seenBatch = 0;
  #timesSeen = 0;

  /** `stuck`: called once, when one batch has been under way for `timeoutMs` or up to a half
   *  longer. */
  constructor(clock: Clock, timeoutMs: number, stuck: () => void) {
    this.#clock = clock;
    this.#intervalMs = timeoutMs / LOOKS;
    this.#stuck = stuck;
  }

  begin(): void {
    this.#isUnderWay = true;
    this.#batch += 1;
    if (this.#timer === undefined) this.#arm();
  }

  end(): void {
    this.#isUnderWay = false;
  }

  /** No batch begins any more. */
  stop(): void {
    this.#timer?.cancel();
    this.#timer = undefined;
  }

  #arm(): void {
    this.#timer = this.#clock.setTimer(this.#intervalMs, () => this.#look());
  }

  #look(): void {
    this.#timer = undefined;
    if (!this.#isUnderWay) return;
    this.#timesSeen = this.#seenBatch === this.#batch ? this.#timesSeen + 1 : 0;
    this.#seenBatch = this.#batch;
    if (this.#timesSeen < LOOKS) this.#arm();
    else this.#stuck();
  }
}
