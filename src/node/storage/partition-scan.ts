/** What is committed in one partition: its leaves, and its records by name, hash and age. This is
 *  what replicas compare.
 *  Invariants: leaves are handed out as they are between two batches, fsynced, when the engine
 *  holds exactly what they count; a row counts as a reader would see it; one that cannot be read is
 *  looked at again, left out and reported; a page ends when it is large or much was read for it.
 *  Not here: how leaves are kept (leaf-table.ts), whom pages are for (node/repair). Source:
 *  docs/ARCHITECTURE.md 5.9. */
import { compareBytes } from '../../core/bytes.ts';
import type { CoterieError } from '../../core/errors.ts';
import { type Entry, type EntryPage, MARK_BYTES, stampOf } from '../../core/merkle/entries.ts';
import { LEAVES_PER_PARTITION, type TokenRange } from '../../core/ring/token.ts';
import { newestTickOf } from '../../core/version/record-codec.ts';
import type { StoreEntry, StoreRange } from '../../env/store.ts';
import type { CommitQueue } from './commit-queue.ts';
import { type CommittedRowParts, committedRow } from './committed-row.ts';
import type { LeafTable } from './leaf-table.ts';
import { isRecordKey, type RecordKey, recordKeyOfRow } from './record-key.ts';
import { StoredRecord } from './stored-record.ts';
import { recordRange, tokenOfRow } from './table-keys.ts';
import type { StoreReads } from './watched-reads.ts';

export interface EntryQuery {
  /** Increasing. */
  readonly ranges: readonly TokenRange[];
  /** Storage key behind which to begin; empty = at the first. */
  readonly after: Uint8Array;
  /** Storage key of the last entry that is wanted. */
  readonly through?: Uint8Array | undefined;
  /** Of keys and marks. One entry is in the page even if it is larger. */
  readonly bytesMax: number;
}

export interface ScannedPage extends EntryPage {
  /** Rows of this part that cannot be read. */
  readonly unreadable: number;
  /** Of which nobody knew before. */
  readonly damaged: number;
  /** Of the records that were read for it. */
  readonly readBytes: number;
}

export interface PartitionScanParts extends CommittedRowParts {
  readonly store: StoreReads;
  readonly queue: CommitQueue;
  readonly leaves: () => LeafTable;
  readonly refusal: () => CoterieError | undefined;
  /** Reads the record as for a reader, who would find it unreadable. */
  readonly look: (key: RecordKey) => void;
  /** By number of the leaf among all. */
  readonly recount: (index: number) => void;
}

const ROWS_PER_READ = 32;
/** Records are read to list their names: values of 4 MiB must not make a page of a gigabyte. */
const READ_BYTES_MAX = 8 * 1_024 * 1_024;
/** A key and its mark in a message, beside the key itself. */
const ENTRY_OVERHEAD = MARK_BYTES + 2;

export class PartitionScan {
  readonly #parts: PartitionScanParts;

  constructor(parts: PartitionScanParts) {
    this.#parts = parts;
  }

  /** A copy of the committed leaves: high, low and count of each. Errors: NOT_RUNNING,
   *  NOT_INITIALISED. */
  leavesOf(partition: number, done: (leaves: Uint32Array | CoterieError) => void): void {
    const { refusal, queue, leaves } = this.#parts;
    const refused = refusal();
    if (refused !== undefined) {
      done(refused);
      return;
    }
    queue.atBoundary({ settle: () => done(leaves().pageOf(partition)), fail: done });
  }

  /** Storage keys of a partition of which something was lost here; increasing. Cost: all such keys
   *  of the store. */
  lostKeysOf(partition: number): Uint8Array[] {
    const { unreadable, leaves } = this.#parts;
    if (unreadable.count === 0) return [];
    const table = leaves();
    const keys = unreadable.storageKeys();
    return keys
      .filter((key) => table.partitionOf(tokenOfRow(key)) === partition)
      .sort(compareBytes);
  }

  /** Errors: NOT_RUNNING, NOT_INITIALISED, OVERLOADED, STORAGE_IO. Cost: every record of the page
   *  is read. */
  async entries(query: EntryQuery): Promise<ScannedPage> {
    const refused = this.#parts.refusal();
    if (refused !== undefined) throw refused;
    const page = new GrowingPage(query.bytesMax);
    for (const range of storeRangesOf(query)) {
      await this.#scan(range, page);
      if (page.isFull) break;
    }
    const { entries, isFull, unreadable, damaged, readBytes } = page;
    return { entries, isMore: isFull, unreadable, damaged, readBytes };
  }

  /** A row whose very name is damaged: the engine, asked for it, verifies the block it is in. */
  suspect(storageKey: Uint8Array): void {
    // What comes of it is told by the reads themselves (watched-reads.ts).
    this.#parts.store.getMany([storageKey]).catch(() => {});
  }

  /** The leaf does not say what the records are: it is counted again before the next batch. */
  recount(partition: number, leaf: number): void {
    this.#parts.recount(partition * LEAVES_PER_PARTITION + leaf);
  }

  /** Of a committed record that is at hand. */
  entryOf(storageKey: Uint8Array, record: Uint8Array): Entry {
    const stored = new StoredRecord(this.#parts.codec, record);
    return this.#entryOf(tokenOfRow(storageKey), storageKey, stored);
  }

  async #scan(range: StoreRange, page: GrowingPage): Promise<void> {
    await using rows = this.#parts.store.iterate(range);
    for (;;) {
      const found = await rows.next(ROWS_PER_READ);
      if (found.length === 0) return;
      for (const row of found) {
        if (page.isFull) return;
        this.#take(row, page);
      }
    }
  }

  #take(row: StoreEntry, page: GrowingPage): void {
    const token = tokenOfRow(row.key);
    const found = committedRow(this.#parts, token, row);
    if (found === undefined) return;
    if (found === 'lost' || found === 'damaged') page.unreadable += 1;
    else page.add(this.#entryOf(token, row.key, found), row.value.length);
    // What the iterator read may be what is wrong: only what stays rotten is given up.
    if (found !== 'damaged') return;
    page.damaged += 1;
    if (isRecordKey(row.key)) this.#parts.look(recordKeyOfRow(row.key));
    else this.suspect(row.key);
  }

  #entryOf(token: number, key: Uint8Array, stored: StoredRecord): Entry {
    const { high, low } = this.#parts.leaves().hashOf(token, stored);
    return { key, high, low, stamp: stampOf(newestTickOf(stored.bytes)) };
  }
}

class GrowingPage {
  readonly entries: Entry[] = [];
  unreadable = 0;
  damaged = 0;
  readBytes = 0;
  readonly #bytesMax: number;
  #bytes = 0;

  constructor(bytesMax: number) {
    this.#bytesMax = bytesMax;
  }

  get isFull(): boolean {
    if (this.entries.length === 0) return false;
    return this.#bytes >= this.#bytesMax || this.readBytes >= READ_BYTES_MAX;
  }

  add(entry: Entry, readBytes: number): void {
    this.entries.push(entry);
    this.#bytes += entry.key.length + ENTRY_OVERHEAD;
    this.readBytes += readBytes;
  }
}

/** What is left of the ranges behind `after` and up to `through`. */
function storeRangesOf({ ranges, after, through }: EntryQuery): StoreRange[] {
  const afterToken = after.length === 0 ? -1 : tokenOfRow(after);
  const throughToken = through === undefined ? Number.POSITIVE_INFINITY : tokenOfRow(through);
  const left: StoreRange[] = [];
  for (const { fromToken, toToken } of ranges) {
    if (toToken <= afterToken || fromToken > throughToken) continue;
    const { from, to } = recordRange(fromToken, toToken);
    left.push({
      from: fromToken <= afterToken ? behind(after) : from,
      to: through !== undefined && throughToken < toToken ? behind(through) : to,
    });
  }
  return left;
}

/** The first possible key behind this one. */
function behind(key: Uint8Array): Uint8Array {
  const next = new Uint8Array(key.length + 1);
  next.set(key);
  return next;
}
