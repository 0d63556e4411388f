/** A node that is slow: it stands still for the first part of each period. The same for a process
 *  and for a node of this process. */
import type { Clock, Timer } from '../env/clock.ts';

const STILL_MS = 40;
const RUNNING_MS = 10;

/** What stands still and goes on. */
export interface Stoppable {
  stop(): void;
  goOn(): void;
}

export class DutyCycle {
  readonly #clock: Clock;
  readonly #body: Stoppable;
  #timer: Timer | undefined;
  #isOn = false;
  /** Counts ends: what was begun before one goes on with nothing after it. */
  #ends = 0;

  constructor(clock: Clock, body: Stoppable) {
    this.#clock = clock;
    this.#body = body;
  }

  start(): void {
    if (this.#isOn) return;
    this.#isOn = true;
    this.#standStill();
  }

  /** Goes on for good, and leaves no timer. Idempotent. */
  end(): void {
    if (!this.#isOn) return;
    this.#isOn = false;
    this.#ends += 1;
    this.#timer?.cancel();
    this.#body.goOn();
  }

  #standStill(): void {
    const ends = this.#ends;
    this.#body.stop();
    this.#timer = this.#clock.setTimer(STILL_MS, () => {
      this.#body.goOn();
      // A node of this process first does what has waited: that is not time in which it runs.
      this.#clock.defer(() => {
        if (ends !== this.#ends) return;
        this.#timer = this.#clock.setTimer(RUNNING_MS, () => this.#standStill());
      });
    });
  }
}
