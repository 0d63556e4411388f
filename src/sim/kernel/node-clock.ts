/** What time does one process think it is, and when do its timers fire? A clock of its own per
 *  process: offset, drift and jumps of the wall, pauses of the whole process, and its death.
 *  Invariants: the monotonic clock never goes back; nothing of a paused process runs until it
 *  resumes, and then what is due runs in the order in which it was due; nothing of a dead process
 *  ever runs again.
 *  Not here: which faults happen when (sim/faults). */
import type { Clock, Timer } from '../../env/clock.ts';
import type { Kernel } from './kernel.ts';

/** 2026-01-01T00:00:00Z: where virtual time begins on the wall. */
export const WALL_START_MS = 1_767_225_600_000;
const US_PER_MS = 1_000;
const PARTS_PER_MILLION = 1_000_000;

export interface ClockFault {
  /** Of the wall clock. */
  readonly offsetMs: number;
  /** Of both clocks, in parts per million; -500 to 500 is what hardware does. */
  readonly driftPpm: number;
}

export class NodeClock implements Clock {
  readonly #kernel: Kernel;
  readonly #source: string;
  readonly #startedUs: number;
  #offsetMs: number;
  readonly #rate: number;
  #isDead = false;
  /** What came due during a pause; undefined while the process runs. */
  #held: (() => void)[] | undefined;
  /** Each step of the process takes this much longer, in microseconds. */
  #slownessUs = 0;
  #busyUntilUs = 0;

  constructor(kernel: Kernel, source: string, fault: ClockFault = { offsetMs: 0, driftPpm: 0 }) {
    this.#kernel = kernel;
    this.#source = source;
    this.#startedUs = kernel.nowUs;
    this.#offsetMs = fault.offsetMs;
    this.#rate = 1 + fault.driftPpm / PARTS_PER_MILLION;
  }

  wallMs(): number {
    return Math.floor(WALL_START_MS + this.#offsetMs + this.#localUs(0) / US_PER_MS);
  }

  monotonicMs(): number {
    return this.#localUs(this.#startedUs) / US_PER_MS;
  }

  setTimer(delayMs: number, callback: () => void): Timer {
    return this.#set((delayMs * US_PER_MS) / this.#rate, callback);
  }

  defer(callback: () => void): void {
    this.#set(0, callback);
  }

  get isDead(): boolean {
    return this.#isDead;
  }

  get isPaused(): boolean {
    return this.#held !== undefined;
  }

  /** Runs the callback as a step of this process: later while it is paused or slow, never once it is
   *  dead. For what comes from outside: frames, answers of the disk. */
  enter(callback: () => void): void {
    if (this.#isDead) return;
    if (this.#held !== undefined) {
      this.#held.push(callback);
      return;
    }
    if (this.#slownessUs === 0) {
      callback();
      return;
    }
    const startsUs = Math.max(this.#kernel.nowUs, this.#busyUntilUs);
    this.#busyUntilUs = startsUs + this.#slownessUs;
    this.#kernel.schedule(this.#busyUntilUs - this.#kernel.nowUs, this.#source, () => {
      this.#runOrHold(callback);
    });
  }

  /** Moves the wall clock; the monotonic one goes on as it was. */
  jump(byMs: number): void {
    this.#offsetMs += byMs;
  }

  /** Every step takes this long from now on; 0 ends it. */
  slow(perStepUs: number): void {
    this.#slownessUs = perStepUs;
  }

  pause(): void {
    this.#held ??= [];
  }

  resume(): void {
    const held = this.#held;
    this.#held = undefined;
    for (const callback of held ?? []) {
      this.#kernel.schedule(0, this.#source, () => this.#runOrHold(callback));
    }
  }

  /** For good: as kill -9. */
  kill(): void {
    this.#isDead = true;
    this.#held = undefined;
  }

  #localUs(sinceUs: number): number {
    return (this.#kernel.nowUs - sinceUs) * this.#rate;
  }

  #set(delayUs: number, callback: () => void): Timer {
    let isCancelled = false;
    const event = this.#kernel.schedule(delayUs, this.#source, () => {
      this.enter(() => {
        if (!isCancelled) callback();
      });
    });
    return {
      cancel: () => {
        isCancelled = true;
        event.cancel();
      },
    };
  }

  #runOrHold(callback: () => void): void {
    if (this.#isDead) return;
    if (this.#held === undefined) callback();
    else this.#held.push(callback);
  }
}
