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

/** What one native read collects: 128 KiB makes 64 open iterators cost 8 MiB at most beside single
 *  large values, and reads half as fast again as the binding's 16 KiB. */
const READ_BYTES = 128 * 1_024;
/** The binding takes the limit as a signed 32-bit number; -1 is none. */
const LIMIT_MAX = 2 ** 31 - 1;

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

export class RocksdbStoreIterator implements StoreIterator {
  readonly #source: RocksdbIterator | undefined;
  readonly #health: EngineHealth;
  readonly #onClosed: () => void;
  #reading: Promise<readonly StoreEntry[]> | undefined;
  #closing: Promise<void> | undefined;
  #isAtEnd: boolean;

  /** Without a source it is empty. */
  constructor(source: RocksdbIterator | undefined, health: EngineHealth, onClosed: () => void) {
    this.#source = source;
    this.#health = health;
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
        const { refusal } = this.#health;
        if (refusal !== undefined) reject(refusal);
        else if (entries.length === count) resolve(entries);
        else source.next(take);
      };
      source.next(take);
    });
  }

  async #close(): Promise<void> {
    try {
      // Whoever asked for these entries is told of an error; here the read only has to be over.
      await Promise.allSettled([this.#reading]);
      const source = this.#source;
      if (source !== undefined) await this.#end(source);
    } finally {
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
