/** Which of this node's pairs of copies is compared next, and when? A pair is a partition that this
 *  node and a peer both hold.
 *  Invariants: a pair is compared once at a time; of those that are due, hurried ones go first and
 *  then the most overdue; one that was found equal is due again after the interval, give or take a
 *  tenth, one that failed after a pause that doubles up to its longest; what is hurried while it is
 *  being compared is compared once more.
 *  Not here: comparing (exchange.ts), who can be reached (node/repair).
 *  Source: DeCandia et al. 2007 section 4.7; Amazon's "Exponential Backoff and Jitter". */
import { assert } from '../errors.ts';

export interface Pair {
  readonly partition: number;
  /** Node index. */
  readonly peer: number;
}

export interface PairScheduleOptions {
  /** Between two comparisons of a pair that is equal; infinite = only what is hurried. */
  readonly intervalMs: number;
  readonly retryMinMs: number;
  readonly retryMaxMs: number;
}

interface Slot<P> {
  readonly pair: P;
  dueMs: number;
  isHurried: boolean;
  isRunning: boolean;
  failures: number;
}

/** Whether this node begins the comparison of a partition that both hold: so each pair has one who
 *  does, and each node about as many. */
export function begins(nodeIndex: number, peer: number, partition: number): boolean {
  return partition % 2 === 0 ? nodeIndex < peer : nodeIndex > peer;
}

/** All times are monotonic. Cost: O(pairs) for each call that looks for one. */
export class PairSchedule<P extends Pair> {
  readonly #options: PairScheduleOptions;
  readonly #random: () => number;
  readonly #slots = new Map<P, Slot<P>>();

  /** `random`: 0 <= x < 1. */
  constructor(options: PairScheduleOptions, random: () => number) {
    this.#options = options;
    this.#random = random;
  }

  /** Due some time within the interval, so that not all of them are at once. */
  add(pair: P, nowMs: number): void {
    const { intervalMs } = this.#options;
    const isOff = intervalMs === Number.POSITIVE_INFINITY;
    const dueMs = isOff ? intervalMs : nowMs + (1 - this.#random()) * intervalMs;
    this.#slots.set(pair, { pair, dueMs, isHurried: false, isRunning: false, failures: 0 });
  }

  remove(pair: P): void {
    this.#slots.delete(pair);
  }

  /** Due now, before all that are not. */
  hurry(pair: P, nowMs: number): void {
    const slot = this.#slotOf(pair);
    slot.isHurried = true;
    slot.dueMs = Math.min(slot.dueMs, nowMs);
    slot.failures = 0;
  }

  isHurried(pair: P): boolean {
    return this.#slotOf(pair).isHurried;
  }

  /** The one to compare now. */
  take(nowMs: number, isReady: (pair: P, isHurried: boolean) => boolean): P | undefined {
    let first: Slot<P> | undefined;
    for (const slot of this.#slots.values()) {
      if (slot.isRunning || slot.dueMs > nowMs) continue;
      if (first !== undefined && !goesBefore(slot, first)) continue;
      if (isReady(slot.pair, slot.isHurried)) first = slot;
    }
    if (first === undefined) return undefined;
    first.isRunning = true;
    first.isHurried = false;
    // When it was hurried meanwhile, that is seen by the time.
    first.dueMs = Number.POSITIVE_INFINITY;
    return first.pair;
  }

  /** The pair was found or made equal. */
  equal(pair: P, nowMs: number): void {
    const slot = this.#slotOf(pair);
    slot.isRunning = false;
    slot.failures = 0;
    const { intervalMs } = this.#options;
    slot.dueMs = Math.min(slot.dueMs, nowMs + intervalMs * (0.9 + 0.2 * this.#random()));
  }

  /** `askedMs`: how long the peer asked to be left alone. */
  failed(pair: P, nowMs: number, isHurried: boolean, askedMs = 0): void {
    const slot = this.#slotOf(pair);
    slot.isRunning = false;
    slot.isHurried ||= isHurried;
    const { retryMinMs, retryMaxMs } = this.#options;
    const stepMs = Math.min(retryMaxMs, retryMinMs * 2 ** Math.min(slot.failures, 30));
    slot.failures += 1;
    const pauseMs = stepMs * (0.5 + this.#random() / 2);
    slot.dueMs = nowMs + Math.max(pauseMs, Math.min(askedMs, retryMaxMs));
  }

  /** How many are due and not being compared. */
  overdueCount(nowMs: number): number {
    let count = 0;
    for (const { isRunning, dueMs } of this.#slots.values()) {
      if (!isRunning && dueMs <= nowMs) count += 1;
    }
    return count;
  }

  /** When the next one is due that is not now; infinite = none. */
  nextDueMs(nowMs: number): number {
    let nextMs = Number.POSITIVE_INFINITY;
    for (const { isRunning, dueMs } of this.#slots.values()) {
      if (!isRunning && dueMs > nowMs) nextMs = Math.min(nextMs, dueMs);
    }
    return nextMs;
  }

  #slotOf(pair: P): Slot<P> {
    const slot = this.#slots.get(pair);
    assert(slot !== undefined, 'A pair is added before anything else');
    return slot;
  }
}

function goesBefore<P>(slot: Slot<P>, other: Slot<P>): boolean {
  if (slot.isHurried !== other.isHurried) return slot.isHurried;
  return slot.dueMs < other.dueMs;
}
