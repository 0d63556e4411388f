/** The engine for tests, demonstrations and the browser: nothing is durable, everything else is as
 *  in the real one.
 *  No Node imports. Every answer comes in a turn of its own (`defer`), a batch is applied in one
 *  step just before its promise settles, and bytes that are handed out are copies, because they
 *  belong to the caller. */
import { type ByteMap, takeCopies } from '../../core/byte-map.ts';
import { unshared } from '../../core/bytes.ts';
import { assert, CoterieError } from '../../core/errors.ts';
import { assertMayRead, assertStoreKey, StoreGate } from '../../core/store-gate.ts';
import type { Clock } from '../../env/clock.ts';
import type {
  DiskSpace,
  Store,
  StoreEntry,
  StoreIterator,
  StoreOperation,
  StoreRange,
} from '../../env/store.ts';
import { MemoryDisk, type MemoryDiskHold } from './memory-disk.ts';

export interface MemoryStoreOptions {
  /** Content shared with the stores that are opened on it later; a new and empty one by default. */
  readonly disk?: MemoryDisk;
}

export class MemoryStore implements Store {
  readonly engine = 'memory';
  readonly #clock: Pick<Clock, 'defer'>;
  readonly #disk: MemoryDisk;
  readonly #gate = new StoreGate();
  readonly #iterators = new Set<MemoryStoreIterator>();
  #hold: MemoryDiskHold | undefined;
  #opening: Promise<void> | undefined;
  #closing: Promise<void> | undefined;
  /** Settles when the last batch has; never rejects. */
  #lastBatch: Promise<unknown> = Promise.resolve();

  constructor(env: { readonly clock: Pick<Clock, 'defer'> }, options: MemoryStoreOptions = {}) {
    this.#clock = env.clock;
    this.#disk = options.disk ?? new MemoryDisk();
  }

  /** Errors: CONFLICT when another store has the disk. */
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
    this.#gate.begin('getMany');
    try {
      await this.#turn();
      const content = this.#content('getMany');
      return keys.map((key) => {
        const value = content.get(key);
        return value && new Uint8Array(value);
      });
    } finally {
      this.#gate.end();
    }
  }

  async batch(
    operations: readonly StoreOperation[],
    _options: { readonly sync: boolean },
  ): Promise<void> {
    assert(operations.length > 0, 'A batch has at least one operation');
    for (const { key } of operations) assertStoreKey(key);
    this.#gate.begin('batch');
    const written = this.#lastBatch.then(() => this.#write(operations));
    this.#lastBatch = Promise.allSettled([written]);
    try {
      await written;
    } finally {
      this.#gate.end();
    }
  }

  iterate(range: StoreRange): StoreIterator {
    const { from, to, limit = Number.POSITIVE_INFINITY, reverse = false } = range;
    assert(limit >= 0, `A limit of ${limit}`);
    this.#gate.beginIterator();
    try {
      const snapshot = this.#content('iterate').snapshot();
      const entries = reverse ? snapshot.entriesReversed(from, to) : snapshot.entries(from, to);
      const iterator = new MemoryStoreIterator(
        entries,
        limit,
        () => this.#turn(),
        () => {
          this.#iterators.delete(iterator);
          this.#gate.endIterator();
        },
      );
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
      await this.#turn();
      const totalBytes = this.#disk.capacityBytes;
      const freeBytes = Math.max(0, totalBytes - this.#content('diskSpace').sizeBytes);
      return { freeBytes, totalBytes };
    } finally {
      this.#gate.end();
    }
  }

  async #open(): Promise<void> {
    let hasOpened = false;
    try {
      await this.#turn();
      this.#hold = this.#disk.take();
      hasOpened = true;
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
    if (this.#hold !== undefined) this.#disk.release(this.#hold);
    this.#gate.finishClosing();
  }

  async #write(operations: readonly StoreOperation[]): Promise<void> {
    await this.#turn();
    this.#gate.assertNoFailedBatch();
    const content = this.#content('batch');
    const { capacityBytes } = this.#disk;
    if (content.sizeBytes + sizeBytesOf(operations) > capacityBytes) {
      this.#gate.noteFailedBatch();
      throw new CoterieError(
        'STORAGE_IO',
        `The memory disk of ${capacityBytes} bytes is full: delete some or raise capacityBytes`,
        { details: { operation: 'batch' } },
      );
    }
    for (const operation of operations) {
      if (operation.type === 'del') content.delete(operation.key);
      else content.set(unshared(operation.key), unshared(operation.value));
    }
  }

  #content(operation: string): ByteMap {
    const content = this.#hold?.content;
    if (content !== undefined) return content;
    throw new CoterieError(
      'NOT_RUNNING',
      'The power of the memory disk was cut: open a new store',
      {
        details: { operation },
      },
    );
  }

  #turn(): Promise<void> {
    return new Promise((resolve) => this.#clock.defer(resolve));
  }
}

class MemoryStoreIterator implements StoreIterator {
  readonly #entries: Iterator<StoreEntry, void, void>;
  readonly #turn: () => Promise<void>;
  readonly #onClosed: () => void;
  #leftCount: number;
  #reading: Promise<readonly StoreEntry[]> | undefined;
  #closing: Promise<void> | undefined;

  constructor(
    entries: Iterator<StoreEntry, void, void>,
    limit: number,
    turn: () => Promise<void>,
    onClosed: () => void,
  ) {
    this.#entries = entries;
    this.#leftCount = limit;
    this.#turn = turn;
    this.#onClosed = onClosed;
  }

  async next(count: number): Promise<readonly StoreEntry[]> {
    assertMayRead(count, this.#reading !== undefined, this.#closing !== undefined);
    try {
      this.#reading = this.#read(count);
      return await this.#reading;
    } finally {
      this.#reading = undefined;
    }
  }

  /** Waits for a `next` that is under way; that one still gets its entries. */
  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  async #read(count: number): Promise<readonly StoreEntry[]> {
    await this.#turn();
    const taken = takeCopies(this.#entries, Math.min(count, this.#leftCount));
    this.#leftCount -= taken.length;
    return taken;
  }

  async #close(): Promise<void> {
    await Promise.allSettled([this.#reading]);
    await this.#turn();
    this.#onClosed();
  }
}

/** Most that the batch can add; what it deletes or replaces is not subtracted. */
function sizeBytesOf(operations: readonly StoreOperation[]): number {
  let sizeBytes = 0;
  for (const operation of operations) {
    if (operation.type === 'put')
      sizeBytes += operation.key.byteLength + operation.value.byteLength;
  }
  return sizeBytes;
}
