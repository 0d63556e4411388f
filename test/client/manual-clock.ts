/** A clock that moves when a test says so. */
import type { Clock, Timer } from '../../src/env/clock.ts';

interface Alarm {
  readonly atMs: number;
  readonly callback: () => void;
}

export class ManualClock implements Clock {
  #nowMs = 1_000;
  readonly #alarms = new Set<Alarm>();
  #deferred: (() => void)[] = [];
  timersSet = 0;

  wallMs(): number {
    return 1_700_000_000_000 + this.#nowMs;
  }

  monotonicMs(): number {
    return this.#nowMs;
  }

  setTimer(delayMs: number, callback: () => void): Timer {
    const alarm = { atMs: this.#nowMs + delayMs, callback };
    this.#alarms.add(alarm);
    this.timersSet += 1;
    return { cancel: () => this.#alarms.delete(alarm) };
  }

  defer(callback: () => void): void {
    this.#deferred.push(callback);
  }

  /** Timers set and not yet fired or cancelled. */
  get timerCount(): number {
    return this.#alarms.size;
  }

  get deferredCount(): number {
    return this.#deferred.length;
  }

  /** Runs everything that is ready without letting time pass. */
  async settle(): Promise<void> {
    do {
      const ready = this.#deferred;
      this.#deferred = [];
      for (const callback of ready) callback();
      await new Promise((resolve) => setImmediate(resolve));
    } while (this.#deferred.length > 0);
  }

  /** Lets time pass, alarm by alarm. */
  async advance(durationMs: number): Promise<void> {
    const untilMs = this.#nowMs + durationMs;
    await this.settle();
    for (;;) {
      const next = [...this.#alarms].sort((a, b) => a.atMs - b.atMs)[0];
      if (next === undefined || next.atMs > untilMs) break;
      this.#nowMs = Math.max(this.#nowMs, next.atMs);
      this.#alarms.delete(next);
      next.callback();
      await this.settle();
    }
    this.#nowMs = untilMs;
  }
}
