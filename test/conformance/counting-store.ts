/** A store that writes down what happens to another and misbehaves on demand. With the notes a test
 *  can assert that no acknowledgement came before the sync of its batch; the faults are those that
 *  a service above must survive. */
import { CoterieError } from '../../src/core/errors.ts';
import type {
  DiskSpace,
  Store,
  StoreIterator,
  StoreOperation,
  StoreRange,
} from '../../src/env/store.ts';

/** `batch` counts the batches from 0 in the order of the calls; `started` is the call, `done` the
 *  moment just before its promise settles. `note` is the test's own, an acknowledgement for
 *  instance. */
export type StoreEvent =
  | {
      readonly what: 'batch-started';
      readonly batch: number;
      readonly sync: boolean;
      readonly operations: readonly StoreOperation[];
    }
  | { readonly what: 'batch-done' | 'batch-failed'; readonly batch: number; readonly sync: boolean }
  | { readonly what: 'note'; readonly text: string };

/** Calls wait at it while it is held. */
class CallGate {
  passed: Promise<void> = Promise.resolve();
  #open: (() => void) | undefined;

  hold(): void {
    if (this.#open !== undefined) return;
    this.passed = new Promise((resolve) => {
      this.#open = resolve;
    });
  }

  release(): void {
    this.#open?.();
    this.#open = undefined;
  }
}

export class CountingStore implements Store {
  readonly engine: string;
  /** In the order in which they happened. */
  readonly events: StoreEvent[] = [];
  isClosed = false;
  readonly #inner: Store;
  readonly #unreadable: Uint8Array[] = [];
  #batchCount = 0;
  #faultOfNextBatch: Error | undefined;
  readonly #batchGate = new CallGate();
  readonly #readGate = new CallGate();
  #freeBytes: number | undefined;

  constructor(inner: Store) {
    this.#inner = inner;
    this.engine = inner.engine;
  }

  note(text: string): void {
    this.events.push({ what: 'note', text });
  }

  /** The next call of batch fails without reaching the engine. */
  failNextBatch(error: Error = fault('batch')): void {
    this.#faultOfNextBatch = error;
  }

  /** Every getMany with one of these keys fails as a whole, as it does for one bad block. */
  failReads(keys: readonly Uint8Array[]): void {
    this.#unreadable.push(...keys);
  }

  healReads(): void {
    this.#unreadable.length = 0;
  }

  /** Batches called from now on wait before they reach the engine. */
  holdBatches(): void {
    this.#batchGate.hold();
  }

  /** Lets the held ones go, in the order of the calls. */
  releaseBatches(): void {
    this.#batchGate.release();
  }

  /** Reads, of iterators too, do not come back until `releaseReads`. */
  holdReads(): void {
    this.#readGate.hold();
  }

  releaseReads(): void {
    this.#readGate.release();
  }

  /** What diskSpace reports as free, until it is called with undefined. */
  pretendFree(freeBytes: number | undefined): void {
    this.#freeBytes = freeBytes;
  }

  open(): Promise<void> {
    return this.#inner.open();
  }

  close(): Promise<void> {
    this.isClosed = true;
    return this.#inner.close();
  }

  async getMany(keys: readonly Uint8Array[]): Promise<(Uint8Array | undefined)[]> {
    const isBad = (key: Uint8Array): boolean =>
      this.#unreadable.some((bad) => Buffer.compare(bad, key) === 0);
    if (keys.some(isBad)) throw fault('getMany');
    await this.#readGate.passed;
    return this.#inner.getMany(keys);
  }

  async batch(
    operations: readonly StoreOperation[],
    options: { readonly sync: boolean },
  ): Promise<void> {
    const batch = this.#batchCount;
    const { sync } = options;
    this.#batchCount += 1;
    this.events.push({ what: 'batch-started', batch, sync, operations });
    const error = this.#faultOfNextBatch;
    this.#faultOfNextBatch = undefined;
    try {
      await this.#batchGate.passed;
      if (error !== undefined) throw error;
      await this.#inner.batch(operations, options);
    } catch (failure) {
      this.events.push({ what: 'batch-failed', batch, sync });
      throw failure;
    }
    this.events.push({ what: 'batch-done', batch, sync });
  }

  iterate(range: StoreRange): StoreIterator {
    const rows = this.#inner.iterate(range);
    const close = async (): Promise<void> => {
      await this.#readGate.passed;
      await rows.close();
    };
    return {
      next: async (count) => {
        await this.#readGate.passed;
        return rows.next(count);
      },
      close,
      [Symbol.asyncDispose]: close,
    };
  }

  async diskSpace(): Promise<DiskSpace> {
    const space = await this.#inner.diskSpace();
    return this.#freeBytes === undefined ? space : { ...space, freeBytes: this.#freeBytes };
  }
}

function fault(operation: string): CoterieError {
  return new CoterieError('STORAGE_IO', `The test made this ${operation} fail`, {
    details: { operation },
  });
}
