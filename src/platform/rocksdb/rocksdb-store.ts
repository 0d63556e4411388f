/** The production engine: the storage port over npm rocksdb (RocksDB 6.17).
 *  What the binding leaves to us: its calls run on libuv threads in any order, so batches go one by
 *  one; used after `close` it crashes the process, so the gate stands before every call; iterators
 *  must end before the database. */
import { statfs } from 'node:fs/promises';
import type { RocksdbDatabase, RocksdbIterator, RocksdbIteratorOptions } from 'rocksdb';
import { assert, CoterieError } from '../../core/errors.ts';
import { assertStoreKey, StoreGate } from '../../core/store-gate.ts';
import type {
  DiskSpace,
  EngineTrouble,
  Store,
  StoreIterator,
  StoreOperation,
  StoreRange,
} from '../../env/store.ts';
import { asBytes } from './buffer-view.ts';
import { EngineHealth } from './engine-health.ts';
import { dropEarlierLogs, ENGINE_LOG_LEVEL, readBackgroundErrors } from './engine-log.ts';
import { loadRocksdb } from './load-rocksdb.ts';
import { makeFolder } from './make-folder.ts';
import type { ReadingNotes } from './reading-notes.ts';
import { isCorruption, type RocksdbStep } from './rocksdb-error.ts';
import { RocksdbStoreIterator, rocksdbIteratorOptions } from './rocksdb-iterator.ts';

/** The binding takes its sizes as 32-bit numbers and wraps larger ones without a word. */
const SIZE_BYTES_MAX = 2 ** 32 - 1;
const MIB = 1_024 * 1_024;
const BACKGROUND_ERRORS = 'rocksdb.background-errors';
const VALUES_AS_BUFFERS = { asBuffer: true } as const;

export interface RocksdbStoreOptions {
  /** The folder of this store alone; made (mode 0700) when it is missing. */
  readonly location: string;
  /** Most bytes of uncompressed blocks kept for reads. 64 MiB by default: it holds the hot blocks,
   *  costs three nodes in one process 192 MiB at most, and what it misses is mostly still in the
   *  page cache of the system. */
  readonly cacheBytes?: number;
  /** Size at which a memtable is written to a file, 64 MiB by default; up to two exist at a
   *  time. */
  readonly writeBufferBytes?: number;
  /** Table files kept open, 1,000 by default (about 64 GB of data); a smaller number reopens
   *  them. */
  readonly maxOpenFiles?: number;
  /** The folder is looked at, whoever has it open, and not changed. Default false. */
  readonly readOnly?: boolean;
}

export class RocksdbStore implements Store {
  readonly engine = 'rocksdb';
  readonly #options: Required<RocksdbStoreOptions>;
  readonly #health: EngineHealth;
  readonly #notes: ReadingNotes | undefined;
  readonly #gate = new StoreGate();
  readonly #iterators = new Set<RocksdbStoreIterator>();
  #openedDatabase: RocksdbDatabase | undefined;
  #opening: Promise<void> | undefined;
  #closing: Promise<void> | undefined;
  /** Settles when the last batch has; never rejects. */
  #lastBatch: Promise<unknown> = Promise.resolve();

  /** `notes`: where iterators note what they read. Errors: INVALID_CONFIG for a size that the
   *  binding cannot take. */
  constructor(options: RocksdbStoreOptions, notes?: ReadingNotes) {
    this.#options = {
      location: options.location,
      cacheBytes: checkedSize('cacheBytes', options.cacheBytes ?? 64 * MIB),
      writeBufferBytes: checkedSize('writeBufferBytes', options.writeBufferBytes ?? 64 * MIB),
      maxOpenFiles: checkedSize('maxOpenFiles', options.maxOpenFiles ?? 1_000),
      readOnly: options.readOnly ?? false,
    };
    this.#notes = notes;
    this.#health = new EngineHealth(options.location);
  }

  /** Errors: CONFLICT when the folder is open elsewhere, STORAGE_IO {operation, isCorruption}. */
  async open(): Promise<void> {
    this.#gate.startOpening();
    this.#opening = this.#open();
    return this.#opening;
  }

  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async getMany(keys: readonly Uint8Array[]): Promise<(Uint8Array | undefined)[]> {
    for (const key of keys) assertStoreKey(key);
    if (keys.length === 0) return [];
    this.#gate.begin('getMany');
    try {
      const database = this.#database;
      const values = await this.#call<(Buffer | undefined)[]>('getMany', (done) =>
        database._getMany(keys, VALUES_AS_BUFFERS, done),
      );
      return values.map((value) => value && asBytes(value));
    } finally {
      this.#gate.end();
    }
  }

  async batch(
    operations: readonly StoreOperation[],
    options: { readonly sync: boolean },
  ): Promise<void> {
    // For an empty list the binding writes nothing, so it could not keep the promise of a sync.
    assert(operations.length > 0, 'A batch has at least one operation');
    for (const { key } of operations) assertStoreKey(key);
    this.#gate.begin('batch');
    const written = this.#lastBatch.then(() => this.#write(operations, options.sync));
    this.#lastBatch = Promise.allSettled([written]);
    try {
      await written;
    } finally {
      this.#gate.end();
    }
  }

  /** Errors, here and of `next`: STORAGE_IO {isCorruption: true} once any read has found the files
   *  damaged. */
  iterate(range: StoreRange): StoreIterator {
    const options = rocksdbIteratorOptions(range);
    this.#gate.beginIterator();
    try {
      const { refusal } = this.#health;
      if (refusal !== undefined) throw refusal;
      const source = options && this.#iteratorOf(options);
      const parts = { source, range, health: this.#health, slot: this.#notes?.take() };
      const iterator = new RocksdbStoreIterator(parts, () => {
        this.#iterators.delete(iterator);
        this.#gate.endIterator();
      });
      this.#iterators.add(iterator);
      return iterator;
    } catch (error) {
      this.#gate.endIterator();
      throw error;
    }
  }

  async diskSpace(): Promise<DiskSpace> {
    this.#gate.begin('diskSpace');
    try {
      const { bavail, blocks, bsize } = await statfs(this.#options.location);
      return { freeBytes: bavail * bsize, totalBytes: blocks * bsize };
    } catch (cause) {
      throw this.#health.failed('diskSpace', cause);
    } finally {
      this.#gate.end();
    }
  }

  /** Cost: a count that the engine keeps; the end of a file while that is not 0. Errors: STORAGE_IO
   *  when the file cannot be read. */
  async health(): Promise<EngineTrouble | undefined> {
    this.#gate.begin('health');
    try {
      if (Number(this.#database.getProperty(BACKGROUND_ERRORS)) === 0) return undefined;
      const said = await readBackgroundErrors(this.#options.location);
      const errors = said.map((words) => this.#health.failed('compaction', words));
      const error = errors.find(isCorruption) ?? errors.at(-1);
      return error && { reason: error.message, isDamage: isCorruption(error) };
    } catch (cause) {
      throw this.#health.failed('health', cause);
    } finally {
      this.#gate.end();
    }
  }

  get #database(): RocksdbDatabase {
    assert(this.#openedDatabase !== undefined, 'The gate let an operation through too early');
    return this.#openedDatabase;
  }

  #iteratorOf(options: RocksdbIteratorOptions): RocksdbIterator {
    try {
      return this.#database.iterator(options);
    } catch (cause) {
      throw this.#health.failed('iterate', cause);
    }
  }

  async #open(): Promise<void> {
    let hasOpened = false;
    try {
      const { location, cacheBytes, writeBufferBytes, maxOpenFiles, readOnly } = this.#options;
      const Rocksdb = await loadRocksdb();
      await makeFolder(location);
      const database = new Rocksdb(location);
      const sizes = { cacheSize: cacheBytes, writeBufferSize: writeBufferBytes, maxOpenFiles };
      const options = { ...sizes, readOnly, infoLogLevel: readOnly ? '' : ENGINE_LOG_LEVEL };
      await this.#call<void>('open', (done) => database.open(options, done));
      this.#openedDatabase = database;
      hasOpened = true;
      // Logs that stay take a little room and do no harm.
      if (!readOnly) await dropEarlierLogs(location).catch(() => {});
    } finally {
      this.#gate.finishOpening(hasOpened);
    }
  }

  async #close(): Promise<void> {
    // Who called `open` is told why it failed; here it only has to be over.
    if (this.#gate.state === 'opening') await Promise.allSettled([this.#opening]);
    this.#gate.startClosing();
    await Promise.all([...this.#iterators].map((iterator) => iterator.close()));
    await new Promise<void>((resolve) => this.#gate.whenIdle(resolve));
    const database = this.#openedDatabase;
    if (database !== undefined) await this.#call<void>('close', (done) => database.close(done));
    this.#openedDatabase = undefined;
    this.#gate.finishClosing();
  }

  async #write(operations: readonly StoreOperation[], sync: boolean): Promise<void> {
    this.#gate.assertNoFailedBatch();
    try {
      const batch = this.#database._chainedBatch();
      for (const operation of operations) {
        if (operation.type === 'put') batch._put(operation.key, operation.value);
        else batch._del(operation.key);
      }
      await this.#call<void>('batch', (done) => batch._write({ sync }, done));
    } catch (cause) {
      this.#gate.noteFailedBatch();
      throw cause;
    }
  }

  #call<Answer>(
    step: RocksdbStep,
    start: (done: (error: Error | null | undefined, answer: Answer) => void) => void,
  ): Promise<Answer> {
    return new Promise((resolve, reject) => {
      start((error, answer) => {
        if (error) reject(this.#health.failed(step, error));
        else resolve(answer);
      });
    });
  }
}

function checkedSize(name: string, size: number): number {
  if (Number.isInteger(size) && size >= 1 && size <= SIZE_BYTES_MAX) return size;
  throw new CoterieError(
    'INVALID_CONFIG',
    `${name} is ${size}: give a whole number from 1 to ${SIZE_BYTES_MAX}`,
  );
}
