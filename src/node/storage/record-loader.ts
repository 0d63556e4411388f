/** How do records come from the engine? All that were asked for in one tick in one call, each
 *  checked before anyone sees it.
 *  Invariants: bytes that do not pass their checksum reach nobody; a record that cannot be read
 *  fails those who asked for it and nobody else; so many engine calls at a time and no more.
 *  Not here: what an unreadable record leads to (unreadable-keys.ts), who may see which state
 *  (key-lanes.ts).
 *  Source: docs/ARCHITECTURE.md 5.2 and 5.17. */
import { bytesEqual } from '../../core/bytes.ts';
import { CoterieError } from '../../core/errors.ts';
import type { RecordCodec } from '../../core/version/record-codec.ts';
import type { RecordKey } from './record-key.ts';
import type { StorageEnvironment, StorageOptions } from './storage-options.ts';
import { StoredRecord } from './stored-record.ts';
import type { StoreReads } from './watched-reads.ts';

/** Who asked for a record. One of the three is called, once. */
export interface LoadTarget {
  loaded(stored: StoredRecord | undefined): void;
  /** Something is stored, and it cannot be read. `isEngineDamage`: it was the engine that found it
   *  so. */
  unreadable(why: string, isEngineDamage: boolean): void;
  /** Nothing is known: the engine is closed or answers nothing. */
  failed(error: CoterieError): void;
}

type LoaderEnvironment = Pick<StorageEnvironment, 'clock'> & {
  readonly store: Pick<StoreReads, 'getMany'>;
};

interface Load {
  readonly key: RecordKey;
  readonly targets: LoadTarget[];
  /** A decision will be made on it, which takes the record and not just its bytes. */
  needsRecord: boolean;
}

export class RecordLoader {
  readonly #environment: LoaderEnvironment;
  readonly #codec: RecordCodec;
  readonly #options: StorageOptions;
  /** What must be over before records are handed out; undefined when there is nothing. */
  readonly #gate: () => Promise<void> | undefined;
  #next: Load[] = [];
  /** What the next call asks for, the newest of each token. */
  #nextOfToken = new Map<number, Load>();
  #isScheduled = false;
  #inFlight = 0;
  readonly #drained: (() => void)[] = [];

  constructor(
    environment: LoaderEnvironment,
    codec: RecordCodec,
    options: StorageOptions,
    gate: () => Promise<void> | undefined,
  ) {
    this.#environment = environment;
    this.#codec = codec;
    this.#options = options;
    this.#gate = gate;
  }

  /** Only what was asked for in this very tick shares one answer: a later reader must not see an
   *  earlier state. */
  load(key: RecordKey, target: LoadTarget, needsRecord: boolean): void {
    const slot = key.token | 0;
    const load = this.#nextOfToken.get(slot);
    if (load !== undefined && bytesEqual(load.key.storageKey, key.storageKey)) {
      load.targets.push(target);
      load.needsRecord ||= needsRecord;
      return;
    }
    const added = { key, targets: [target], needsRecord };
    this.#next.push(added);
    this.#nextOfToken.set(slot, added);
    this.#schedule();
  }

  /** Settles when nothing is asked for any more. */
  drained(): Promise<void> {
    if (this.#inFlight === 0 && this.#next.length === 0) return Promise.resolve();
    return new Promise((resolve) => {
      this.#drained.push(resolve);
    });
  }

  #schedule(): void {
    if (this.#isScheduled || this.#inFlight >= this.#options.loadsInFlightMax) return;
    this.#isScheduled = true;
    this.#environment.clock.defer(() => {
      this.#isScheduled = false;
      void this.#flush();
    });
  }

  async #flush(): Promise<void> {
    const loads = this.#next;
    this.#next = [];
    // Not cleared: the table that a Map clears keeps what was in it (core/number-table.ts).
    this.#nextOfToken = new Map();
    this.#inFlight += 1;
    await this.#loadAll(loads);
    this.#inFlight -= 1;
    if (this.#next.length > 0) this.#schedule();
    else if (this.#inFlight === 0) for (const resolve of this.#drained.splice(0)) resolve();
  }

  async #loadAll(loads: readonly Load[]): Promise<void> {
    const gate = this.#gate();
    if (gate !== undefined) await gate;
    let values: (Uint8Array | undefined)[];
    try {
      values = await this.#environment.store.getMany(loads.map(({ key }) => key.storageKey));
    } catch {
      // One bad block fails the whole call: the errors of the single calls say whose it is.
      for (const load of loads) await this.#loadAlone(load);
      return;
    }
    let index = 0;
    for (const load of loads) {
      // A rotten record is asked for again: only what stays rotten is given up.
      if (!this.#deliver(load, values[index])) await this.#loadAlone(load);
      index += 1;
    }
  }

  async #loadAlone(load: Load): Promise<void> {
    let bytes: Uint8Array | undefined;
    try {
      [bytes] = await this.#environment.store.getMany([load.key.storageKey]);
    } catch (cause) {
      const error = engineError(cause);
      for (const target of load.targets) {
        if (isDamage(error)) target.unreadable(error.message, true);
        else target.failed(error);
      }
      return;
    }
    if (this.#deliver(load, bytes)) return;
    for (const target of load.targets) {
      target.unreadable('its stored bytes do not match their checksum', false);
    }
  }

  /** False when the bytes are not a record; then nobody has been told anything. */
  #deliver(load: Load, bytes: Uint8Array | undefined): boolean {
    const stored = bytes === undefined ? undefined : this.#check(bytes, load.needsRecord);
    if (bytes !== undefined && stored === undefined) return false;
    for (const target of load.targets) target.loaded(stored);
    return true;
  }

  /** Of a later format is damaged as well: such records come only with a later format of the
   *  folder, and a folder of a later format is not opened. */
  #check(bytes: Uint8Array, needsRecord: boolean): StoredRecord | undefined {
    try {
      if (needsRecord) return new StoredRecord(this.#codec, bytes, this.#codec.decode(bytes));
      this.#codec.verify(bytes);
      return new StoredRecord(this.#codec, bytes);
    } catch (error) {
      if (error instanceof CoterieError) return undefined;
      throw error;
    }
  }
}

function engineError(cause: unknown): CoterieError {
  if (cause instanceof CoterieError) return cause;
  return new CoterieError('STORAGE_IO', `The storage engine failed at a read: ${cause}`, {
    cause,
    applied: 'no',
  });
}

/** Whether the engine speaks of damage to the row. Where it can tell (`isCorruption`), trouble of
 *  another sort, such as too many open files, passes and must not mark thousands of keys as
 *  lost. */
function isDamage(error: CoterieError): boolean {
  if (error.code === 'CORRUPT_RECORD') return true;
  return error.code === 'STORAGE_IO' && error.details['isCorruption'] !== false;
}
