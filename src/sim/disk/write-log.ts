/** What did the disk hold before its last batches? For each batch the values that its keys had
 *  before it, so that batches can be taken back from the end (a crash, an old copy of the disk) and
 *  one out of the middle (a hole in the engine's log).
 *  Invariants: batches are in the order in which they were applied; taking all of them back down to
 *  some time gives exactly the rows of that time; a batch is durable once a sync came after it, or
 *  once it is forgotten here (age, bytes), as the operating system writes pages back by itself.
 *  Not here: which batches a fault takes (sim-disk.ts). */
import type { ByteMap } from '../../core/byte-map.ts';
import { bytesToHex } from '../../core/bytes.ts';
import { assert } from '../../core/errors.ts';
import type { StoreOperation } from '../../env/store.ts';
import {
  type ReplacedRow,
  ROW_HEADER_BYTES,
  RowPages,
  type RowsPlace,
  rowsAt,
} from './row-pages.ts';

/** How far back a disk can be rolled: an hour. */
const AGE_US_MAX = 3_600_000_000;
/** Keys and values kept for one disk, about. */
const BYTES_MAX: number = 32 * 1_024 * 1_024;
/** Forgotten batches left at the array's front at most, and never more than half of it. */
const DROPPED_MAX = 1_024;

interface LoggedBatch {
  readonly atUs: number;
  readonly bytes: number;
  /** What it replaced, in the order of its writes; a key may come twice. */
  rows: RowsPlace;
}

export interface WriteLogOptions {
  /** Virtual microseconds; an hour when absent. */
  readonly ageUsMax?: number;
  /** 32 MiB when absent. */
  readonly bytesMax?: number;
}

export class WriteLog {
  readonly #ageUsMax: number;
  readonly #bytesMax: number;
  /** The first `#dropped` of them are forgotten. */
  readonly #batches: LoggedBatch[] = [];
  #dropped = 0;
  /** How many batches were cut from the array's front, ever: index + this = a batch's number. */
  #cut = 0;
  #bytes = 0;
  /** Number of the first batch that is not durable. */
  #unsyncedFrom = 0;
  /** Number of the first batch since the disk was last opened. */
  #runFrom = 0;
  #reachesUs = 0;
  readonly #pages = new RowPages();

  constructor(options: WriteLogOptions = {}) {
    this.#ageUsMax = options.ageUsMax ?? AGE_US_MAX;
    this.#bytesMax = options.bytesMax ?? BYTES_MAX;
  }

  /** Batches applied at this time or before cannot be taken back any more. */
  get reachesUs(): number {
    return this.#reachesUs;
  }

  get unsyncedCount(): number {
    return this.#end - Math.max(this.#unsyncedFrom, this.#cut + this.#dropped);
  }

  /** Applies the operations, in order, and notes what they replace. Keeps the bytes without a copy:
   *  who hands them to a store must not change them any more. `atUs` is at or after that of the
   *  batch before. */
  apply(content: ByteMap, operations: readonly StoreOperation[], atUs: number): void {
    const previous: (Uint8Array | undefined)[] = [];
    let bytes = 0;
    for (const operation of operations) {
      const { key } = operation;
      const replaced =
        operation.type === 'del' ? content.delete(key) : content.set(key, operation.value);
      previous.push(replaced);
      bytes += ROW_HEADER_BYTES + key.length + (replaced?.length ?? 0);
    }
    this.#batches.push({ atUs, bytes, rows: this.#pages.keep(operations, previous) });
    this.#bytes += bytes;
    this.#forget(atUs);
  }

  /** Everything applied so far is durable. */
  sync(): void {
    this.#unsyncedFrom = this.#end;
  }

  /** A new run of the engine begins; what it found is durable. */
  open(): void {
    this.sync();
    this.#runFrom = this.#end;
  }

  /** Takes the newest batch back. */
  undoLast(content: ByteMap): void {
    assert(this.#batches.length > this.#dropped, 'There is no batch to take back');
    const batch = this.#batches.pop();
    assert(batch !== undefined, 'The log has lost a batch');
    this.#bytes -= batch.bytes;
    const rows = rowsAt(batch.rows).reverse();
    for (const { key, previous } of rows) restore(content, key, previous);
    this.#unsyncedFrom = Math.min(this.#unsyncedFrom, this.#end);
    this.#runFrom = Math.min(this.#runFrom, this.#end);
  }

  /** Takes back what was applied after this time, as far as the log reaches. Returns how many
   *  batches that were. */
  undoAfter(content: ByteMap, timeUs: number): number {
    let count = 0;
    while (this.#batches.length > this.#dropped && (this.#batches.at(-1)?.atUs ?? 0) > timeUs) {
      this.undoLast(content);
      count += 1;
    }
    return count;
  }

  /** Takes one durable batch of the last run back and leaves the `laterCount` ones after it.
   *  Returns when it was applied; undefined, and nothing is done, when there is no such batch. */
  remove(content: ByteMap, laterCount: number): number | undefined {
    const index = this.#batches.length - 1 - laterCount;
    const number = this.#cut + index;
    const batch = this.#batches[index];
    if (batch === undefined || index < this.#dropped) return undefined;
    if (number < this.#runFrom || number >= this.#unsyncedFrom) return undefined;
    const before = new Map<string, ReplacedRow>();
    for (const row of rowsAt(batch.rows)) {
      const id = bytesToHex(row.key);
      if (!before.has(id)) before.set(id, row);
    }
    this.#batches.splice(index, 1);
    this.#bytes -= batch.bytes;
    this.#unsyncedFrom -= 1;
    this.#bequeath(index, before);
    for (const { key, previous } of before.values()) restore(content, key, previous);
    return batch.atUs;
  }

  /** Forgets everything: nothing before this time can be had back. */
  clear(nowUs: number): void {
    this.#cut = this.#end;
    this.#batches.length = 0;
    this.#dropped = 0;
    this.#bytes = 0;
    this.#reachesUs = nowUs;
    this.open();
  }

  /** Number that the next batch will have. */
  get #end(): number {
    return this.#cut + this.#batches.length;
  }

  /** The first later batch that wrote a key replaced, as it turns out, what was there before the
   *  removed one. Keys that found their heir leave the map. */
  #bequeath(index: number, before: Map<string, ReplacedRow>): void {
    for (let later = index; later < this.#batches.length && before.size > 0; later += 1) {
      const batch = this.#batches[later];
      if (batch === undefined) continue;
      const rows = rowsAt(batch.rows);
      const heirsMissing = before.size;
      const previous = rows.map((row) => {
        const id = bytesToHex(row.key);
        const heritage = before.get(id) ?? row;
        before.delete(id);
        return heritage.previous;
      });
      if (before.size < heirsMissing) batch.rows = this.#pages.keep(rows, previous);
    }
  }

  #forget(nowUs: number): void {
    for (;;) {
      const oldest = this.#batches[this.#dropped];
      if (oldest === undefined) break;
      const isKept = oldest.atUs >= nowUs - this.#ageUsMax && this.#bytes <= this.#bytesMax;
      if (isKept) break;
      this.#dropped += 1;
      this.#bytes -= oldest.bytes;
      this.#reachesUs = oldest.atUs;
    }
    if (this.#dropped <= DROPPED_MAX && 2 * this.#dropped <= this.#batches.length) return;
    this.#batches.splice(0, this.#dropped);
    this.#cut += this.#dropped;
    this.#dropped = 0;
  }
}

function restore(content: ByteMap, key: Uint8Array, value: Uint8Array | undefined): void {
  if (value === undefined) content.delete(key);
  else content.set(key, value);
}
