/** What will be written together, and who waits for it; and the lane of a key, which is where
 *  batches find its record.
 *  Invariants: a batch holds each lane once, with the newest record decided for it; a lane is in
 *  the batch under way, in the open one, in both, or in none, and `batch` names the newest.
 *  Not here: order and writing (commit-queue.ts), who may decide when (key-lanes.ts). Source:
 *  docs/ARCHITECTURE.md 5.2. */
import type { StoreOperation } from '../../env/store.ts';
import type { RecordKey } from './record-key.ts';
import type { StoredRecord } from './stored-record.ts';
import type { PendingUpdate, Waiter } from './update.ts';

/** Three states of one key's record, oldest first; they differ only while batches are pending. */
export class Lane {
  readonly key: RecordKey;
  /** Updates that wait for the record to be loaded; undefined once it is. */
  waiting: PendingUpdate[] | undefined;
  /** What a reader may see. */
  committed: StoredRecord | undefined;
  /** What the leaves count: of the batch under way, or committed. */
  sealed: StoredRecord | undefined;
  /** What the next decision is made on. */
  current: StoredRecord | undefined;
  /** Newest batch that holds a write of this lane. */
  batch: Batch | undefined;
  /** Of a LaneTable. */
  nextOfToken: Lane | undefined;
  /** Bytes this lane adds to `batch`. */
  bytes = 0;

  constructor(key: RecordKey, first: PendingUpdate) {
    this.key = key;
    this.waiting = [first];
  }

  loaded(stored: StoredRecord | undefined): void {
    this.committed = stored;
    this.sealed = stored;
    this.current = stored;
  }
}

export class Batch {
  readonly lanes: Lane[] = [];
  readonly waiters: Waiter[] = [];
  /** Rows beside the records, in the order in which they were added. */
  readonly rows: StoreOperation[] = [];
  /** Storage keys of records that go, before any of the lanes is written. */
  readonly erased: Uint8Array[] = [];
  bytes = 0;
  sync = false;
  /** It holds more than what this node remembers of its peers' commits. */
  isNews = false;
  /** Highest ceiling that a decision in it asked for; 0 = none did. */
  ceiling = 0;
  /** A mint in it is to be answered before it is fsynced. */
  hasUnsyncedMint = false;
  /** Change of the number of records, and of those that are tombstones. */
  keyCount = 0;
  tombstoneCount = 0;

  get isEmpty(): boolean {
    return this.lanes.length === 0 && this.waiters.length === 0 && this.rows.length === 0;
  }

  /** The lane's present record is to be written. */
  put(lane: Lane, bytes: number): void {
    this.isNews = true;
    if (lane.batch === this) {
      this.bytes -= lane.bytes;
    } else {
      lane.batch = this;
      this.lanes.push(lane);
    }
    lane.bytes = bytes;
    this.bytes += bytes;
  }

  addRow(row: StoreOperation): void {
    this.rows.push(row);
    this.bytes += row.key.length + (row.type === 'put' ? row.value.length : 0);
  }
}
