/** One iterator of a simulated store: what the disk held at its creation, a portion per call.
 *  Invariants: it never reads twice at the same time; it is closed once, after the read under way.
 *  Not here: how long a read takes and whether it fails (sim-store.ts). */
import { assert, CoterieError } from '../../core/errors.ts';
import type { StoreEntry, StoreIterator } from '../../env/store.ts';

type Portion = readonly StoreEntry[];

export interface SimStoreIteratorParts {
  readonly entries: Iterator<StoreEntry, void, void>;
  /** Most entries in all; may be infinite. */
  readonly limit: number;
  /** Has the disk do it. */
  readonly call: (read: () => Portion) => Promise<Portion>;
  readonly onClosed: () => void;
}

export class SimStoreIterator implements StoreIterator {
  readonly #parts: SimStoreIteratorParts;
  #leftCount: number;
  #reading: Promise<Portion> | undefined;
  #closing: Promise<void> | undefined;

  constructor(parts: SimStoreIteratorParts) {
    this.#parts = parts;
    this.#leftCount = parts.limit;
  }

  async next(count: number): Promise<Portion> {
    assert(Number.isInteger(count) && count > 0, `An iterator was asked for ${count} entries`);
    assert(this.#reading === undefined, 'An iterator was asked for more while it was reading');
    if (this.#closing !== undefined) {
      throw new CoterieError('NOT_RUNNING', 'The iterator is closed: make a new one');
    }
    try {
      this.#reading = this.#parts.call(() => this.#take(count));
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

  #take(count: number): Portion {
    const taken: StoreEntry[] = [];
    while (taken.length < count && this.#leftCount > 0) {
      const step = this.#parts.entries.next();
      if (step.done === true) break;
      this.#leftCount -= 1;
      const { key, value } = step.value;
      taken.push({ key: new Uint8Array(key), value: new Uint8Array(value) });
    }
    return taken;
  }

  async #close(): Promise<void> {
    await Promise.allSettled([this.#reading]);
    this.#parts.onClosed();
  }
}
