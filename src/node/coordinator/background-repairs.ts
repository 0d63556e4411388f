/** Repairs that nobody waits for: at which rate are they done, and which are left?
 *  Invariants: at most `repairsWaitingMax` and `repairBytesMax` wait, `repairsUnderWayMax` are
 *  under way, `repairsPerSecond` begin; of one key at one replica there is one at a time; one that
 *  finds no room, or comes while the node has much else to do, is dropped and counted: the next
 *  read, or anti-entropy, finds the same difference.
 *  Not here: what a repair does (late-answers.ts). */
import { Alarm } from '../../core/alarm.ts';
import type { Deadlines } from '../../core/deadlines.ts';
import type { Metrics } from '../../env/metrics.ts';
import type { ReadTuning } from './read-options.ts';

export interface Repair {
  /** Of the key and the replica. */
  readonly id: string;
  /** That it keeps in memory. */
  readonly bytes: number;
  /** Begins; calls back exactly once. */
  run(done: () => void): void;
}

const MS_PER_SECOND = 1_000;
/** As many may begin at once after a quiet time. */
const BURST_MS = 50;
const NO_LABELS = {};

export class BackgroundRepairs {
  readonly #parts: { readonly deadlines: Deadlines; readonly metrics: Metrics };
  readonly #tuning: ReadTuning;
  readonly #isBusy: () => boolean;
  readonly #alarm: Alarm;
  readonly #waiting: Repair[] = [];
  /** Of those that wait or are under way. */
  readonly #ids = new Set<string>();
  #waitingBytes = 0;
  #underWay = 0;
  #isBeginning = false;
  /** Up to when the repairs begun so far use up the rate; monotonic. */
  #spentUntilMs = 0;

  /** `isBusy`: has the node much else to do. */
  constructor(
    parts: { readonly deadlines: Deadlines; readonly metrics: Metrics },
    tuning: ReadTuning,
    isBusy: () => boolean,
  ) {
    this.#parts = parts;
    this.#tuning = tuning;
    this.#isBusy = isBusy;
    this.#alarm = new Alarm(parts.deadlines, () => this.#beginSome());
  }

  add(repair: Repair): void {
    if (this.#ids.has(repair.id)) return;
    const { repairsWaitingMax, repairBytesMax } = this.#tuning;
    const isFull =
      this.#waiting.length >= repairsWaitingMax ||
      (this.#waiting.length > 0 && this.#waitingBytes + repair.bytes > repairBytesMax);
    if (isFull || this.#isBusy()) {
      const reason = isFull ? 'full' : 'busy';
      this.#parts.metrics.add('coterie_read_repairs_dropped_total', { reason });
      return;
    }
    this.#ids.add(repair.id);
    this.#waiting.push(repair);
    this.#waitingBytes += repair.bytes;
    this.#beginSome();
  }

  #beginSome(): void {
    const { repairsPerSecond, repairsUnderWayMax } = this.#tuning;
    const nowMs = this.#parts.deadlines.nowMs();
    this.#spentUntilMs = Math.max(this.#spentUntilMs, nowMs - BURST_MS);
    this.#isBeginning = true;
    while (this.#underWay < repairsUnderWayMax && this.#spentUntilMs <= nowMs) {
      const repair = this.#waiting.shift();
      if (repair === undefined) break;
      this.#waitingBytes -= repair.bytes;
      this.#spentUntilMs += MS_PER_SECOND / repairsPerSecond;
      this.#begin(repair);
    }
    this.#isBeginning = false;
    this.#parts.metrics.set('coterie_read_repairs_waiting', NO_LABELS, this.#waiting.length);
    const isPaced = this.#waiting.length > 0 && this.#underWay < repairsUnderWayMax;
    if (isPaced) this.#alarm.set(Math.max(1, this.#spentUntilMs - nowMs));
  }

  #begin(repair: Repair): void {
    this.#underWay += 1;
    repair.run(() => {
      this.#underWay -= 1;
      this.#ids.delete(repair.id);
      // One that ends at once ends within the loop, which goes on by itself.
      if (this.#waiting.length > 0 && !this.#isBeginning) this.#beginSome();
    });
  }
}
