/** What may a reader see? Committed bytes and nothing else: a pending write is not shown, because a crash could take
 *  it back, and a record of which something was lost is not shown, because a quorum would count it.
 *  Invariants: while a batch is pending its keys are answered from memory with their committed state, so an engine
 *  that shows a batch before its fsync makes no difference.
 *  Not here: loading (record-loader.ts). Source: RULINGS 3, 15. */
import type { CoterieError } from '../../core/errors.ts';
import { type KeyLanes, overloaded } from './key-lanes.ts';
import type { RecordKey } from './record-key.ts';
import type { LoadTarget, RecordLoader } from './record-loader.ts';
import type { StoredRecord } from './stored-record.ts';
import type { UnreadableKeys } from './unreadable-keys.ts';

export interface RecordReadsParts {
  readonly loader: RecordLoader;
  readonly lanes: KeyLanes;
  readonly unreadable: UnreadableKeys;
  readonly partitionOf: (token: number) => number;
  readonly noteUnreadable: (key: RecordKey, reason: string, isEngineDamage: boolean) => void;
}

type Resolve = (stored: StoredRecord | undefined) => void;
type Reject = (error: CoterieError) => void;

export class RecordReads {
  readonly #parts: RecordReadsParts;
  readonly #waitingMax: number;
  #waitingCount = 0;

  constructor(parts: RecordReadsParts, waitingMax: number) {
    this.#parts = parts;
    this.#waitingMax = waitingMax;
  }

  read(key: RecordKey): Promise<StoredRecord | undefined> {
    const { lanes, loader, unreadable } = this.#parts;
    if (this.#isUnreadable(key)) return Promise.reject(unreadable.error());
    const lane = lanes.loadedLane(key.id);
    if (lane !== undefined) return Promise.resolve(lane.committed);
    if (this.#waitingCount >= this.#waitingMax) {
      return Promise.reject(overloaded(`${this.#waitingCount} reads wait`, 1));
    }
    return new Promise((resolve, reject) => {
      this.#waitingCount += 1;
      loader.load(key, this.#target(key, resolve, reject), false);
    });
  }

  #isUnreadable(key: RecordKey): boolean {
    return this.#parts.unreadable.has(key.id, this.#parts.partitionOf(key.token));
  }

  #target(key: RecordKey, resolve: Resolve, reject: Reject): LoadTarget {
    const { lanes, unreadable } = this.#parts;
    return {
      loaded: (stored) => {
        this.#waitingCount -= 1;
        const lane = lanes.loadedLane(key.id);
        if (this.#isUnreadable(key)) reject(unreadable.error());
        else resolve(lane === undefined ? stored : lane.committed);
      },
      unreadable: (reason, isEngineDamage) => {
        this.#waitingCount -= 1;
        // What a lane holds was readable later than what was just loaded.
        const lane = lanes.loadedLane(key.id);
        if (lane === undefined) this.#parts.noteUnreadable(key, reason, isEngineDamage);
        if (lane === undefined || this.#isUnreadable(key)) reject(unreadable.error());
        else resolve(lane.committed);
      },
      failed: (error) => {
        this.#waitingCount -= 1;
        reject(error);
      },
    };
  }
}
