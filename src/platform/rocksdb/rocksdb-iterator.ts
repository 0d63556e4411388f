/** One iterator over the engine's snapshot at its creation.
 *  Invariants: the native side is never asked for an entry while it reads another or after it was
 *  told to end, and it is told to end exactly once: each of these crashed or leaked in the
 *  binding's past; nor is it asked once the engine has found its files damaged
 *  (engine-health.ts). */
import type { RocksdbIterator, RocksdbIteratorOptions } from 'rocksdb';
import { assert } from '../../core/errors.ts';
import { assertMayRead } from '../../core/store-gate.ts';
import type { StoreEntry, StoreIterator, StoreRange } from '../../env/store.ts';
import { asBuffer, asBytes } from './buffer-view.ts';
import type { EngineHealth } from './engine-health.ts';
import type { ReadingSlot } from './reading-notes.ts';

/** What one native read collects: 128 KiB makes 64 open iterators cost 8 MiB at most beside single
 *  large values, and reads half as fast again as the binding's 16 KiB. */
const READ_BYTES = 128 * 1_024;
/** The binding takes the limit as a signed 32-bit number; -1 is none. */
const LIMIT_MAX = 2 ** 31 - 1;

type EntryTaker = (error: Error | null | undefined, key?: Buffer, value?: Buffer) => void;

/** undefined when the range is empty: the binding takes an empty bound for "no bound". */
export function rocksdbIteratorOptions(range: StoreRange): RocksdbIteratorOptions | undefined {
  const { from, to, limit, reverse = false } = range;
  assert(limit === undefined || (Number.isInteger(limit) && limit >= 0), `A limit of ${limit}`);
  const [gte, lt] = [asBuffer(from), asBuffer(to)];
  if (limit === 0 || Buffer.compare(gte, lt) >= 0) return undefined;
  const count = limit === undefined || limit > LIMIT_MAX ? -1 : limit;
  const options = { lt, limit: count, reverse, highWaterMark: READ_BYTES };
  return gte.length === 0 ? options : { ...options, gte };
}

interface IteratorParts {
  /** Without one it is empty. */
  readonly source: RocksdbIterator | undefined;
  readonly range: StoreRange;
  readonly health: EngineHealth;
  /** Where it notes what it reads. */
  readonly slot: ReadingSlot | undefined;
}

export class RocksdbStoreIterator implements StoreIterator {
  readonly #source: RocksdbIterator | undefined;
  readonly #health: EngineHealth;
  readonly #slot: ReadingSlot | undefined;
  readonly #range: StoreRange;
  readonly #onClosed: () => void;
  #reading: Promise<readonly StoreEntry[]> | undefined;
  #closing: Promise<void> | undefined;
  #isAtEnd: boolean;
  #isNoted = false;
  /** Of the last native read: the next one begins there. */
  #lastKey: Uint8Array | undefined;

  constructor({ source, range, health, slot }: IteratorParts, onClosed: () => void) {
    this.#source = source;
    this.#health = health;
    this.#slot = slot;
    this.#range = range;
    this.#onClosed = onClosed;
    this.#isAtEnd = source === undefined;
  }

  async next(count: number): Promise<readonly StoreEntry[]> {
    assertMayRead(count, this.#reading !== undefined, this.#closing !== undefined);
    const { refusal } = this.#health;
    if (refusal !== undefined) throw refusal;
    if (this.#isAtEnd || this.#source === undefined) return [];
    try {
      this.#reading = this.#read(this.#source, count);
      return await this.#reading;
    } finally {
      this.#reading = undefined;
      if (this.#isNoted) this.#slot?.clear();
      this.#isNoted = false;
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

  #read(source: RocksdbIterator, count: number): Promise<readonly StoreEntry[]> {
    return new Promise((resolve, reject) => {
      const entries: StoreEntry[] = [];
      const take = (error: Error | null | undefined, key?: Buffer, value?: Buffer): void => {
        if (error) {
          reject(this.#health.failed('iterate', error));
          return;
        }
        if (key === undefined || value === undefined) {
          this.#isAtEnd = true;
          resolve(entries);
          return;
        }
        entries.push({ key: asBytes(key), value: asBytes(value) });
        // A copy: what is handed out belongs to the caller.
        if (isUsedUp(source)) this.#lastKey = Uint8Array.from(key);
        const { refusal } = this.#health;
        if (refusal !== undefined) reject(refusal);
        else if (entries.length === count) resolve(entries);
        else this.#step(source, take);
      };
      this.#step(source, take);
    });
  }

  /** One entry, from what the last native read collected if there is any left. A note stands until
   *  the next one or the end of `next`: it costs half as much as to clear each. */
  #step(source: RocksdbIterator, take: EntryTaker): void {
    if (isUsedUp(source) && !source.finished) this.#note();
    source.next(take);
  }

  #note(): void {
    const { from, to, reverse = false } = this.#range;
    const last = this.#lastKey;
    this.#slot?.note(
      reverse ? { from, to: last ?? to, reverse } : { from: last ?? from, to, reverse },
    );
    this.#isNoted = true;
  }

  async #close(): Promise<void> {
    try {
      // Whoever asked for these entries is told of an error; here the read only has to be over.
      await Promise.allSettled([this.#reading]);
      const source = this.#source;
      if (source !== undefined) await this.#end(source);
    } finally {
      this.#slot?.release();
      this.#onClosed();
    }
  }

  #end(source: RocksdbIterator): Promise<void> {
    return new Promise((resolve, reject) => {
      source.end((error) => {
        if (error) reject(this.#health.failed('iterate', error));
        else resolve();
      });
    });
  }
}

/** Nothing is left of the last native read. */
function isUsedUp({ cache }: RocksdbIterator): boolean {
  return cache === null || cache.length === 0;
}
