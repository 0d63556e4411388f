/** What is on one node's disk, and what is left of it after a crash? It outlives processes and
 *  stands for the disk, the file system's cache and the engine's log together.
 *  Invariants: a batch is applied whole or not at all; a synced one makes all before it durable,
 *  and nothing but the faults that say so takes a durable one away; what a crash takes of the
 *  others is always the newest (recovery keeps a prefix of the log; a half-written batch does not
 *  pass the log's checksum and ends it); only the store that holds the disk reaches it.
 *  Not here: time that calls take and their promises (sim-store.ts), which faults come when
 *  (sim/faults). Source: design of the test programme, fault model; RocksDB's point-in-time
 *  recovery; Rebello et al., "Can applications recover from fsync failures?", ATC 2020. */
import { ByteMap } from '../../core/byte-map.ts';
import { assert, CoterieError } from '../../core/errors.ts';
import { STORE_KEY_BYTES_MAX } from '../../core/store-gate.ts';
import type { DiskSpace, StoreEntry, StoreOperation } from '../../env/store.ts';
import { tableRange } from '../../node/storage/table-keys.ts';
import type { Kernel } from '../kernel/kernel.ts';
import type { RandomStream } from '../kernel/random-stream.ts';
import type { UnsyncedFate } from '../scenario.ts';
import { BadBlocks, badBlockError, type DiskDamage } from './bad-blocks.ts';
import { DiskFaults, type EndFault } from './disk-faults.ts';
import { type DiskTimes, UsualDiskTimes } from './disk-times.ts';
import { WriteLog } from './write-log.ts';

const CAPACITY_BYTES: number = 1_024 * 1_024 * 1_024;
const US_PER_MS = 1_000;
/** Share of the disk below which batches fail. */
const FREE_SHARE_MIN = 0.01;
/** How often a batch that was being written when its process was killed is in the log. */
const WRITTEN_ANYWAY_SHARE = 0.5;
const FIRST_KEY: Uint8Array = new Uint8Array(0);
/** After every key that a store takes. */
const END_KEY: Uint8Array = new Uint8Array(STORE_KEY_BYTES_MAX + 1).fill(0xff);

type Operations = readonly StoreOperation[];

export interface SimDiskOptions {
  /** 1 GiB when absent. */
  readonly capacityBytes?: number;
  /** As those of disks usually are when absent. */
  readonly times?: DiskTimes;
}

/** A store's hold on the disk. */
export interface DiskHold {
  /** Batches asked for and not yet answered, oldest first: the first is being written. */
  readonly waiting: Operations[];
}

/** What was lost of what had been synced. */
export interface SyncedLoss {
  /** Everything synced before this time is still there. */
  readonly intactUntilUs: number;
}

export interface DiskCounters {
  /** Applied. */
  batches: number;
  syncs: number;
  /** Half written when the power went. */
  tornBatches: number;
  /** Taken away after they had been written, or while they were. */
  lostBatches: number;
  failedReads: number;
  /** That asked for a row of a bad block. */
  badReads: number;
  /** Files kept elsewhere, how often. */
  setAside: number;
}

export class SimDisk {
  readonly name: string;
  readonly capacityBytes: number;
  readonly counters: DiskCounters = {
    batches: 0,
    syncs: 0,
    tornBatches: 0,
    lostBatches: 0,
    failedReads: 0,
    badReads: 0,
    setAside: 0,
  };
  readonly blocks = new BadBlocks();
  /** What calls take; one stream for all processes that ever use the disk. */
  readonly latency: RandomStream;
  readonly times: DiskTimes;
  readonly #kernel: Kernel;
  /** A stream of its own: a fault left out does not change what calls take. */
  readonly #fate: RandomStream;
  readonly #log = new WriteLog();
  readonly #faults = new DiskFaults();
  /** Another one, so that blocks change no other fate. */
  readonly #blockFate: RandomStream;
  readonly #listeners: ((operations: Operations, atUs: number) => void)[] = [];
  readonly #damageListeners: ((damage: DiskDamage) => void)[] = [];
  readonly #aside: ByteMap[] = [];
  #content = new ByteMap();
  #hold: DiskHold | undefined;
  /** A batch that failed: whether it is in the log shows when the disk is opened next. */
  #doubtful: Operations | undefined;

  constructor(kernel: Kernel, name: string, options: SimDiskOptions = {}) {
    this.name = name;
    this.capacityBytes = options.capacityBytes ?? CAPACITY_BYTES;
    this.latency = kernel.stream(`disk ${name}`);
    this.times = options.times ?? new UsualDiskTimes(this.latency);
    this.#kernel = kernel;
    this.#fate = kernel.stream(`disk ${name} fate`);
    this.#blockFate = kernel.stream(`disk ${name} blocks`);
  }

  /** Called with every batch when it is applied, in order; with one that was being written during a
   *  crash and turns out to be in the log, at the crash or at the next opening. */
  onBatch(listener: (operations: Operations, atUs: number) => void): void {
    this.#listeners.push(listener);
  }

  /** Called when something comes to light of bad blocks, or is done about them. */
  onDamage(listener: (damage: DiskDamage) => void): void {
    this.#damageListeners.push(listener);
  }

  /** All rows, in order; the bytes are the disk's own. */
  entries(): Iterable<StoreEntry> {
    return this.#content.snapshot().entries(FIRST_KEY, END_KEY);
  }

  /** The record rows that can be read, in order; of all rows they are few. */
  records(): Iterable<StoreEntry> {
    const { from, to } = tableRange('records');
    const rows = this.#content.snapshot().entries(from, to);
    if (this.blocks.isEmpty) return rows;
    return [...rows].filter(({ value }) => !this.blocks.isBad(value));
  }

  /** The rows of files that were set aside, the oldest first. */
  aside(): Iterable<StoreEntry>[] {
    return this.#aside.map((content) => content.snapshot().entries(FIRST_KEY, END_KEY));
  }

  // What a store does.

  /** Errors: CONFLICT when another store holds it. */
  take(): DiskHold {
    if (this.#hold !== undefined) {
      throw new CoterieError('CONFLICT', `Another process has the disk of ${this.name} open`, {
        details: { operation: 'open' },
      });
    }
    this.#settle('kept', undefined);
    this.#log.open();
    this.blocks.opened();
    this.#hold = { waiting: [] };
    return this.#hold;
  }

  release(hold: DiskHold): void {
    if (this.#hold === hold) this.#hold = undefined;
  }

  /** The rows as this holder may read them; another map after a wipe. Errors: NOT_RUNNING after a
   *  crash. */
  contentOf(hold: DiskHold, operation: string): ByteMap {
    if (this.#hold === hold) return this.#content;
    throw new CoterieError('NOT_RUNNING', `The disk of ${this.name} was taken from this process`, {
      details: { operation },
    });
  }

  /** Draws whether a read fails. Errors: STORAGE_IO. */
  assertReadable(operation: string): void {
    const share = this.#faults.readFailureShare;
    if (share === 0 || !this.#fate.chance(share)) return;
    this.counters.failedReads += 1;
    throw ioError(operation, `The disk of ${this.name} failed to read`, 'no');
  }

  /** Errors: STORAGE_IO {isCorruption: true} when one of the rows lies in a bad block. */
  assertSound(values: readonly (Uint8Array | undefined)[]): void {
    if (this.blocks.isEmpty || !values.some((value) => this.blocks.isBad(value))) return;
    this.counters.badReads += 1;
    throw badBlockError('getMany', this.name);
  }

  /** The process of this holder has been told of a bad block, or dies of one. */
  noteDamage(damage: 'found' | 'met'): void {
    if (damage === 'found') this.blocks.noteKnown();
    else this.blocks.noteMet();
    this.#tell(damage);
  }

  /** The holder begins with nothing; what it had is kept. */
  setAside(hold: DiskHold): void {
    const content = this.contentOf(hold, 'setAside');
    assert(hold.waiting.length === 0, 'Files are set aside while batches wait');
    this.#aside.push(content);
    this.#empty();
    this.counters.setAside += 1;
    this.#tell('set-aside');
  }

  /** The end of writing a batch. Errors: STORAGE_IO, after which the holder must write no more. */
  write(hold: DiskHold, operations: Operations, sync: boolean): void {
    if (this.#hold !== hold) {
      throw ioError('batch', `The disk of ${this.name} was taken away during a batch`, 'unknown');
    }
    if (!this.#hasRoomFor(operations)) {
      const words = `no space left on the disk of ${this.name}`;
      throw this.#failed(operations, `A batch of ${operations.length} rows failed: ${words}`);
    }
    if (sync && this.#faults.takeSyncFailure()) {
      throw this.#failed(operations, `The disk of ${this.name} failed to sync`);
    }
    this.#apply(operations);
    if (!sync) return;
    this.#log.sync();
    this.counters.syncs += 1;
  }

  space(): DiskSpace {
    const totalBytes = this.capacityBytes;
    const share = Math.floor(totalBytes * this.#faults.freeShare);
    const freeBytes = Math.max(0, Math.min(share, totalBytes - this.#content.sizeBytes));
    return { freeBytes, totalBytes };
  }

  /** What every call takes longer at present. */
  get stallUs(): number {
    return this.#faults.stallUs;
  }

  // What breaks. Those that last return what ends them.

  /** The process is gone, and with it what the fate says of what was written and not synced:
   *  `kept` = the machine goes on, nothing is lost; `lost`, `part` and `torn` = its power went.
   *  After a failed sync nothing is certain to be kept. */
  crash(fate: UnsyncedFate): void {
    const inFlight = this.#hold?.waiting[0];
    this.#hold = undefined;
    this.#settle(fate, inFlight);
  }

  /** An empty disk; takes it from its holder. */
  wipe(): void {
    this.crash('lost');
    this.#empty();
  }

  /** The disk as it was `ageMs` ago, or as long ago as is still known (an hour, 32 MiB of earlier
   *  values); takes it from its holder. */
  rollBack(ageMs: number): SyncedLoss {
    this.crash('kept');
    const wantedUs = Math.max(0, this.#kernel.nowUs - Math.round(ageMs * US_PER_MS));
    const intactUntilUs = Math.max(wantedUs, this.#log.reachesUs);
    this.counters.lostBatches += this.#log.undoAfter(this.#content, intactUntilUs);
    this.#log.sync();
    return { intactUntilUs };
  }

  /** A hole in the engine's log: one synced batch of the last run is gone, the `fromEnd` (1 or
   *  more) batches after it are there. Takes the disk from its holder. undefined when there is no
   *  such batch: then nothing was lost. */
  loseBatch(fromEnd: number): SyncedLoss | undefined {
    assert(Number.isInteger(fromEnd) && fromEnd >= 1, `The batch ${fromEnd} from the end`);
    this.crash('kept');
    const atUs = this.#log.remove(this.#content, fromEnd);
    if (atUs === undefined) return undefined;
    this.counters.lostBatches += 1;
    return { intactUntilUs: atUs };
  }

  /** Flips one bit in the values of up to so many drawn record rows, until they are written anew.
   *  Returns their keys, in order. */
  rot(rows: number): Uint8Array[] {
    const sound = this.#soundRecords();
    const count = Math.min(rows, sound.length);
    const drawn = new Set<number>();
    while (drawn.size < count) drawn.add(this.#fate.below(sound.length));
    const chosen = sound.filter((_, index) => drawn.has(index));
    for (const { key, value } of chosen) {
      const rotten = value.slice();
      const at = this.#fate.below(rotten.length);
      rotten[at] = (rotten[at] ?? 0) ^ (1 << this.#fate.below(8));
      this.#content.set(key, rotten);
    }
    return chosen.map(({ key }) => key);
  }

  /** Up to so many neighbouring record rows, drawn, become one bad block (bad-blocks.ts). Returns
   *  their keys, in order. */
  spoilBlock(rows: number): Uint8Array[] {
    const sound = this.#soundRecords();
    if (sound.length === 0) return [];
    const first = this.#blockFate.below(Math.max(1, sound.length - rows + 1));
    const keys = sound.slice(first, first + rows).map(({ key }) => key);
    this.blocks.add(this.#content, keys);
    return keys;
  }

  /** Share of reads, 0..1, of getMany and of iterators, that fail. */
  failReads(share: number): EndFault {
    return this.#faults.failReads(share);
  }

  /** Every call that begins meanwhile takes this much longer. */
  stall(byMs: number): EndFault {
    return this.#faults.stall(byMs);
  }

  /** At most this share of the disk, 0..1, is free; below 0.01 batches fail. */
  fill(freeShare: number): EndFault {
    return this.#faults.fill(freeShare);
  }

  /** Once; the function returned calls it off if it has not happened. */
  failNextSync(): EndFault {
    return this.#faults.failNextSync();
  }

  #soundRecords(): StoreEntry[] {
    return [...this.records()].filter(({ value }) => value.length > 0);
  }

  #empty(): void {
    this.#content = new ByteMap();
    this.#log.clear(this.#kernel.nowUs);
    this.blocks.clear();
  }

  #tell(damage: DiskDamage): void {
    for (const listener of this.#damageListeners) listener(damage);
  }

  #apply(operations: Operations): void {
    const { nowUs, trace } = this.#kernel;
    trace.text(this.name);
    trace.number(operations.length);
    for (const operation of operations) {
      if (operation.type === 'put') trace.bytes(operation.value);
    }
    this.#log.apply(this.#content, operations, nowUs);
    this.counters.batches += 1;
    for (const listener of this.#listeners) listener(operations, nowUs);
  }

  #failed(operations: Operations, message: string): CoterieError {
    this.#doubtful = operations;
    return ioError('batch', `${message}; open it again to see what is there`, 'unknown');
  }

  #hasRoomFor(operations: Operations): boolean {
    const { freeBytes, totalBytes } = this.space();
    return freeBytes >= totalBytes * FREE_SHARE_MIN && freeBytes >= sizeBytesOf(operations);
  }

  /** What recovery will find of the batches that were not synced, and of the one that was being
   *  written or had failed. */
  #settle(wished: UnsyncedFate, inFlight: Operations | undefined): void {
    const isDoubtful = this.#doubtful !== undefined;
    const last = this.#doubtful ?? inFlight;
    this.#doubtful = undefined;
    const fate = isDoubtful && wished === 'kept' ? 'part' : wished;
    const unsynced = this.#log.unsyncedCount;
    const total = last === undefined ? unsynced : unsynced + 1;
    const kept = this.#keptOf(fate, unsynced, total);
    for (let count = unsynced; count > kept; count -= 1) this.#log.undoLast(this.#content);
    if (last !== undefined && kept === total) this.#apply(last);
    this.counters.lostBatches += total - kept;
    if (fate === 'torn' && kept < total) this.counters.tornBatches += 1;
    if (fate !== 'kept') this.#log.sync();
  }

  /** How many of the unsynced batches, oldest first, and of the one after them if there is one. */
  #keptOf(fate: UnsyncedFate, unsynced: number, total: number): number {
    if (total === 0 || fate === 'lost') return 0;
    if (fate === 'torn') return this.#fate.below(total);
    if (fate === 'part') return this.#fate.below(total + 1);
    if (total === unsynced) return total;
    return this.#fate.chance(WRITTEN_ANYWAY_SHARE) ? total : unsynced;
  }
}

function ioError(operation: string, message: string, applied: 'no' | 'unknown'): CoterieError {
  return new CoterieError('STORAGE_IO', message, {
    applied,
    details: { operation, isCorruption: false },
  });
}

/** Most that the batch can add; what it deletes or replaces is not subtracted. */
function sizeBytesOf(operations: Operations): number {
  let sizeBytes = 0;
  for (const operation of operations) {
    if (operation.type === 'put') {
      sizeBytes += operation.key.byteLength + operation.value.byteLength;
    }
  }
  return sizeBytes;
}
