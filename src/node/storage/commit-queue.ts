/** In which order does what reach the disk, and who may be answered when? Batches are written
 *  strictly one after the other; while one is under way everything else collects in the next (group
 *  commit).
 *  Invariants: nobody is answered before the batch that holds what the answer speaks of has been
 *  written, and fsynced if anybody in it asked for that; a batch is built in one synchronous step:
 *  records, leaf deltas, its link of the commit chain, the ceiling; a batch that fails is the last
 *  one ever, so nothing pending is ever rolled back.
 *  Not here: what is decided (key-lanes.ts). Source: docs/ARCHITECTURE.md 5.2 and 5.18; group
 *  commit after DeWitt et al., "Implementation techniques for main memory database systems",
 *  1984. */
import { assert, type CoterieError } from '../../core/errors.ts';
import type { StoreOperation } from '../../env/store.ts';
import { Batch, type Lane } from './batch.ts';
import { batchError, stoppedError } from './batch-errors.ts';
import { BatchWatch } from './batch-watch.ts';
import { CHAIN_WINDOW } from './commit-chain.ts';
import type { LeafTable } from './leaf-table.ts';
import { encodeMark, encodeNumber, META } from './meta-rows.ts';
import type { StorageEnvironment, StorageOptions } from './storage-options.ts';
import type { StoredRecord } from './stored-record.ts';
import { chainRowKey, metaRowKey } from './table-keys.ts';
import type { Decision, PendingUpdate, Waiter } from './update.ts';

/** What the queue was left with by earlier runs. */
export interface CommitState {
  /** Last commit found. */
  readonly commitSeq: number;
  readonly ceiling: number;
  readonly tombstoneCount: number;
}

export interface CommitHooks {
  /** No batch holds the lane any more. */
  laneIdle(lane: Lane): void;
  /** So many bytes have been written. */
  written(bytes: number): void;
  /** Work that must see the engine between two batches, done before the next one is built. */
  betweenBatches(): Promise<void> | undefined;
  failed(error: CoterieError): void;
}

export class CommitQueue {
  readonly #environment: Pick<StorageEnvironment, 'store' | 'clock' | 'metrics'>;
  readonly #options: StorageOptions;
  readonly #hooks: CommitHooks;
  readonly #watch: BatchWatch;
  #leaves: LeafTable | undefined;
  #open = new Batch();
  #underWay: Batch | undefined;
  #isScheduled = false;
  #isRunning = false;
  #failure: CoterieError | undefined;
  readonly #drained: (() => void)[] = [];

  #nextSeq = 1;
  #syncedSeq = 0;
  /** Of the last batch with news, and of the last of those that is fsynced. */
  #newsSeq = 0;
  #syncedNewsSeq = 0;
  #ceiling = 0;
  #syncedCeiling = 0;
  #hasUnsynced = false;
  #isUnsyncedMintNoted = false;
  #keyCount = 0;
  #tombstoneCount = 0;
  /** The same with what is under way. */
  #sealedTombstoneCount = 0;
  #lastBatchMs = 1;

  constructor(
    environment: Pick<StorageEnvironment, 'store' | 'clock' | 'metrics'>,
    options: StorageOptions,
    hooks: CommitHooks,
  ) {
    this.#environment = environment;
    this.#options = options;
    this.#hooks = hooks;
    const { batchTimeoutMs } = options;
    this.#watch = new BatchWatch(environment.clock, batchTimeoutMs);
    void this.#watch.stuck.then(() => {
      this.#fail(new Error(`it has been under way for more than ${batchTimeoutMs} ms`));
      this.#tellDrained();
    });
  }

  restore(state: CommitState): void {
    this.#nextSeq = state.commitSeq + 1;
    this.#syncedSeq = state.commitSeq;
    this.#newsSeq = state.commitSeq;
    this.#syncedNewsSeq = state.commitSeq;
    this.#ceiling = state.ceiling;
    this.#syncedCeiling = state.ceiling;
    this.#tombstoneCount = state.tombstoneCount;
    this.#sealedTombstoneCount = state.tombstoneCount;
  }

  useLeaves(leaves: LeafTable): void {
    this.#leaves = leaves;
    this.#keyCount = leaves.keyCount;
  }

  /** Tombstones among the records, before any is written; undefined = not known better. */
  recounted(tombstoneCount: number | undefined): void {
    if (tombstoneCount === undefined) return;
    this.#tombstoneCount = tombstoneCount;
    this.#sealedTombstoneCount = tombstoneCount;
  }

  /** Why nothing is written any more. */
  get failure(): CoterieError | undefined {
    return this.#failure;
  }

  /** What those are told who want to write all the same. */
  get refusal(): CoterieError | undefined {
    return this.#failure && stoppedError(this.#failure);
  }

  /** The engine has not come back from a batch, and may never: it is not to be waited for. */
  get isStuck(): boolean {
    return this.#watch.isStuck;
  }

  /** Settles when that is so. */
  get stuck(): Promise<void> {
    return this.#watch.stuck;
  }

  /** The last commit that has been fsynced. */
  get commitSeq(): number {
    return this.#syncedSeq;
  }

  /** The last fsynced commit that peers should remember. What this node remembers of them is not
   *  among it: each would note that the other has noted something, for ever. */
  get newsSeq(): number {
    return this.#syncedNewsSeq;
  }

  /** The number that the next batch to be built will have. */
  get nextCommitSeq(): number {
    return this.#nextSeq;
  }

  /** Committed records. */
  get keyCount(): number {
    return this.#keyCount;
  }

  /** Committed records of which only deletions are left. */
  get tombstoneCount(): number {
    return this.#tombstoneCount;
  }

  get openBytes(): number {
    return this.#open.bytes;
  }

  get waitingCount(): number {
    return this.#open.waiters.length + (this.#underWay?.waiters.length ?? 0);
  }

  /** How long a refused caller should wait, in milliseconds. */
  get retryAfterMs(): number {
    return Math.max(1, Math.ceil(this.#lastBatchMs));
  }

  /** The lane's next state; its update is answered with the batch that holds it. */
  write(
    lane: Lane,
    update: PendingUpdate,
    stored: StoredRecord,
    decision: Decision<unknown>,
  ): void {
    const batch = this.#open;
    lane.current = stored;
    batch.put(lane, lane.key.storageKey.length + stored.bytes.length);
    batch.waiters.push(update);
    if (decision.ceiling !== undefined && decision.ceiling > batch.ceiling) {
      batch.ceiling = decision.ceiling;
    }
    if (update.options.sync) batch.sync = true;
    else if (decision.isMint === true) batch.hasUnsyncedMint = true;
    this.#schedule();
  }

  /** Answers one who changed nothing but relies on what `holder` holds (undefined: on what is
   *  committed already). */
  confirm(waiter: Waiter, sync: boolean, holder: Batch | undefined): void {
    const underWay = this.#underWay;
    if (holder === undefined && (!sync || !this.#hasUnsynced)) {
      waiter.settle(!this.#hasUnsynced);
    } else if (underWay !== undefined && holder !== this.#open && (!sync || underWay.sync)) {
      underWay.waiters.push(waiter);
    } else {
      this.#open.waiters.push(waiter);
      if (sync) this.#open.sync = true;
      this.#schedule();
    }
  }

  /** Answers at a moment when leaves and engine hold the same, all of it fsynced: between two
   *  batches. */
  atBoundary(waiter: Waiter): void {
    const underWay = this.#underWay;
    if (underWay === undefined) {
      if (this.#hasUnsynced) this.confirm(waiter, true, this.#open);
      else waiter.settle(true);
      return;
    }
    underWay.waiters.push({
      settle: (isDurable) => {
        if (isDurable) waiter.settle(true);
        else this.confirm(waiter, true, this.#open);
      },
      fail: (error) => waiter.fail(error),
    });
  }

  /** Rows beside the records; the batch is fsynced. `ceiling`: as of a decision. */
  addRows(rows: readonly StoreOperation[], waiter?: Waiter, ceiling = 0): void {
    this.#open.isNews = true;
    this.addNotes(rows, waiter, ceiling);
  }

  /** The same for rows that are no news to peers. */
  addNotes(rows: readonly StoreOperation[], waiter?: Waiter, ceiling = 0): void {
    for (const row of rows) this.#open.addRow(row);
    this.#open.ceiling = Math.max(this.#open.ceiling, ceiling);
    if (waiter !== undefined) this.#open.waiters.push(waiter);
    this.#open.sync = true;
    this.#schedule();
  }

  /** The record's row goes with the batch of the rows that are added next, unless that batch writes
   *  the record. Leaves do not count it. */
  erase(storageKey: Uint8Array): void {
    this.#open.erased.push(storageKey);
  }

  /** Settles when nothing is open, and nothing is under way that is waited for. */
  drained(): Promise<void> {
    const isOver = !this.#isRunning && (this.#open.isEmpty || this.#failure !== undefined);
    if (isOver || this.isStuck) return Promise.resolve();
    return new Promise((resolve) => {
      this.#drained.push(resolve);
    });
  }

  #schedule(): void {
    if (this.#failure !== undefined) this.#refuseOpen(this.#failure);
    if (this.#isScheduled || this.#isRunning) return;
    this.#isScheduled = true;
    this.#environment.clock.defer(() => {
      this.#isScheduled = false;
      void this.#run();
    });
  }

  async #run(): Promise<void> {
    this.#isRunning = true;
    while (!(this.#open.isEmpty || this.isStuck) && this.#failure === undefined) {
      this.#watch.begin();
      try {
        const work = this.#hooks.betweenBatches();
        if (work !== undefined) await work;
        if (!this.isStuck) await this.#commit(this.#open);
      } catch (cause) {
        // What becomes of a batch that was given up concerns nobody any more.
        if (this.#failure === undefined) this.#fail(cause);
      }
    }
    this.#isRunning = false;
    this.#watch.stop();
    this.#tellDrained();
  }

  /** An engine that does not come back from a batch would not come back from this either: it is
   *  left to the end of the process. */
  async closeEngine(): Promise<void> {
    if (!this.isStuck) await this.#environment.store.close();
  }

  #tellDrained(): void {
    for (const resolve of this.#drained.splice(0)) resolve();
  }

  async #commit(batch: Batch): Promise<void> {
    const { store, clock, metrics } = this.#environment;
    const seq = this.#nextSeq;
    const operations = this.#seal(batch);
    const startMs = clock.monotonicMs();
    await store.batch(operations, { sync: batch.sync });
    if (this.isStuck) return;
    this.#lastBatchMs = clock.monotonicMs() - startMs;
    metrics.observe('coterie_batch_operations', {}, batch.lanes.length);
    metrics.observe(
      'coterie_batch_seconds',
      { sync: String(batch.sync) },
      this.#lastBatchMs / 1_000,
    );
    this.#release(batch, seq);
    metrics.set('coterie_storage_queue_bytes', {}, this.#open.bytes);
  }

  /** Builds the batch; from here on it is under way and a new one is open. */
  #seal(batch: Batch): StoreOperation[] {
    this.#open = new Batch();
    this.#underWay = batch;
    this.#noteUnsyncedMint(batch);
    const operations: StoreOperation[] = [];
    for (const key of batch.erased) operations.push({ type: 'del', key });
    for (const lane of batch.lanes) this.#sealLane(batch, lane, operations);
    this.#leaves?.takeRows(this.#nextSeq, operations);
    for (const row of batch.rows) operations.push(row);
    if (batch.ceiling > this.#ceiling) {
      this.#ceiling = batch.ceiling;
      const value = encodeNumber(batch.ceiling);
      operations.push({ type: 'put', key: metaRowKey(META.ceiling), value });
    }
    if (batch.tombstoneCount !== 0) operations.push(this.#tombstoneRow(batch));
    operations.push({ type: 'put', key: chainRowKey(this.#nextSeq), value: encodeMark() });
    const expired = this.#nextSeq - CHAIN_WINDOW;
    if (expired >= 1) operations.push({ type: 'del', key: chainRowKey(expired) });
    this.#nextSeq += 1;
    return operations;
  }

  #sealLane(batch: Batch, lane: Lane, operations: StoreOperation[]): void {
    const { current, sealed, key } = lane;
    assert(this.#leaves !== undefined, 'A record was written before the partitioning was known');
    assert(current !== undefined, 'A lane in a batch has no record');
    this.#leaves.replace(key.token, sealed, current);
    if (sealed === undefined) batch.keyCount += 1;
    else if (sealed.isTombstone) batch.tombstoneCount -= 1;
    if (current.isTombstone) batch.tombstoneCount += 1;
    lane.sealed = current;
    operations.push({ type: 'put', key: key.storageKey, value: current.bytes });
  }

  #tombstoneRow(batch: Batch): StoreOperation {
    // What rotted away was counted once and is not met again.
    const count = Math.max(0, this.#sealedTombstoneCount + batch.tombstoneCount);
    this.#sealedTombstoneCount = count;
    const value = encodeNumber(count);
    return { type: 'put', key: metaRowKey(META.tombstones), value };
  }

  /** A mint that is released before its fsync could be forgotten by a power loss, and its tick be
   *  issued again: a start after that must know it (all floors rise), and its clock must start
   *  above that tick. */
  #noteUnsyncedMint(batch: Batch): void {
    if (batch.sync || !batch.hasUnsyncedMint) return;
    if (!this.#isUnsyncedMintNoted) {
      this.#isUnsyncedMintNoted = true;
      batch.rows.push({ type: 'put', key: metaRowKey(META.unsyncedMints), value: encodeMark() });
      batch.sync = true;
    } else if (batch.ceiling - this.#options.ceilingLeadTicks > this.#syncedCeiling) {
      batch.sync = true;
    }
  }

  #release(batch: Batch, seq: number): void {
    this.#underWay = undefined;
    this.#hasUnsynced = !batch.sync;
    this.#keyCount += batch.keyCount;
    this.#tombstoneCount = this.#sealedTombstoneCount;
    if (batch.isNews) this.#newsSeq = seq;
    if (batch.sync) {
      this.#syncedSeq = seq;
      this.#syncedNewsSeq = this.#newsSeq;
      this.#syncedCeiling = this.#ceiling;
    }
    this.#hooks.written(batch.bytes);
    for (const lane of batch.lanes) {
      lane.committed = lane.sealed;
      if (lane.batch !== batch) continue;
      lane.batch = undefined;
      this.#hooks.laneIdle(lane);
    }
    for (const waiter of batch.waiters) waiter.settle(batch.sync);
  }

  #fail(cause: unknown): void {
    this.#watch.stop();
    const batch = this.#underWay;
    this.#underWay = undefined;
    this.#failure = batchError(cause, batch?.lanes.length ?? 0, this.isStuck);
    for (const waiter of batch?.waiters ?? []) waiter.fail(this.#failure);
    this.#refuseOpen(this.#failure);
    this.#hooks.failed(this.#failure);
  }

  #refuseOpen(cause: CoterieError): void {
    const open = this.#open;
    this.#open = new Batch();
    const error = stoppedError(cause);
    for (const waiter of open.waiters) waiter.fail(error);
  }
}
