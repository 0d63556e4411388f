/** What time does one process think it is, and when do its timers fire? A clock of its own per
 *  process: offset, drift and jumps of the wall, pauses of the whole process, and its death.
 *  Invariants: the monotonic clock never goes back; nothing of a paused process runs until it
 *  resumes, and then what is due runs in the order in which it was due; nothing of a dead process
 *  ever runs again.
 *  Not here: which faults happen when (sim/faults). */
import type { Clock, Timer } from '../../env/clock.ts';
import type { Kernel, Scheduled } from './kernel.ts';

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
  #isPaused = false;
  /** Steps that wait, because the process stands still or is slow. */
  #waiting: (() => void)[] = [];
  #isTurnSet = false;
  /** Each step of the process takes this long. */
  #slownessUs = 0;

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
    const timer = new ClockTimer(callback);
    // Never early: who finds that it is not time yet would set the same timer for ever.
    const delayUs = Math.ceil((delayMs * US_PER_MS) / this.#rate);
    timer.event = this.#kernel.schedule(delayUs, this.#source, () => {
      this.enter(() => timer.run());
    });
    return timer;
  }

  defer(callback: () => void): void {
    this.#kernel.schedule(0, this.#source, () => this.enter(callback));
  }

  get isDead(): boolean {
    return this.#isDead;
  }

  get isPaused(): boolean {
    return this.#isPaused;
  }

  /** Runs the callback as a step of this process: at once when it is idle, in its turn while it is
   *  paused or slow, never once it is dead. For what comes from outside: frames, answers of the
   *  disk. */
  enter(callback: () => void): void {
    if (this.#isDead) return;
    const isIdle = !this.#isPaused && this.#slownessUs === 0 && this.#waiting.length === 0;
    if (isIdle) {
      callback();
      return;
    }
    this.#waiting.push(callback);
    this.#setTurn();
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
    this.#isPaused = true;
  }

  resume(): void {
    this.#isPaused = false;
    this.#setTurn();
  }

  /** For good: as kill -9. */
  kill(): void {
    this.#isDead = true;
    this.#waiting = [];
  }

  #localUs(sinceUs: number): number {
    return (this.#kernel.nowUs - sinceUs) * this.#rate;
  }

  /** One step after the other, in the order in which they came. */
  #setTurn(): void {
    if (this.#isTurnSet || this.#isPaused || this.#waiting.length === 0) return;
    this.#isTurnSet = true;
    this.#kernel.schedule(this.#slownessUs, this.#source, () => {
      this.#isTurnSet = false;
      if (this.#isDead || this.#isPaused) return;
      const next = this.#waiting.shift();
      this.#setTurn();
      next?.();
    });
  }
}

/** A timer may be cancelled after its event too, while its process stands still. */
class ClockTimer implements Timer {
  event: Scheduled | undefined;
  #callback: (() => void) | undefined;

  constructor(callback: () => void) {
    this.#callback = callback;
  }

  run(): void {
    this.#callback?.();
  }

  cancel(): void {
    this.#callback = undefined;
    this.event?.cancel();
  }
}
