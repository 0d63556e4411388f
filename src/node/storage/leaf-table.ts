/** The Merkle leaves of every partition: XOR of the item hashes of a leaf's records, and their
 *  number. In memory it is the writer's truth: deltas are applied when a batch is built, in one
 *  synchronous step with the records, and the batch carries the absolute leaves that result. A leaf
 *  is shared by many keys; were it computed when the batch succeeds, the batch built meanwhile
 *  would store it without the delta, for ever.
 *  Invariants: at every batch boundary a leaf is the XOR of the records stored in it. A partition
 *  without records takes no memory, others 12 KiB each.
 *  Not here: inner levels and exchange. Source: docs/ARCHITECTURE.md 5.9; XOR leaves as in Riak's
 *  Tictac trees. */
import { assert } from '../../core/errors.ts';
import { LEAVES_PER_PARTITION, leafOf, partitionOf } from '../../core/ring/token.ts';
import { type ItemHash, itemHash } from '../../core/version/item-hash.ts';
import type { StoreOperation } from '../../env/store.ts';
import {
  encodePartitioning,
  LEAF_ROW_BYTES,
  type LeafRow,
  META,
  type PartitioningRow,
  writeLeaf,
} from './meta-rows.ts';
import type { StoredRecord } from './stored-record.ts';
import { LEAF_KEY_BYTES, metaRowKey, writeLeafRowKey } from './table-keys.ts';

const FIELDS = 3;
const COUNT = 2;

export class LeafTable {
  readonly partitioning: PartitioningRow;
  readonly #leaves: (Uint32Array | undefined)[];
  /** Leaves changed since `takeRows`, as partition * LEAVES_PER_PARTITION + leaf. */
  readonly #changed = new Set<number>();
  #keyCount = 0;

  constructor(partitioning: PartitioningRow) {
    this.partitioning = partitioning;
    this.#leaves = new Array<Uint32Array | undefined>(partitioning.partitions).fill(undefined);
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

  leaf(index: number): LeafRow {
    const partition = Math.floor(index / LEAVES_PER_PARTITION);
    const at = (index % LEAVES_PER_PARTITION) * FIELDS;
    const leaves = this.#leaves[partition];
    if (leaves === undefined) return { high: 0, low: 0, count: 0 };
    return { high: leaves[at] ?? 0, low: leaves[at + 1] ?? 0, count: leaves[at + COUNT] ?? 0 };
  }

  /** A leaf as it was stored or counted anew. */
  set(index: number, leaf: LeafRow): void {
    const present = this.leaf(index);
    this.#combine(
      index,
      present.high ^ leaf.high,
      present.low ^ leaf.low,
      leaf.count - present.count,
    );
  }

  /** As `set`, and the leaf goes into the next batch. */
  correct(index: number, leaf: LeafRow): void {
    this.set(index, leaf);
    this.#changed.add(index);
  }

  /** Rows of the leaves that changed since the last call, appended to a batch. Their bytes share
   *  one buffer: there is a leaf for nearly every record, and an array of its own costs more than
   *  what is in it. */
  takeRows(operations: StoreOperation[]): void {
    const buffer = new Uint8Array(this.#changed.size * (LEAF_KEY_BYTES + LEAF_ROW_BYTES));
    let at = 0;
    for (const index of this.#changed) {
      const partition = Math.floor(index / LEAVES_PER_PARTITION);
      const key = buffer.subarray(at, at + LEAF_KEY_BYTES);
      const value = buffer.subarray(at + LEAF_KEY_BYTES, at + LEAF_KEY_BYTES + LEAF_ROW_BYTES);
      writeLeafRowKey(key, partition, index % LEAVES_PER_PARTITION);
      writeLeaf(value, this.leaf(index));
      operations.push({ type: 'put', key, value });
      at += LEAF_KEY_BYTES + LEAF_ROW_BYTES;
    }
    this.#changed.clear();
  }

  /** The row that says for which partitioning the leaves were computed. */
  partitioningRow(): StoreOperation {
    const value = encodePartitioning(this.partitioning);
    return { type: 'put', key: metaRowKey(META.partitioning), value };
  }

  #add(index: number, hash: ItemHash, count: 1 | -1): void {
    this.#combine(index, hash.high, hash.low, count);
    this.#changed.add(index);
  }

  #combine(index: number, high: number, low: number, count: number): void {
    const leaves = this.#partition(Math.floor(index / LEAVES_PER_PARTITION));
    const at = (index % LEAVES_PER_PARTITION) * FIELDS;
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
    const made = new Uint32Array(LEAVES_PER_PARTITION * FIELDS);
    this.#leaves[partition] = made;
    return made;
  }
}
