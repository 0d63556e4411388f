/** How long may an accused member take to answer before it is held to be down?
 *  One accuser may be the sick one, so it waits longest; each further one who came to the same by
 *  itself shortens the time, the first by most. A sick accuser waits longer still.
 *  Invariants: the time lies between floor and ceiling, times 1 + local health; it never gets
 *  longer by another accuser; accusers are counted once and bounded.
 *  Not here: who accuses (failure-detector.ts), what is said of whom (member-record.ts).
 *  Source: Dadgar, Phillips, Currey 2018 (Lifeguard) §4, local health aware suspicion. */

import { naturalLogarithm } from '../logarithm.ts';
import type { SuspicionOptions } from './detector-options.ts';

/** Milliseconds, `floorMs` times max(1, log10 N). */
export function suspicionFloorMs(floorMs: number, memberCount: number): number {
  return memberCount <= 10 ? floorMs : (floorMs * naturalLogarithm(memberCount)) / Math.LN10;
}

export interface SuspicionStart {
  readonly startMs: number;
  /** Members that are not down, this node and the accused included. */
  readonly memberCount: number;
}

export class Suspicion {
  readonly #startMs: number;
  readonly #floorMs: number;
  readonly #ceilingMs: number;
  /** Accusers beyond the first that there can be at all. */
  readonly #confirmationsMax: number;
  readonly #refusedMs: number;
  #hastenedMs = Number.POSITIVE_INFINITY;

  constructor(options: SuspicionOptions, { startMs, memberCount }: SuspicionStart) {
    this.#startMs = startMs;
    this.#floorMs = suspicionFloorMs(options.floorMs, memberCount);
    this.#ceilingMs = this.#floorMs * options.ceilingFactor;
    this.#confirmationsMax = Math.min(options.confirmationsMax, Math.max(0, memberCount - 2));
    this.#refusedMs = options.refusedMs;
  }

  /** The member's machine says that nobody listens, and others report the same. */
  hasten(nowMs: number): void {
    this.#hastenedMs = Math.min(this.#hastenedMs, nowMs + this.#refusedMs);
  }

  /** When time is up with all the accusers that there can be, at a healthy node. */
  get soonestMs(): number {
    return Math.min(this.#startMs + this.#floorMs, this.#hastenedMs);
  }

  /** When time is up. `accuserCount`: 1 or more; `localHealth`: of this node, 0 = good. */
  dueMs(accuserCount: number, localHealth: number): number {
    const timeoutMs = this.#timeoutMs(accuserCount - 1) * (1 + localHealth);
    return Math.min(this.#startMs + timeoutMs, this.#hastenedMs);
  }

  #timeoutMs(confirmations: number): number {
    if (confirmations >= this.#confirmationsMax) return this.#floorMs;
    const share =
      naturalLogarithm(Math.max(0, confirmations) + 1) /
      naturalLogarithm(this.#confirmationsMax + 1);
    return this.#ceilingMs - (this.#ceilingMs - this.#floorMs) * share;
  }
}
