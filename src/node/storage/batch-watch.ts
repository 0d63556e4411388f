/** Does the engine come back from its batches? One that waits for a compaction that always fails,
 *  or for a disk that hangs, never tells: its node would take writes and acknowledge none.
 *  Invariants: a batch is given up only after it was found under way in several looks, each set by
 *  the one before: a process that stood still hears of a look that was due before it hears of what
 *  was written meanwhile; no timer is left once the batches are over.
 *  Not here: what follows (commit-queue.ts). */
import type { Clock, Timer } from '../../env/clock.ts';

const LOOKS = 4;

export class BatchWatch {
  /** Settles when a batch is given up. */
  readonly stuck: Promise<void>;
  isStuck = false;
  readonly #clock: Clock;
  readonly #intervalMs: number;
  #giveUp = (): void => {};
  #timer: Timer | undefined;
  /** Numbers the batches. */
  #batch = 0;
  #seenBatch = 0;
  #timesSeen = 0;

  /** A batch is given up when it has been under way for `timeoutMs`, or up to a quarter longer. */
  constructor(clock: Clock, timeoutMs: number) {
    this.#clock = clock;
    this.#intervalMs = timeoutMs / LOOKS;
    this.stuck = new Promise((resolve) => {
      this.#giveUp = resolve;
    });
  }

  /** The next batch is begun, with all that must come before it is written. */
  begin(): void {
    this.#batch += 1;
    if (this.#timer === undefined) this.#arm();
  }

  /** None is under way. */
  stop(): void {
    this.#timer?.cancel();
    this.#timer = undefined;
  }

  #arm(): void {
    this.#timer = this.#clock.setTimer(this.#intervalMs, () => this.#look());
  }

  #look(): void {
    this.#timer = undefined;
    this.#timesSeen = this.#seenBatch === this.#batch ? this.#timesSeen + 1 : 0;
    this.#seenBatch = this.#batch;
    if (this.#timesSeen < LOOKS) {
      this.#arm();
    } else {
      this.isStuck = true;
      this.#giveUp();
    }
  }
}
