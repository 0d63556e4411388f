/** What is in a leaf, counted anew from the records? Needed when a record cannot be read: its share
 *  of the leaf is known to nobody, so the leaf is made from all the others. And needed for all
 *  leaves when the log has a hole: a page may be lost while the changes it stood for are deleted.
 *  Invariants: it runs between two batches, when the engine holds exactly what the leaves count;
 *  what is in the open batch is added when that is built. What is committed and in memory counts,
 *  whatever became of its row: the next write of the key takes it out of the leaf. A leaf is a
 *  short range (some tens of records), so the batch waits a moment.
 *  Not here: scrubbing of whole partitions. Source: docs/ARCHITECTURE.md 5.9 and 5.17. */
import { CoterieError } from '../../core/errors.ts';
import { LEAVES_PER_PARTITION, TOKENS } from '../../core/ring/token.ts';
import type { StoreRange } from '../../env/store.ts';
import { type CommittedRowParts, committedRow } from './committed-row.ts';
import type { Leaf } from './leaf-rows.ts';
import { LeafTable } from './leaf-table.ts';
import type { StorageEnvironment } from './storage-options.ts';
import { StoredRecord } from './stored-record.ts';
import { recordRange, tokenOfRow } from './table-keys.ts';
import type { StoreReads } from './watched-reads.ts';

const ROWS_PER_READ = 64;

export class LeafRecount {
  readonly #store: StoreReads;
  readonly #log: StorageEnvironment['log'];
  readonly #parts: CommittedRowParts;
  readonly #due = new Set<number>();

  constructor(store: StoreReads, log: StorageEnvironment['log'], parts: CommittedRowParts) {
    this.#store = store;
    this.#log = log;
    this.#parts = parts;
  }

  /** The leaf of this number (LeafTable.indexOf) will be counted before the next batch. */
  request(index: number): void {
    this.#due.add(index);
  }

  /** Counts what is due; undefined when nothing is, or there are no leaves. */
  run(leaves: LeafTable | undefined): Promise<void> | undefined {
    if (leaves === undefined || this.#due.size === 0) return undefined;
    return this.#runAll(leaves);
  }

  /** Counts every leaf; before any record is written. The number of tombstones among the records,
   *  or undefined when they cannot all be read. Cost: all records are read. */
  async runWhole(leaves: LeafTable): Promise<number | undefined> {
    const counted = new LeafTable(leaves.partitioning);
    let tombstoneCount = 0;
    try {
      await this.#forEachReadable(recordRange(0, TOKENS), (token, stored) => {
        counted.replace(token, undefined, stored);
        if (stored.isTombstone) tombstoneCount += 1;
      });
    } catch (error) {
      if (!(error instanceof CoterieError)) throw error;
      this.#log.error('leaves-not-recounted', { reason: error.message });
      return undefined;
    }
    const leafCount = leaves.partitioning.partitions * LEAVES_PER_PARTITION;
    for (let index = 0; index < leafCount; index += 1) {
      const leaf = counted.leaf(index);
      if (!isSame(leaf, leaves.leaf(index))) leaves.correct(index, leaf);
    }
    return tombstoneCount;
  }

  async #runAll(leaves: LeafTable): Promise<void> {
    for (const index of this.#due) {
      this.#due.delete(index);
      try {
        leaves.correct(index, await this.#count(leaves, index));
      } catch (error) {
        if (!(error instanceof CoterieError)) throw error;
        // The leaf keeps the share of the lost record, so exchanges find it to differ until it is
        // scrubbed.
        this.#log.error('leaf-not-recounted', { leaf: index, reason: error.message });
      }
    }
  }

  async #count(leaves: LeafTable, index: number): Promise<Leaf> {
    const { fromToken, toToken } = leaves.tokensOf(index);
    let high = 0;
    let low = 0;
    let count = 0;
    await this.#forEachReadable(recordRange(fromToken, toToken), (token, stored) => {
      const hash = leaves.hashOf(token, stored);
      high ^= hash.high;
      low ^= hash.low;
      count += 1;
    });
    return { high: high >>> 0, low: low >>> 0, count };
  }

  async #forEachReadable(
    range: StoreRange,
    visit: (token: number, stored: StoredRecord) => void,
  ): Promise<void> {
    await using rows = this.#store.iterate(range);
    for (;;) {
      const entries = await rows.next(ROWS_PER_READ);
      if (entries.length === 0) return;
      for (const entry of entries) {
        const token = tokenOfRow(entry.key);
        const row = committedRow(this.#parts, token, entry);
        if (row instanceof StoredRecord) visit(token, row);
      }
    }
  }
}

function isSame(a: Leaf, b: Leaf): boolean {
  return a.high === b.high && a.low === b.low && a.count === b.count;
}
