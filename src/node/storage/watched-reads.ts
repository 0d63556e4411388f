/** Damage that the engine speaks of in any read is told, whoever read: a service that meets it in a
 *  scan would only try again later, and the node would go on with files that nothing mends.
 *  Invariants: what is read and every error pass unchanged.
 *  Not here: what damage leads to (record-store.ts), which keys of records are marked as well
 *  (record-loader.ts). Source: docs/ARCHITECTURE.md 5.17. */
import { CoterieError } from '../../core/errors.ts';
import type { Store, StoreIterator, StoreRange } from '../../env/store.ts';

/** What those need who only read. */
export type StoreReads = Pick<Store, 'getMany' | 'iterate'>;

export class WatchedReads implements StoreReads {
  readonly #store: StoreReads;
  readonly #damaged: (reason: string) => void;

  /** `damaged`: told whenever the engine found its files damaged, in its words. */
  constructor(store: StoreReads, damaged: (reason: string) => void) {
    this.#store = store;
    this.#damaged = damaged;
  }

  getMany(keys: readonly Uint8Array[]): Promise<(Uint8Array | undefined)[]> {
    return this.#watched(this.#store.getMany(keys));
  }

  iterate(range: StoreRange): StoreIterator {
    try {
      const rows = this.#store.iterate(range);
      return {
        next: (count) => this.#watched(rows.next(count)),
        close: () => rows.close(),
        [Symbol.asyncDispose]: () => rows[Symbol.asyncDispose](),
      };
    } catch (error) {
      this.#look(error);
      throw error;
    }
  }

  /** The very promise, so that whoever reads gets its answer no later. */
  #watched<Answer>(reading: Promise<Answer>): Promise<Answer> {
    reading.catch((error: unknown) => this.#look(error));
    return reading;
  }

  #look(error: unknown): void {
    const isDamage = error instanceof CoterieError && error.details['isCorruption'] === true;
    if (isDamage) this.#damaged(error.message);
  }
}
