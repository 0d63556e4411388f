/** Why may a read, or a disk, lack a write? Because it has something that had seen that write, or
 *  because a delete may have removed it.
 *  Rules: what is there explains itself and all below it. A delete that was not refused and had
 *  started explains all below it, whether or not it is in sight: a tombstone is shown to nobody,
 *  and what replaces one does not know it. A write whose context the server chose explains whatever
 *  started before its last effect: before its end, or ever after when its outcome is unknown.
 *  Invariant: lenient only: what is not explained was lost, or was not looked for.
 *  Not here: which writes must be explained (due-writes.ts, no-lost-write.ts). */
import type { WriteId } from '../history.ts';
import { type BitRow, bitRow, hasBit, joinBits, lastMissing } from './bit-rows.ts';
import type { KeyOracle } from './causal-oracle.ts';

export interface Explained {
  /** Explained for certain. Good until the next call. */
  readonly row: BitRow;
  /** So is every write with an index below this. */
  readonly from: number;
}

interface Removals {
  readonly startUs: number;
  /** All below this delete and those that started before it. */
  readonly row: BitRow;
  readonly beforeUs: number;
}

export class Explanation {
  readonly #oracle: KeyOracle;
  /** Deletes by start. */
  readonly #removals: readonly Removals[];
  readonly #row: BitRow;

  constructor(oracle: KeyOracle) {
    this.#oracle = oracle;
    this.#row = bitRow(oracle.writes.length);
    this.#removals = removalsOf(oracle);
  }

  /** What is explained at `timeUs`, the end of a read, by the writes in sight. Cost: the writes of
   *  the key / 32 for each that is in sight. */
  at(timeUs: number, inSight: Iterable<WriteId | undefined>): Explained {
    const row = this.#row;
    let beforeUs = Number.NEGATIVE_INFINITY;
    const removals = this.#removalsBefore(timeUs);
    if (removals === undefined) row.fill(0);
    else {
      row.set(removals.row);
      beforeUs = removals.beforeUs;
    }
    for (const write of inSight) {
      const index = this.#oracle.indexOf(write);
      if (index === undefined) continue;
      joinBits(row, this.#oracle.below(index));
      beforeUs = Math.max(beforeUs, this.#oracle.mayBelowBeforeUs(index));
    }
    return { row, from: this.#oracle.startedBefore(Math.min(beforeUs, timeUs)) };
  }

  #removalsBefore(timeUs: number): Removals | undefined {
    let low = 0;
    let high = this.#removals.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((this.#removals[middle]?.startUs ?? 0) < timeUs) low = middle + 1;
      else high = middle;
    }
    return this.#removals[low - 1];
  }
}

export function isExplained({ row, from }: Explained, index: number): boolean {
  return index < from || hasBit(row, index);
}

/** The last of the `due` writes that is not explained; -1 when all are. */
export function lastUnexplained(due: BitRow, { row, from }: Explained): number {
  return lastMissing(due, row, from);
}

function removalsOf(oracle: KeyOracle): readonly Removals[] {
  const removals: Removals[] = [];
  let row = bitRow(oracle.writes.length);
  let beforeUs = Number.NEGATIVE_INFINITY;
  for (const write of oracle.writes) {
    if (write.kind !== 'delete' || write.isRefused) continue;
    row = row.slice();
    joinBits(row, oracle.below(write.index));
    beforeUs = Math.max(beforeUs, oracle.mayBelowBeforeUs(write.index));
    removals.push({ startUs: write.startUs, row, beforeUs });
  }
  return removals;
}
