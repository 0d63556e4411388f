/** Rows of other services beside the records: read as committed, written through the commit queue
 *  like everything else, so that they lie in the order in which they were handed in and a failed
 *  batch stops them too.
 *  Invariant: what is written is fsynced before the promise settles.
 *  Not here: what the rows hold, and where they lie (table-keys.ts).
 *  Source: docs/ARCHITECTURE.md 5.2. */
import type { CoterieError } from '../../core/errors.ts';
import type { StoreIterator, StoreOperation, StoreRange } from '../../env/store.ts';
import type { CommitQueue } from './commit-queue.ts';
import type { DiskGuard } from './disk-guard.ts';
import type { UpdateOptions, Waiter } from './update.ts';
import type { StoreReads } from './watched-reads.ts';

export class ServiceRows {
  readonly #store: StoreReads;
  readonly #queue: CommitQueue;
  readonly #guard: Pick<DiskGuard, 'refusal'>;
  readonly #refusal: () => CoterieError | undefined;

  /** `refusal`: why nothing is read or written now. */
  constructor(
    store: StoreReads,
    queue: CommitQueue,
    guard: Pick<DiskGuard, 'refusal'>,
    refusal: () => CoterieError | undefined,
  ) {
    this.#store = store;
    this.#queue = queue;
    this.#guard = guard;
    this.#refusal = refusal;
  }

  /** DISK_FULL, for rows that are not there yet and can be done without. `write` does not ask: it
   *  is for the caller to judge, and rows must go also when the disk is full. */
  spaceRefusal(priority: UpdateOptions['priority']): CoterieError | undefined {
    return this.#guard.refusal(priority);
  }

  /** The committed values. Errors: NOT_RUNNING, STORAGE_IO. */
  async read(keys: readonly Uint8Array[]): Promise<(Uint8Array | undefined)[]> {
    const refusal = this.#refusal();
    if (refusal !== undefined) throw refusal;
    return this.#store.getMany(keys);
  }

  /** In one fsynced batch. `ceiling`: clock ceiling that must be stored with them, in ticks.
   *  Errors: NOT_RUNNING; STORAGE_IO (unknown). */
  write(rows: readonly StoreOperation[], ceiling = 0): Promise<void> {
    return this.#written((waiter) => this.#queue.addRows(rows, waiter, ceiling));
  }

  /** The same for rows that are no news to peers (CommitQueue.newsSeq). */
  note(rows: readonly StoreOperation[]): Promise<void> {
    return this.#written((waiter) => this.#queue.addNotes(rows, waiter));
  }

  #written(add: (waiter: Waiter) => void): Promise<void> {
    const refusal = this.#refusal();
    if (refusal !== undefined) return Promise.reject(refusal);
    return new Promise((settle, fail) => add({ settle: () => settle(), fail }));
  }

  /** Must be closed. Errors: NOT_RUNNING, OVERLOADED. */
  scan(range: StoreRange): StoreIterator {
    const refusal = this.#refusal();
    if (refusal !== undefined) throw refusal;
    return this.#store.iterate(range);
  }
}
