/** One iterator of a simulated store: what the disk held at its creation, a portion per call.
 *  Invariants: it never reads twice at the same time; it is closed once, after the read under way.
 *  Not here: how long a read takes and whether it fails (sim-store.ts). */
import { takeCopies } from '../../core/byte-map.ts';
import { assertMayRead } from '../../core/store-gate.ts';
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
    assertMayRead(count, this.#reading !== undefined, this.#closing !== undefined);
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
    const taken = takeCopies(this.#parts.entries, Math.min(count, this.#leftCount));
    this.#leftCount -= taken.length;
    return taken;
  }

  async #close(): Promise<void> {
    await Promise.allSettled([this.#reading]);
    this.#parts.onClosed();
  }
}
