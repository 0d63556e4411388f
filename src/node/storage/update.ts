/** One read-decide-write of one key: what its caller hands in, and how it is told the outcome.
 *  Invariants: it is settled exactly once; `decide` runs at most once, synchronously, with nothing
 *  between the state it saw and the write it returned; a refusal decided on a state that is not yet
 *  committed is told only once that state is, because it may speak of events that a crash would
 *  take back.
 *  Not here: when it runs (key-lanes.ts) and when it is released (commit-queue.ts). Source:
 *  docs/ARCHITECTURE.md 5.2; docs/guarantees.md G4. */
import { CoterieError } from '../../core/errors.ts';
import type { VersionedRecord } from '../../core/version/record.ts';
import type { StoredRecord } from './stored-record.ts';

/** The state a decision is made on. Valid during `decide` and not after it. */
export class CurrentRecord {
  /** True when events of this key may have been lost here: what is left may be added to, but is
   *  served to no one. */
  readonly isUnreadable: boolean;
  /** Least own epoch that may be used again (core/version/mint.ts). */
  readonly epochFloor: number;
  readonly #stored: StoredRecord | undefined;

  constructor(stored: StoredRecord | undefined, isUnreadable: boolean, epochFloor: number) {
    this.#stored = stored;
    this.isUnreadable = isUnreadable;
    this.epochFloor = epochFloor;
  }

  /** `undefined`: there is no record, or nothing of it is left (`isUnreadable`). */
  get bytes(): Uint8Array | undefined {
    return this.#stored?.bytes;
  }

  get record(): VersionedRecord | undefined {
    return this.#stored?.record;
  }
}

export interface RecordWrite {
  /** An encoded record; never changed afterwards. */
  readonly bytes: Uint8Array;
  /** The same, decoded, when it is at hand: the next update of the key is then spared the
   *  decoding. */
  readonly record?: VersionedRecord;
}

export interface Decision<T> {
  readonly result: T;
  /** Without it nothing changes, and the answer still waits until what was seen is committed. */
  readonly write?: RecordWrite;
  /** Clock ceiling that must be stored with the write, in ticks: last issued + lead. */
  readonly ceiling?: number;
  /** The write holds an event of this node's own making. */
  readonly isMint?: boolean;
  /** Everything that was lost has been merged again: the key becomes readable with this write. */
  readonly isRebuilt?: boolean;
}

export interface Applied<T> {
  readonly result: T;
  /** What the result speaks of has been fsynced. */
  readonly isDurable: boolean;
}

export interface UpdateOptions {
  /** Answer only after the fsync of the batch that holds the write. */
  readonly sync: boolean;
  /** `repair` (and deletes, which free space): admitted beyond the bounds and the watermark that
   *  stop `client`. */
  readonly priority: 'client' | 'repair';
  /** Monotonic. An update that is later than this is dropped before it joins a batch, never
   *  after. */
  readonly deadlineMs?: number;
}

export type Decide<T> = (current: CurrentRecord) => Decision<T>;

/** Whoever waits for a record. Told once, by one of the two. */
export interface RecordReader {
  found(stored: StoredRecord | undefined): void;
  failed(error: CoterieError): void;
}

/** Whoever waits for a batch. */
export interface Waiter {
  settle(isDurable: boolean): void;
  fail(error: CoterieError): void;
}

/** What lanes and queue know of an update, whatever its result. */
export interface PendingUpdate extends Waiter {
  readonly options: UpdateOptions;
  decide(current: CurrentRecord): Decision<unknown>;
  /** Nothing was decided, and nothing is to be waited for. */
  refuse(error: unknown): void;
  /** `settle` will tell this error instead of a result. */
  refuseLater(error: unknown): void;
}

export class Update<T> implements PendingUpdate {
  readonly options: UpdateOptions;
  readonly #decide: Decide<T>;
  readonly #resolve: (applied: Applied<T>) => void;
  readonly #reject: (error: unknown) => void;
  #decision: Decision<T> | undefined;
  #refusal: unknown;

  constructor(
    options: UpdateOptions,
    decide: Decide<T>,
    resolve: (applied: Applied<T>) => void,
    reject: (error: unknown) => void,
  ) {
    this.options = options;
    this.#decide = decide;
    this.#resolve = resolve;
    this.#reject = reject;
  }

  decide(current: CurrentRecord): Decision<T> {
    this.#decision = this.#decide(current);
    return this.#decision;
  }

  refuse(error: unknown): void {
    this.#reject(error);
  }

  refuseLater(error: unknown): void {
    this.#refusal = error;
  }

  settle(isDurable: boolean): void {
    if (this.#decision === undefined) this.#reject(this.#refusal);
    else this.#resolve({ result: this.#decision.result, isDurable });
  }

  fail(error: CoterieError): void {
    if (this.#decision !== undefined) this.#reject(error);
    else this.#reject(new CoterieError(error.code, error.message, { cause: error, applied: 'no' }));
  }
}
