/** Writes that reads owe from some time on, for reads taken in the order in which they began.
 *  A read owes a write if it began after `fromUs`: it must show the write or something that
 *  explains its absence, and nothing that the write had seen. It owes it no more if it ended after
 *  `untilUs`, when the last disk that certainly had it may have lost it.
 *  Exempt from the second half: writes with twins (a repeated request may have brought the value
 *  back under an event that its replacement had not seen, docs/guarantees.md "Retries and request
 *  ids").
 *  Not here: which writes are due, and to which reads (register-regularity.ts, monotonic-reads.ts).
 */
import type { ReadOperation } from '../history.ts';
import { type BitRow, bitRow, clearBit, hasBit, joinBits, setBit } from './bit-rows.ts';
import type { KeyOracle } from './causal-oracle.ts';
import { type Explained, isExplained, lastUnexplained } from './explanation.ts';

export interface DueWrite {
  readonly index: number;
  readonly fromUs: number;
  readonly untilUs: number;
  /** The step that made it due. */
  readonly operation: number;
}

export class DueWrites {
  readonly #oracle: KeyOracle;
  /** By time, and those not yet due from `#next` on. */
  readonly #queue: readonly DueWrite[];
  #next = 0;
  readonly #due: BitRow;
  /** Below something due. */
  readonly #replaced: BitRow;
  /** Due, and lost some day: few, looked at one by one. */
  #mortal: DueWrite[] = [];

  constructor(oracle: KeyOracle, due: readonly DueWrite[]) {
    this.#oracle = oracle;
    this.#queue = [...due].sort((a, b) => a.fromUs - b.fromUs || a.operation - b.operation);
    this.#due = bitRow(oracle.writes.length);
    this.#replaced = bitRow(oracle.writes.length);
  }

  /** Goes on to a read that began not before the one of the last call. */
  advance(read: ReadOperation): void {
    for (;;) {
      const due = this.#queue[this.#next];
      if (due === undefined || due.fromUs >= read.startUs) break;
      this.#next += 1;
      if (due.untilUs === Number.POSITIVE_INFINITY) this.#add(due.index);
      else this.#mortal.push(due);
    }
    if (this.#mortal.length > 0) {
      this.#mortal = this.#mortal.filter(({ untilUs }) => untilUs > read.startUs);
    }
  }

  /** A due write that the read lacks without an explanation; of several one that nothing else
   *  missing had seen. -1: none. */
  missing(read: ReadOperation, explained: Explained): number {
    let missing = lastUnexplained(this.#due, explained);
    for (const { index, untilUs } of this.#mortal) {
      if (untilUs < read.endUs || index <= missing) continue;
      if (!isExplained(explained, index)) missing = index;
    }
    return missing;
  }

  /** Whether the write, seen by the read, had been replaced by one that was due. */
  isReplaced(read: ReadOperation, index: number): boolean {
    if (this.#oracle.writes[index]?.hasTwins !== false) return false;
    if (hasBit(this.#replaced, index)) return true;
    return this.#mortal.some(
      (due) => due.untilUs >= read.endUs && this.#oracle.isBelow(index, due.index),
    );
  }

  /** For the report: the first due write that had seen this one. */
  replacementOf(read: ReadOperation, index: number): DueWrite | undefined {
    return this.#queue.find(
      (due) =>
        due.fromUs < read.startUs &&
        due.untilUs >= read.endUs &&
        this.#oracle.isBelow(index, due.index),
    );
  }

  /** For the report: what made the write due. */
  causeOf(read: ReadOperation, index: number): DueWrite | undefined {
    return this.#queue.find(
      (due) => due.index === index && due.fromUs < read.startUs && due.untilUs >= read.endUs,
    );
  }

  #add(index: number): void {
    if (hasBit(this.#due, index)) return;
    setBit(this.#due, index);
    const wasReplaced = hasBit(this.#replaced, index);
    joinBits(this.#replaced, this.#oracle.below(index));
    if (!wasReplaced) clearBit(this.#replaced, index);
  }
}
