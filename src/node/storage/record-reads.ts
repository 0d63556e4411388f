/** What may a reader see? Committed bytes and nothing else: a pending write is not shown, because a
 *  crash could take it back, and a record of which something was lost is not shown, because a
 *  quorum would count it.
 *  Invariants: while a batch is pending its keys are answered from memory with their committed
 *  state, so an engine that shows a batch before its fsync makes no difference.
 *  Not here: loading (record-loader.ts). Source: docs/ARCHITECTURE.md 5.2 and 5.17. */
import type { CoterieError } from '../../core/errors.ts';
import type { RecordCodec } from '../../core/version/record-codec.ts';
import { type KeyLanes, overloaded } from './key-lanes.ts';
import type { RecordCache } from './record-cache.ts';
import type { RecordKey } from './record-key.ts';
import type { LoadTarget, RecordLoader } from './record-loader.ts';
import { StoredRecord } from './stored-record.ts';
import type { UnreadableKeys } from './unreadable-keys.ts';
import type { RecordReader } from './update.ts';

export interface RecordReadsParts {
  readonly codec: RecordCodec;
  readonly loader: RecordLoader;
  readonly cache: RecordCache;
  readonly lanes: KeyLanes;
  readonly unreadable: UnreadableKeys;
  readonly partitionOf: (token: number) => number;
  readonly noteUnreadable: (key: RecordKey, reason: string, isEngineDamage: boolean) => void;
}

export class RecordReads {
  readonly #parts: RecordReadsParts;
  readonly #waitingMax: number;
  #waitingCount = 0;

  constructor(parts: RecordReadsParts, waitingMax: number) {
    this.#parts = parts;
    this.#waitingMax = waitingMax;
  }

  read(key: RecordKey, reader: RecordReader): void {
    const { lanes, cache, unreadable, codec } = this.#parts;
    if (this.#isUnreadable(key)) {
      reader.failed(unreadable.error());
      return;
    }
    const lane = lanes.loadedLane(key);
    if (lane !== undefined) {
      reader.found(lane.committed);
      return;
    }
    const cached = cache.find(key);
    if (cached === undefined) this.#load(key, reader);
    else reader.found(new StoredRecord(codec, cached));
  }

  #load(key: RecordKey, reader: RecordReader): void {
    const { loader, cache } = this.#parts;
    if (this.#waitingCount >= this.#waitingMax) {
      reader.failed(overloaded(`${this.#waitingCount} reads wait`, 1));
      return;
    }
    this.#waitingCount += 1;
    loader.load(key, new ReadLoad(this, key, cache.loading(key), reader), false);
  }

  /** What a reader of the key gets to see after a load of its own. */
  loaded(load: ReadLoad, stored: StoredRecord | undefined): void {
    const { lanes, cache, unreadable } = this.#parts;
    this.#waitingCount -= 1;
    const { key, loading } = load;
    const lane = lanes.loadedLane(key);
    const isUnreadable = this.#isUnreadable(key);
    const isKept = stored !== undefined && !isUnreadable && !lanes.has(key);
    if (isKept) cache.loaded(key, stored.bytes, loading);
    if (isUnreadable) load.reader.failed(unreadable.error());
    else load.reader.found(lane === undefined ? stored : lane.committed);
  }

  unreadable(load: ReadLoad, reason: string, isEngineDamage: boolean): void {
    const { lanes, noteUnreadable } = this.#parts;
    // What a lane holds was readable later than what was just loaded.
    const isKnown = lanes.loadedLane(load.key) !== undefined;
    if (!isKnown) noteUnreadable(load.key, reason, isEngineDamage);
    this.loaded(load, undefined);
  }

  failed(load: ReadLoad, error: CoterieError): void {
    this.#waitingCount -= 1;
    load.reader.failed(error);
  }

  #isUnreadable(key: RecordKey): boolean {
    return this.#parts.unreadable.has(key, this.#parts.partitionOf(key.token));
  }
}

/** A reader's end of a load. */
class ReadLoad implements LoadTarget {
  readonly key: RecordKey;
  /** Of the cache. */
  readonly loading: number;
  readonly reader: RecordReader;
  readonly #reads: RecordReads;

  constructor(reads: RecordReads, key: RecordKey, loading: number, reader: RecordReader) {
    this.#reads = reads;
    this.key = key;
    this.loading = loading;
    this.reader = reader;
  }

  loaded(stored: StoredRecord | undefined): void {
    this.#reads.loaded(this, stored);
  }

  unreadable(reason: string, isEngineDamage: boolean): void {
    this.#reads.unreadable(this, reason, isEngineDamage);
  }

  failed(error: CoterieError): void {
    this.#reads.failed(this, error);
  }
}
