/** Decides whether an operation of a storage engine may start now, and when the engine may let go
 *  of its files.
 *  Shared by every engine, so that the edges of their lives (before open, while closing, after a
 *  failed batch, at a bound) are the same everywhere and a node that passes on one engine passes on
 *  the others.
 *  Invariants: nothing begins unless the state is 'open'; `whenIdle` calls back once, after the
 *  last `end`; once a batch has failed none begins again, because what follows a lost batch must
 *  not become durable.
 *  Not here: awaiting, files, the order of batches. The engines do that. */
import { assert, CoterieError } from './errors.ts';
import { KEY_BYTES_MAX } from './limits.ts';

/** Most getMany and batch calls under way in one store; a further one is refused with
 *  OVERLOADED. */
export const STORE_OPERATIONS_MAX = 1_024;
/** Most iterators open in one store: each pins a snapshot, and with it everything deleted since. */
export const STORE_ITERATORS_MAX = 64;
/** Longest storage key: a user's key, its bucket and the letters, tokens and members that stand
 *  before it. */
export const STORE_KEY_BYTES_MAX: number = 2 * KEY_BYTES_MAX;

export type StoreState = 'new' | 'opening' | 'open' | 'closing' | 'closed';

export class StoreGate {
  #state: StoreState = 'new';
  #operationCount = 0;
  #iteratorCount = 0;
  #hasFailed = false;
  #onIdle: (() => void) | undefined;

  get state(): StoreState {
    return this.#state;
  }

  /** Errors: CONFLICT when it is open or being opened, NOT_RUNNING when it was closed. */
  startOpening(): void {
    if (this.#state === 'opening' || this.#state === 'open') {
      throw new CoterieError('CONFLICT', `The store is ${this.#state} already: open it once`);
    }
    if (this.#state !== 'new') throw this.#notOpen('open');
    this.#state = 'opening';
  }

  /** After a failed opening the store may be opened again. */
  finishOpening(hasOpened: boolean): void {
    assert(this.#state === 'opening', `An opening finished while the store was ${this.#state}`);
    this.#state = hasOpened ? 'open' : 'new';
  }

  /** From here on nothing begins. Call it once, not while opening. */
  startClosing(): void {
    assert(this.#state === 'new' || this.#state === 'open', `Cannot close while ${this.#state}`);
    this.#state = 'closing';
  }

  finishClosing(): void {
    assert(this.#state === 'closing', `A closing finished while the store was ${this.#state}`);
    assert(this.#operationCount === 0, `${this.#operationCount} operations outlived the store`);
    assert(this.#iteratorCount === 0, `${this.#iteratorCount} iterators outlived the store`);
    this.#state = 'closed';
  }

  /** Pairs with `end`. Errors: NOT_RUNNING, OVERLOADED, and for a batch STORAGE_IO after a failed
   *  one. */
  begin(operation: 'getMany' | 'batch' | 'diskSpace' | 'health'): void {
    if (this.#state !== 'open') throw this.#notOpen(operation);
    if (this.#operationCount >= STORE_OPERATIONS_MAX) {
      throw new CoterieError(
        'OVERLOADED',
        `The store has ${STORE_OPERATIONS_MAX} operations under way: wait for some of them`,
        { details: { operation } },
      );
    }
    if (operation === 'batch') this.assertNoFailedBatch();
    this.#operationCount += 1;
  }

  end(): void {
    assert(this.#operationCount > 0, 'An operation of the store ended twice');
    this.#operationCount -= 1;
    this.#settle();
  }

  /** Pairs with `endIterator`. Errors: NOT_RUNNING, OVERLOADED. */
  beginIterator(): void {
    if (this.#state !== 'open') throw this.#notOpen('iterate');
    if (this.#iteratorCount >= STORE_ITERATORS_MAX) {
      throw new CoterieError(
        'OVERLOADED',
        `The store has ${STORE_ITERATORS_MAX} iterators open: close some of them`,
        { details: { operation: 'iterate' } },
      );
    }
    this.#iteratorCount += 1;
  }

  endIterator(): void {
    assert(this.#iteratorCount > 0, 'An iterator of the store was closed twice');
    this.#iteratorCount -= 1;
    this.#settle();
  }

  /** To be called when a batch failed in the engine: whether it is on disk is unknown. */
  noteFailedBatch(): void {
    this.#hasFailed = true;
  }

  /** For batches that had begun and waited behind the one that failed. Errors: STORAGE_IO, not
   *  applied. */
  assertNoFailedBatch(): void {
    if (!this.#hasFailed) return;
    throw new CoterieError(
      'STORAGE_IO',
      'An earlier batch failed, so the store takes no more: find the cause and open it again',
      { applied: 'no', details: { operation: 'batch' } },
    );
  }

  /** Calls back once nothing is under way, at once if nothing is. */
  whenIdle(callback: () => void): void {
    assert(this.#onIdle === undefined, 'The store is awaited twice');
    this.#onIdle = callback;
    this.#settle();
  }

  #settle(): void {
    const callback = this.#onIdle;
    if (callback === undefined || this.#operationCount + this.#iteratorCount > 0) return;
    this.#onIdle = undefined;
    callback();
  }

  #notOpen(operation: string): CoterieError {
    const remedy = this.#state === 'closed' ? 'make a new one and open it' : 'open it first';
    return new CoterieError('NOT_RUNNING', `The store is ${this.#state}, not open: ${remedy}`, {
      details: { operation },
    });
  }
}

/** Keys are 1 to STORE_KEY_BYTES_MAX bytes: the binding drops empty ones from a list without a
 *  word, which would shift every later answer of a getMany. */
export function assertStoreKey(key: Uint8Array): void {
  const length = key.byteLength;
  assert(length > 0, 'A storage key has at least one byte');
  assert(length <= STORE_KEY_BYTES_MAX, `A storage key of ${length} bytes is too long`);
}

/** What an iterator asserts before each read: it reads once at a time, and never after its close.
 *  Errors: NOT_RUNNING when it is closed. */
export function assertMayRead(count: number, isReading: boolean, isClosed: boolean): void {
  assert(Number.isInteger(count) && count > 0, `An iterator was asked for ${count} entries`);
  assert(!isReading, 'An iterator was asked for more while it was reading');
  if (isClosed) throw new CoterieError('NOT_RUNNING', 'The iterator is closed: make a new one');
}
