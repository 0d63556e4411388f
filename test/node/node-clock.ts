/** One node's view of the clock that all share: its own wall clock, its own timers, and a death
 *  after which nothing of it runs any more. */
import type { Clock, Timer } from '../../src/env/clock.ts';
import type { ManualClock } from '../client/manual-clock.ts';
import { FrameGate } from './frame-gate.ts';

const WALL_MS_AT_ZERO = Date.UTC(2026, 0, 1);

export class NodeClock implements Clock {
  /** How far this node's wall clock is ahead of the others'. */
  skewMs = 0;
  /** While it holds, time goes on but nothing of the node runs: it was stopped. */
  readonly halt: FrameGate;
  readonly #world: ManualClock;
  readonly #timers = new Set<Timer>();
  #isDead = false;

  constructor(world: ManualClock, halt: FrameGate = new FrameGate()) {
    this.#world = world;
    this.halt = halt;
  }

  wallMs(): number {
    return WALL_MS_AT_ZERO + this.#world.monotonicMs() + this.skewMs;
  }

  monotonicMs(): number {
    return this.#world.monotonicMs();
  }

  setTimer(delayMs: number, callback: () => void): Timer {
    const inner = this.#world.setTimer(delayMs, () => {
      this.halt.pass(() => {
        // It may have been cancelled by what ran just before it.
        if (this.#timers.delete(timer) && !this.#isDead) callback();
      });
    });
    const timer: Timer = {
      cancel: () => {
        this.#timers.delete(timer);
        inner.cancel();
      },
    };
    this.#timers.add(timer);
    return timer;
  }

  defer(callback: () => void): void {
    this.#world.defer(() => {
      this.halt.pass(() => this.#isDead || callback());
    });
  }

  /** Timers set and not yet fired or cancelled. */
  get timerCount(): number {
    return this.#timers.size;
  }

  /** As kill -9: no callback runs from now on. */
  kill(): void {
    this.#isDead = true;
    for (const timer of [...this.#timers]) timer.cancel();
  }
}

/** Lets as little time pass as the promise needs. Throws what it rejects with. */
export async function settled<T>(
  world: ManualClock,
  promise: Promise<T>,
  withinMs = 120_000,
): Promise<T> {
  let isSettled = false;
  const watched = promise.finally(() => {
    isSettled = true;
  });
  watched.catch(() => {});
  await world.settle();
  for (let stepMs = 1, passedMs = 0; !isSettled && passedMs < withinMs; passedMs += stepMs) {
    stepMs = passedMs < 100 ? 1 : 25;
    await world.advance(stepMs);
  }
  if (!isSettled) throw new Error(`not settled after ${withinMs} ms of the test's own time`);
  return watched;
}
