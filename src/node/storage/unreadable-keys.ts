/** Which keys must not answer reads, because something of them was lost here? An unreadable record
 *  that just vanished would make the next read say "nothing there", and that answer would count in
 *  a quorum. So the key keeps a durable marker, which outlives whatever is written to it
 *  afterwards, and goes away only when all that may have been lost has been merged again from other
 *  replicas.
 *  Invariants: marker, raised epoch floor and corrected leaf ride in one batch, ahead of any later
 *  mint of the partition; markers are bounded, and beyond the bound the whole partition counts as
 *  unreadable.
 *  Not here: finding such records (record-loader.ts), rebuilding them. Source: docs/ARCHITECTURE.md
 *  5.17. */
import { CoterieError } from '../../core/errors.ts';
import type { StoreOperation } from '../../env/store.ts';
import type { CommitQueue } from './commit-queue.ts';
import type { EpochFloors } from './epoch-floors.ts';
import { encodeMark, encodeMarker, type MarkerState, unreadableName } from './meta-rows.ts';
import { type RecordKey, recordKeyOfRow, storageKeyOfId } from './record-key.ts';
import type { StorageEnvironment } from './storage-options.ts';
import { metaRowKey, unreadableRowKey } from './table-keys.ts';

/** What was found at opening. */
export interface UnreadableFound {
  readonly markers: ReadonlyMap<string, MarkerState>;
  readonly partitions: ReadonlySet<number>;
}

/** What is unreadable in a partition at a moment, to be made good. */
export interface Unreadable {
  /** More than there are markers for: any record of the partition may be lost. */
  readonly isWhole: boolean;
  readonly keys: readonly { readonly key: RecordKey; readonly noted: number }[];
}

export interface UnreadableKeysOptions {
  readonly markersMax: number;
  /** A tick above every one issued so far. */
  readonly presentTick: () => number;
}

export class UnreadableKeys {
  readonly #environment: Pick<StorageEnvironment, 'log' | 'metrics'>;
  readonly #queue: CommitQueue;
  readonly #floors: EpochFloors;
  readonly #options: UnreadableKeysOptions;
  #markers = new Map<string, MarkerState>();
  #partitions = new Set<number>();
  /** Which finding of this run was the last of each: what is found again is not made good by what
   *  was fetched before. A count for each would begin anew once it is made good. */
  readonly #noted = new Map<string, number>();
  #findings = 0;
  readonly #listeners: (() => void)[] = [];

  constructor(
    environment: Pick<StorageEnvironment, 'log' | 'metrics'>,
    queue: CommitQueue,
    floors: EpochFloors,
    options: UnreadableKeysOptions,
  ) {
    this.#environment = environment;
    this.#queue = queue;
    this.#floors = floors;
    this.#options = options;
  }

  restore(found: UnreadableFound): void {
    this.#markers = new Map(found.markers);
    this.#partitions = new Set(found.partitions);
    this.#count();
  }

  /** Keys with a marker. */
  get count(): number {
    return this.#markers.size;
  }

  /** There is something to be made good. */
  get isAny(): boolean {
    return this.#markers.size > 0 || this.#partitions.size > 0;
  }

  /** Told whenever there is more. */
  onMore(listener: () => void): void {
    this.#listeners.push(listener);
  }

  /** By partition. Cost: all markers. */
  byPartition(partitionOf: (token: number) => number): Map<number, Unreadable> {
    const found = new Map<
      number,
      { isWhole: boolean; keys: { key: RecordKey; noted: number }[] }
    >();
    for (const partition of this.#partitions) {
      found.set(partition, { isWhole: true, keys: [] });
    }
    for (const id of this.#markers.keys()) {
      const key = recordKeyOfRow(storageKeyOfId(id));
      const partition = partitionOf(key.token);
      const of = found.get(partition) ?? { isWhole: false, keys: [] };
      of.keys.push({ key, noted: this.#noted.get(id) ?? 0 });
      found.set(partition, of);
    }
    return found;
  }

  /** All that other replicas have of these has been merged: they answer again once that is
   *  committed, but those that were found unreadable once more. What nobody else had is gone: its
   *  row is deleted. */
  madeGood(partition: number, { isWhole, keys }: Unreadable): void {
    for (const { key, noted } of keys) {
      const state = this.#markers.get(key.id);
      if (state === undefined || (this.#noted.get(key.id) ?? 0) !== noted) continue;
      if (state === 'lost') {
        this.#queue.erase(key.storageKey);
        this.#environment.log.error('record-gone', { partition });
      }
      this.#clear(key);
    }
    if (!isWhole || !this.#partitions.has(partition)) return;
    const row: StoreOperation = { type: 'del', key: metaRowKey(unreadableName(partition)) };
    this.#queue.addRows([row], {
      settle: () => this.#partitions.delete(partition),
      fail: () => undefined,
    });
  }

  /** Of all keys with a marker, in no order. */
  storageKeys(): Uint8Array[] {
    return [...this.#markers.keys()].map(storageKeyOfId);
  }

  has(key: RecordKey, partition: number): boolean {
    if (this.#markers.size > 0 && this.#markers.has(key.id)) return true;
    return this.#partitions.size > 0 && this.#partitions.has(partition);
  }

  /** Nothing of the record is left: what the engine hands out for it is not to be used. */
  isLost(key: Pick<RecordKey, 'id'>): boolean {
    return this.#markers.size > 0 && this.#markers.get(key.id) === 'lost';
  }

  /** A record was found unreadable. True when that is news. */
  note(key: RecordKey, partition: number, reason: string): boolean {
    if (this.#markers.get(key.id) === 'lost') return false;
    this.#findings += 1;
    this.#noted.set(key.id, this.#findings);
    const rows = [this.#mark(key, partition)];
    rows.push(this.#floors.raise(partition, this.#options.presentTick()));
    this.#queue.addRows(rows);
    this.#environment.log.error('record-unreadable', { partition, reason });
    this.#count();
    for (const listener of this.#listeners) listener();
    return true;
  }

  /** A write of the key joined the open batch. */
  noteWrite(key: RecordKey, isRebuilt: boolean): void {
    const state = this.#markers.get(key.id);
    if (state === undefined) return;
    if (isRebuilt) this.#clear(key);
    else if (state === 'lost') this.#queue.addRows([this.#put(key, 'partial')]);
  }

  error(): CoterieError {
    return new CoterieError(
      'CORRUPT_RECORD',
      'The record of this key cannot be read here, or not all of it; read another replica',
    );
  }

  #mark(key: RecordKey, partition: number): StoreOperation {
    const { markersMax } = this.#options;
    if (this.#markers.has(key.id) || this.#markers.size < markersMax) return this.#put(key, 'lost');
    this.#partitions.add(partition);
    return { type: 'put', key: metaRowKey(unreadableName(partition)), value: encodeMark() };
  }

  #put(key: RecordKey, state: MarkerState): StoreOperation {
    this.#markers.set(key.id, state);
    return { type: 'put', key: unreadableRowKey(key.storageKey), value: encodeMarker(state) };
  }

  /** Reads go on being refused until the batch that makes the record whole is committed. */
  #clear(key: RecordKey): void {
    const row: StoreOperation = { type: 'del', key: unreadableRowKey(key.storageKey) };
    const noted = this.#noted.get(key.id);
    this.#markers.set(key.id, 'partial');
    this.#queue.addRows([row], {
      settle: () => {
        if (this.#noted.get(key.id) !== noted) return;
        this.#markers.delete(key.id);
        this.#noted.delete(key.id);
        this.#count();
      },
      fail: () => undefined,
    });
  }

  #count(): void {
    this.#environment.metrics.set('coterie_unreadable_keys', {}, this.#markers.size);
  }
}
