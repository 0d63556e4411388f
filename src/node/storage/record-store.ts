/** The storage service of a node: everything durable goes through here, and nothing is acknowledged
 *  before its time.
 *
 *      read ──► reads ──► loader ──► engine (one getMany per tick)
 *      update ► lanes ──► loader        │ record
 *                 │ decide, one after the other per key
 *                 └─► queue ──► engine (one batch under way, fsynced if anyone in it asked)
 *
 *  Invariants: an answer that says durable follows the fsync of its batch; reads see committed
 *  batches only; leaf == XOR of the stored records between batches; none follows one that failed.
 *  Not here: what a write means (replica service), layouts and fences, the engine.
 *  Source: docs/ARCHITECTURE.md 4, 5.2, 5.9, 5.13 and 5.16 to 5.19. */
import { assert, CoterieError } from '../../core/errors.ts';
import { ceilingFor } from '../../core/version/hlc.ts';
import type { RecordCodec } from '../../core/version/record-codec.ts';
import type { StoreOperation } from '../../env/store.ts';
import { CommitQueue } from './commit-queue.ts';
import { DiskGuard } from './disk-guard.ts';
import { EpochFloors } from './epoch-floors.ts';
import { KeyLanes, overloaded } from './key-lanes.ts';
import { LeafRecount } from './leaf-recount.ts';
import type { LeafTable } from './leaf-table.ts';
import {
  type DamageRow,
  damageOperation,
  META,
  type MetaEntry,
  metaOperation,
  NOTHING_REBUILT,
  type PartitioningRow,
} from './meta-rows.ts';
import {
  checkPartitioning,
  cleanRows,
  mayHaveLostMints,
  type Opened,
  type OpeningState,
  readLeaves,
  readSoundFolder,
} from './opening.ts';
import { PartitionScan } from './partition-scan.ts';
import { RecordCache } from './record-cache.ts';
import type { RecordKey } from './record-key.ts';
import { RecordLoader } from './record-loader.ts';
import { RecordReads } from './record-reads.ts';
import { ServiceRows } from './service-rows.ts';
import type { StorageEnvironment, StorageOptions } from './storage-options.ts';
import type { StoredCounts, StoredRecord } from './stored-record.ts';
import { metaRowKey } from './table-keys.ts';
import { UnreadableKeys } from './unreadable-keys.ts';
import {
  type Applied,
  type Decide,
  type PendingUpdate,
  type RecordReader,
  Update,
  type UpdateOptions,
} from './update.ts';
import { WatchedReads } from './watched-reads.ts';

export interface RecordStoreDependencies {
  readonly codec: RecordCodec;
  /** A tick of the node's clock above every one issued so far. First called by
   *  `usePartitioning`. */
  readonly presentTick: () => number;
}

/** Reads for the sake of reading. */
const NOBODY: RecordReader = { found: () => undefined, failed: () => undefined };
const NO_DAMAGE: DamageRow = Object.freeze({ hasGap: false, engineDamage: '' });

type State = 'created' | 'starting' | 'running' | 'stopping' | 'stopped';

export class RecordStore {
  /** Keys that do not answer until what was lost of them is made good. */
  readonly unreadable: UnreadableKeys;
  /** Of other services. */
  readonly rows: ServiceRows;
  /** What is committed, partition by partition. */
  readonly scan: PartitionScan;
  readonly #environment: StorageEnvironment;
  readonly #options: StorageOptions;
  readonly #presentTick: () => number;
  readonly #floors = new EpochFloors();
  readonly #guard: DiskGuard;
  readonly #queue: CommitQueue;
  readonly #recount: LeafRecount;
  readonly #loader: RecordLoader;
  readonly #cache: RecordCache;
  readonly #lanes: KeyLanes;
  readonly #reads: RecordReads;
  readonly #failedListeners: ((error: CoterieError) => void)[] = [];
  readonly #damageListeners: ((reason: string) => void)[] = [];
  #leaves: LeafTable | undefined;
  #opened: Opened | undefined;
  #damage: DamageRow = NO_DAMAGE;
  #state: State = 'created';
  #starting: Promise<OpeningState> | undefined;
  #stopping: Promise<void> | undefined;

  constructor(
    environment: StorageEnvironment,
    dependencies: RecordStoreDependencies,
    options: StorageOptions,
  ) {
    const { codec, presentTick } = dependencies;
    this.#environment = environment;
    this.#options = options;
    this.#presentTick = presentTick;
    const damaged = (reason: string): void => this.#noteEngineDamage(reason);
    this.#guard = new DiskGuard(environment, options, damaged);
    this.#queue = this.#makeQueue();
    const reads = new WatchedReads(environment.store, damaged);
    this.rows = new ServiceRows(reads, this.#queue, this.#guard, () => this.#refusal());
    this.unreadable = new UnreadableKeys(environment, this.#queue, this.#floors, {
      markersMax: options.unreadableKeysMax,
      presentTick,
    });
    const loads = { clock: environment.clock, store: reads };
    this.#loader = new RecordLoader(loads, codec, options, () => this.#guard.refresh());
    this.#cache = new RecordCache(options.recordCacheBytesMax);
    const shared = {
      codec,
      clock: environment.clock,
      loader: this.#loader,
      cache: this.#cache,
      queue: this.#queue,
      guard: this.#guard,
      floors: this.#floors,
      unreadable: this.unreadable,
      partitionOf: (token: number) => this.#table.partitionOf(token),
      noteUnreadable: (key: RecordKey, reason: string, isEngineDamage: boolean) =>
        this.#noteUnreadable(key, reason, isEngineDamage),
    };
    this.#lanes = new KeyLanes(shared, options);
    this.#recount = new LeafRecount(reads, environment.log, { ...shared, lanes: this.#lanes });
    this.#reads = new RecordReads({ ...shared, lanes: this.#lanes }, options.waitingReadsMax);
    this.scan = new PartitionScan({
      ...shared,
      lanes: this.#lanes,
      store: reads,
      leaves: () => this.#table,
      refusal: () => this.#dataRefusal(),
      look: (key) => this.#reads.read(key, NOBODY),
      recount: (index) => this.#recount.request(index),
    });
  }

  /** Opens the engine and says how the folder was found. May be called once. Errors:
   *  VERSION_UNSUPPORTED for a folder of later software; CONFLICT, STORAGE_IO from the engine.
   *  After an error the engine is closed. */
  start(): Promise<OpeningState> {
    assert(this.#state === 'created', 'A record store can be started once');
    this.#state = 'starting';
    this.#starting = this.#start();
    return this.#starting;
  }

  /** Once the layout is known: loads the leaves; updates and reads are refused before it. The same
   *  partitioning again changes nothing. Raises all epoch floors if the last run may have lost
   *  mints, and counts all leaves anew while the log has a gap. Errors: CLUSTER_MISMATCH when the
   *  folder was written for another one, NOT_RUNNING, STORAGE_IO. */
  async usePartitioning(partitioning: PartitioningRow): Promise<void> {
    const opened = this.#runningFolder();
    if (this.#leaves !== undefined) {
      checkPartitioning(this.#leaves.partitioning, partitioning);
      return;
    }
    const leaves = await readLeaves(this.#environment.store, opened.partitioning, partitioning);
    if (opened.damage.hasGap) this.#queue.recounted(await this.#recount.runWhole(leaves));
    const rows: StoreOperation[] = [];
    if (opened.partitioning === undefined) rows.push(leaves.partitioningRow());
    if (mayHaveLostMints(opened)) {
      rows.push(this.#floors.raiseAll(this.#presentTick()));
      rows.push({ type: 'del', key: metaRowKey(META.unsyncedMints) });
    }
    this.#queue.useLeaves(leaves);
    this.#leaves = leaves;
    if (rows.length > 0) await this.rows.write(rows);
  }

  /** Refuses new work, finishes what is under way, marks the stop as clean and closes the engine.
   *  Idempotent. After a failed batch nothing is marked. */
  stop(): Promise<void> {
    this.#stopping ??= this.#stop();
    return this.#stopping;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.stop();
  }

  /** The committed record; `undefined` when there is none. Errors: CORRUPT_RECORD while any of it
   *  is lost here, OVERLOADED, NOT_RUNNING, NOT_INITIALISED, STORAGE_IO. */
  read(key: RecordKey): Promise<StoredRecord | undefined> {
    return new Promise((found, failed) => this.fetch(key, { found, failed }));
  }

  /** The same for a reader that is told, perhaps before this returns. */
  fetch(key: RecordKey, reader: RecordReader): void {
    const refusal = this.#dataRefusal();
    if (refusal === undefined) this.#reads.read(key, reader);
    else reader.failed(refusal);
  }

  /** Decides on the present record (pending writes included) and answers when what was decided is
   *  committed; with `sync` when it is fsynced. `decide` is called once, synchronously, unless the
   *  update is refused before; what it throws rejects this update alone.
   *  Errors, all with applied 'no' unless said: OVERLOADED, DISK_FULL, DEADLINE_EXCEEDED,
   *  NOT_RUNNING, NOT_INITIALISED; STORAGE_IO (unknown) when its batch failed. */
  update<T>(key: RecordKey, options: UpdateOptions, decide: Decide<T>): Promise<Applied<T>> {
    return new Promise((resolve, reject) => {
      this.submit(key, new Update(options, decide, resolve, reject));
    });
  }

  /** The same for an update of the caller's own making, which may be settled before this
   *  returns. */
  submit(key: RecordKey, update: PendingUpdate): void {
    const refusal = this.#dataRefusal() ?? this.#crowdRefusal(update.options);
    if (refusal === undefined) this.#lanes.add(key, update);
    else update.refuse(refusal);
  }

  /** The committed value of another service's row. Errors: NOT_RUNNING, STORAGE_IO. */
  async readMeta(name: string): Promise<Uint8Array | undefined> {
    return (await this.rows.read([metaRowKey(name)]))[0];
  }

  /** Writes rows of another service in one fsynced batch. Errors: as of `rows.write`. */
  writeMeta(entries: readonly MetaEntry[]): Promise<void> {
    return this.rows.write(entries.map(metaOperation));
  }

  /** The same, for rows that say what peers have committed. */
  noteMeta(entries: readonly MetaEntry[]): Promise<void> {
    return this.rows.note(entries.map(metaOperation));
  }

  /** Least own epoch a mint of this partition may use again. */
  epochFloor(partition: number): number {
    return this.#floors.floorOf(partition);
  }

  /** Raises the floors of all partitions, at once for every later decision; settles when that is
   *  fsynced, and with it that the next run's clock starts above the floor. */
  raiseAllFloors(floor: number): Promise<void> {
    return this.rows.write([this.#floors.raiseAll(floor)], ceilingFor(floor));
  }

  /** What was lost is here again, or given up: no gap is reported any more. Nor is engine damage,
   *  unless these files can be set aside: a rebuild of records does not mend them. */
  clearDamage(): Promise<void> {
    this.#damage = this.#isGivenUp ? { ...this.#damage, hasGap: false } : NO_DAMAGE;
    return this.rows.write([damageOperation(this.#damage)]);
  }

  /** Told once, when a batch has failed: nothing is acknowledged any more. */
  onFailed(listener: (error: CoterieError) => void): void {
    this.#failedListeners.push(listener);
  }

  /** Told once, when the engine found its files damaged; the next opening reports it as well. */
  onEngineDamage(listener: (reason: string) => void): void {
    this.#damageListeners.push(listener);
  }

  /** The last commit that has been fsynced; `newsSeq`: the last of which peers should know. */
  get commitSeq(): number {
    return this.#queue.commitSeq;
  }

  get newsSeq(): number {
    return this.#queue.newsSeq;
  }

  get counts(): StoredCounts {
    const { keyCount, tombstoneCount } = this.#queue;
    return { keys: keyCount, tombstones: tombstoneCount, unreadable: this.unreadable.count };
  }

  get queueBytes(): number {
    return this.#queue.openBytes;
  }

  /** The engine's files are damaged, and the next start begins without them. */
  get #isGivenUp(): boolean {
    return this.#damage.engineDamage !== '' && this.#environment.store.setAside !== undefined;
  }

  get #table(): LeafTable {
    assert(this.#leaves !== undefined, 'The partitioning is not known yet');
    return this.#leaves;
  }

  #makeQueue(): CommitQueue {
    return new CommitQueue(this.#environment, this.#options, {
      laneIdle: (lane) => this.#lanes.release(lane),
      written: (bytes) => {
        this.#guard.noteWritten(bytes);
        void this.#guard.refresh();
      },
      betweenBatches: () => this.#recount.run(this.#isGivenUp ? undefined : this.#leaves),
      failed: (error) => {
        this.#environment.log.error('storage-failed', { reason: error.message });
        for (const listener of this.#failedListeners) listener(error);
      },
    });
  }

  async #start(): Promise<OpeningState> {
    const { store } = this.#environment;
    await store.open();
    try {
      const opened = await readSoundFolder(this.#environment);
      const { state, tombstoneCount } = opened;
      this.#opened = opened;
      this.#damage = opened.damage;
      this.#floors.restore(opened.floors);
      this.unreadable.restore(opened.unreadable);
      this.#queue.restore({ ...state, tombstoneCount });
      await this.#addRows(opened.firstRows);
      await this.#guard.refresh();
      this.#state = 'running';
      return state;
    } catch (error) {
      this.#state = 'stopped';
      await this.#queue.closeEngine();
      throw error;
    }
  }

  async #stop(): Promise<void> {
    if (this.#state === 'starting') await Promise.allSettled([this.#starting]);
    if (this.#state !== 'running') {
      this.#state = 'stopped';
      return;
    }
    this.#state = 'stopping';
    await Promise.race([this.#loader.drained(), this.#queue.stuck]);
    await this.#queue.drained();
    try {
      if (this.#queue.failure === undefined)
        await this.#addRows(cleanRows(this.#folder().state, this.#queue.nextCommitSeq));
    } finally {
      this.#state = 'stopped';
      await this.#queue.closeEngine();
    }
  }

  #addRows(rows: readonly StoreOperation[]): Promise<void> {
    return new Promise((settle, fail) => {
      this.#queue.addRows(rows, { settle: () => settle(), fail });
    });
  }

  #noteUnreadable(key: RecordKey, reason: string, isEngineDamage: boolean): void {
    this.#cache.drop(key);
    const isNews = this.unreadable.note(key, this.#table.partitionOf(key.token), reason);
    if (isNews) this.#recount.request(this.#table.indexOf(key.token));
    if (isEngineDamage) this.#noteEngineDamage(reason);
  }

  #noteEngineDamage(reason: string): void {
    if (this.#damage.engineDamage !== '' || this.#state !== 'running') return;
    this.#damage = { ...this.#damage, engineDamage: reason };
    this.#queue.addRows([damageOperation(this.#damage), NOTHING_REBUILT]);
    for (const listener of this.#damageListeners) listener(reason);
  }

  #folder(): Opened {
    assert(this.#opened !== undefined, 'The folder has not been read');
    return this.#opened;
  }

  #runningFolder(): Opened {
    const refusal = this.#refusal();
    if (refusal !== undefined) throw refusal;
    return this.#folder();
  }

  #refusal(): CoterieError | undefined {
    const { refusal } = this.#queue;
    if (refusal !== undefined || this.#state === 'running') return refusal;
    return new CoterieError('NOT_RUNNING', `The storage of this node is ${this.#state}`);
  }

  #dataRefusal(): CoterieError | undefined {
    const refusal = this.#refusal();
    if (refusal !== undefined || this.#leaves !== undefined) return refusal;
    return new CoterieError('NOT_INITIALISED', 'This node does not know its partitions yet');
  }

  #crowdRefusal({ priority }: UpdateOptions): CoterieError | undefined {
    const waitingMax = this.#options.waitingUpdatesMax * (priority === 'repair' ? 2 : 1);
    const waitingCount = this.#lanes.waitingCount + this.#queue.waitingCount;
    if (waitingCount < waitingMax) return undefined;
    return overloaded(`${waitingCount} updates wait`, this.#queue.retryAfterMs);
  }
}
