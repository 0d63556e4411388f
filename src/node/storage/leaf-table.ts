/** The Merkle leaves of every partition: XOR of the item hashes of a leaf's records, and their
 *  number. In memory it is the writer's truth: deltas are applied when a batch is built, in one
 *  synchronous step with the records, and the batch carries what the leaves then are. A leaf is
 *  shared by many keys; were it computed when the batch succeeds, the batch built meanwhile would
 *  store it without the delta, for ever.
 *  Invariants: at every batch boundary a leaf is the XOR of the records stored in it; a row of
 *  changes is kept until the pages of all its leaves have been written, in the same batch or an
 *  earlier one; so there are at most CHANGES_PER_PAGE changes to read at an opening for each
 *  partition with records. One without takes no memory, others 12 KiB each.
 *  Not here: the rows (leaf-rows.ts), inner levels and exchange. Source: docs/ARCHITECTURE.md 5.9;
 *  XOR leaves as in Riak's Tictac trees. */
import { assert } from '../../core/errors.ts';
import { LEAVES_PER_PARTITION, leafOf, partitionOf } from '../../core/ring/token.ts';
import { type ItemHash, itemHash } from '../../core/version/item-hash.ts';
import type { StoreOperation } from '../../env/store.ts';
import { encodeLeafChanges, encodeLeafPage, LEAF_FIELDS, type Leaf } from './leaf-rows.ts';
import { encodePartitioning, META, type PartitioningRow } from './meta-rows.ts';
import type { StoredRecord } from './stored-record.ts';
import { leafChangesRowKey, leafPageRowKey, metaRowKey } from './table-keys.ts';

/** One page is written for so many changed leaves: its 12 KiB are 48 bytes for each. */
export const CHANGES_PER_PAGE = 256;
/** However many changes a batch has, or were found at an opening, one batch does not become much
 *  longer by pages. */
const PAGES_PER_BATCH_MAX = 16;
const COUNT = 2;

export class LeafTable {
  readonly partitioning: PartitioningRow;
  readonly #leaves: (Uint32Array | undefined)[];
  /** Leaves changed since `takeRows`, as partition * LEAVES_PER_PARTITION + leaf. */
  readonly #changed = new Set<number>();
  /** Commits of the rows of changes that are kept, oldest first. */
  readonly #changesRows: number[] = [];
  /** The oldest commit whose changes the page of a partition lacks; in the order of the commits. */
  readonly #unpaged = new Map<number, number>();
  /** Changes for which no page has been written yet. */
  #unpagedCount = 0;
  /** By partition: the commit of the page that was found. */
  readonly #pagedAt: Float64Array;
  #keyCount = 0;

  constructor(partitioning: PartitioningRow) {
    this.partitioning = partitioning;
    this.#leaves = new Array<Uint32Array | undefined>(partitioning.partitions).fill(undefined);
    this.#pagedAt = new Float64Array(partitioning.partitions);
  }

  /** Records in all leaves, those of the batch under way included. */
  get keyCount(): number {
    return this.#keyCount;
  }

  partitionOf(token: number): number {
    return partitionOf(token, this.partitioning.partitions);
  }

  /** The leaf of a token, numbered through all partitions. */
  indexOf(token: number): number {
    const { partitions } = this.partitioning;
    return partitionOf(token, partitions) * LEAVES_PER_PARTITION + leafOf(token, partitions);
  }

  /** First token of a leaf and the first one behind it. */
  tokensOf(index: number): { readonly fromToken: number; readonly toToken: number } {
    const width = 2 ** 32 / (this.partitioning.partitions * LEAVES_PER_PARTITION);
    return { fromToken: index * width, toToken: (index + 1) * width };
  }

  hashOf(token: number, stored: StoredRecord): ItemHash {
    const { clusterKeyHigh, clusterKeyLow } = this.partitioning;
    return itemHash(stored.header, token, clusterKeyHigh, clusterKeyLow);
  }

  /** Replaces one record by another; `undefined` is no record. */
  replace(token: number, old: StoredRecord | undefined, next: StoredRecord | undefined): void {
    const index = this.indexOf(token);
    if (old !== undefined) this.#add(index, this.hashOf(token, old), -1);
    if (next !== undefined) this.#add(index, this.hashOf(token, next), 1);
  }

  leaf(index: number): Leaf {
    const partition = Math.floor(index / LEAVES_PER_PARTITION);
    const at = (index % LEAVES_PER_PARTITION) * LEAF_FIELDS;
    const leaves = this.#leaves[partition];
    if (leaves === undefined) return { high: 0, low: 0, count: 0 };
    return { high: leaves[at] ?? 0, low: leaves[at + 1] ?? 0, count: leaves[at + COUNT] ?? 0 };
  }

  /** A copy of all leaves of a partition. */
  pageOf(partition: number): Uint32Array {
    return this.#leaves[partition]?.slice() ?? new Uint32Array(LEAVES_PER_PARTITION * LEAF_FIELDS);
  }

  /** A page as it was stored. */
  restorePage(partition: number, commitSeq: number, leaves: Uint32Array): void {
    this.#leaves[partition] = leaves;
    this.#pagedAt[partition] = commitSeq;
    for (let at = COUNT; at < leaves.length; at += LEAF_FIELDS) this.#keyCount += leaves[at] ?? 0;
  }

  /** A row of changes as it was stored; after all pages, in the order of the commits. */
  restoreChanges(commitSeq: number, changes: ReadonlyMap<number, Leaf>): void {
    this.#changesRows.push(commitSeq);
    this.#unpagedCount += changes.size;
    for (const [index, leaf] of changes) {
      const partition = Math.floor(index / LEAVES_PER_PARTITION);
      if (commitSeq <= (this.#pagedAt[partition] ?? 0)) continue;
      this.#set(index, leaf);
      this.#noteUnpaged(partition, commitSeq);
    }
  }

  /** Replaces a leaf by one that was counted anew; it goes into the next batch. */
  correct(index: number, leaf: Leaf): void {
    this.#set(index, leaf);
    this.#changed.add(index);
  }

  /** Rows of the leaves that changed since the last call, appended to the batch of this commit. */
  takeRows(commitSeq: number, operations: StoreOperation[]): void {
    const changed = this.#changed;
    if (changed.size === 0) return;
    const value = encodeLeafChanges(changed, (index) => this.leaf(index));
    operations.push({ type: 'put', key: leafChangesRowKey(commitSeq), value });
    this.#changesRows.push(commitSeq);
    for (const index of changed) {
      this.#noteUnpaged(Math.floor(index / LEAVES_PER_PARTITION), commitSeq);
    }
    this.#unpagedCount += changed.size;
    changed.clear();
    if (this.#unpagedCount >= CHANGES_PER_PAGE) this.#takePages(commitSeq, operations);
  }

  /** The row that says for which partitioning the leaves were computed. */
  partitioningRow(): StoreOperation {
    const value = encodePartitioning(this.partitioning);
    return { type: 'put', key: metaRowKey(META.partitioning), value };
  }

  /** Those that lack the oldest changes go first. */
  #takePages(commitSeq: number, operations: StoreOperation[]): void {
    let pageCount = 0;
    for (const partition of this.#unpaged.keys()) {
      if (this.#unpagedCount < CHANGES_PER_PAGE || pageCount === PAGES_PER_BATCH_MAX) break;
      const value = encodeLeafPage(commitSeq, this.#partition(partition));
      operations.push({ type: 'put', key: leafPageRowKey(partition), value });
      this.#unpaged.delete(partition);
      this.#unpagedCount -= CHANGES_PER_PAGE;
      pageCount += 1;
    }
    if (this.#unpaged.size === 0) this.#unpagedCount = 0;
    const [oldestNeeded = commitSeq + 1] = this.#unpaged.values();
    const kept = this.#changesRows.findIndex((row) => row >= oldestNeeded);
    const gone = this.#changesRows.splice(0, kept === -1 ? this.#changesRows.length : kept);
    for (const row of gone) operations.push({ type: 'del', key: leafChangesRowKey(row) });
  }

  #noteUnpaged(partition: number, commitSeq: number): void {
    if (!this.#unpaged.has(partition)) this.#unpaged.set(partition, commitSeq);
  }

  /** A leaf as it was stored or counted anew. */
  #set(index: number, leaf: Leaf): void {
    const present = this.leaf(index);
    this.#combine(
      index,
      present.high ^ leaf.high,
      present.low ^ leaf.low,
      leaf.count - present.count,
    );
  }

  #add(index: number, hash: ItemHash, count: 1 | -1): void {
    this.#combine(index, hash.high, hash.low, count);
    this.#changed.add(index);
  }

  #combine(index: number, high: number, low: number, count: number): void {
    const leaves = this.#partition(Math.floor(index / LEAVES_PER_PARTITION));
    const at = (index % LEAVES_PER_PARTITION) * LEAF_FIELDS;
    const counted = (leaves[at + COUNT] ?? 0) + count;
    assert(counted >= 0, `Leaf ${index} would hold ${counted} records`);
    leaves[at] = (leaves[at] ?? 0) ^ high;
    leaves[at + 1] = (leaves[at + 1] ?? 0) ^ low;
    leaves[at + COUNT] = counted;
    this.#keyCount += count;
  }

  #partition(partition: number): Uint32Array {
    const known = this.#leaves[partition];
    if (known !== undefined) return known;
    const made = new Uint32Array(LEAVES_PER_PARTITION * LEAF_FIELDS);
    this.#leaves[partition] = made;
    return made;
  }
}
