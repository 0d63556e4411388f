/** The clock of a node that can stand still. Time goes on meanwhile, so that the node notices its
 *  pause; its timers and deferred turns wait for the gate. */
import type { Clock, Timer } from '../../env/clock.ts';
import type { Gate } from './gate.ts';

export class GatedClock implements Clock {
  readonly #clock: Clock;
  readonly #gate: Gate;

  constructor(clock: Clock, gate: Gate) {
    this.#clock = clock;
    this.#gate = gate;
  }

  wallMs(): number {
    return this.#clock.wallMs();
  }

  monotonicMs(): number {
    return this.#clock.monotonicMs();
  }

  setTimer(delayMs: number, callback: () => void): Timer {
    let isCancelled = false;
    const timer = this.#clock.setTimer(delayMs, () =>
      this.#gate.fire(() => {
        // Another one that waited may have cancelled it.
        if (!isCancelled) callback();
      }),
    );
    return {
      cancel: () => {
        isCancelled = true;
        timer.cancel();
      },
    };
  }

  defer(callback: () => void): void {
    this.#clock.defer(() => this.#gate.enter(callback));
  }
}
