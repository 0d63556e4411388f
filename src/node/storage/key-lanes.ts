/** Whose turn is it on one key, and what does it decide on? Each key with work has a lane. The
 *  first update of a key waits for its record; while a batch is pending every further one is
 *  decided at once on what the one before left.
 *  Invariants: decisions on one key run one after the other, each on the outcome of the last; a
 *  lane waits for a load and never for an fsync (a hot key would otherwise get one write per
 *  fsync); what is refused was not decided.
 *  Not here: the order of batches (commit-queue.ts). Source: docs/ARCHITECTURE.md 5.2. */
import { CoterieError } from '../../core/errors.ts';
import type { RecordCodec } from '../../core/version/record-codec.ts';
import type { Clock } from '../../env/clock.ts';
import { Lane } from './batch.ts';
import type { CommitQueue } from './commit-queue.ts';
import type { DiskGuard } from './disk-guard.ts';
import type { EpochFloors } from './epoch-floors.ts';
import { LaneTable } from './lane-table.ts';
import type { RecordCache } from './record-cache.ts';
import type { RecordKey, RowKey } from './record-key.ts';
import type { LoadTarget, RecordLoader } from './record-loader.ts';
import type { StorageOptions } from './storage-options.ts';
import { StoredRecord } from './stored-record.ts';
import type { UnreadableKeys } from './unreadable-keys.ts';
import { CurrentRecord, type PendingUpdate } from './update.ts';

export interface KeyLanesParts {
  readonly clock: Clock;
  readonly codec: RecordCodec;
  readonly loader: RecordLoader;
  readonly cache: RecordCache;
  readonly queue: CommitQueue;
  readonly guard: DiskGuard;
  readonly floors: EpochFloors;
  readonly unreadable: UnreadableKeys;
  readonly partitionOf: (token: number) => number;
  readonly noteUnreadable: (key: RecordKey, reason: string, isEngineDamage: boolean) => void;
}

export class KeyLanes {
  readonly #parts: KeyLanesParts;
  readonly #options: StorageOptions;
  readonly #lanes = new LaneTable();
  #waitingCount = 0;

  constructor(parts: KeyLanesParts, options: StorageOptions) {
    this.#parts = parts;
    this.#options = options;
  }

  /** Updates that wait for their record. */
  get waitingCount(): number {
    return this.#waitingCount;
  }

  has(key: RecordKey): boolean {
    return this.#lanes.find(key) !== undefined;
  }

  /** The lane of a key whose record is at hand. */
  loadedLane(key: RowKey): Lane | undefined {
    const lane = this.#lanes.find(key);
    return lane === undefined || lane.waiting !== undefined ? undefined : lane;
  }

  add(key: RecordKey, update: PendingUpdate): void {
    const lane = this.#lanes.find(key);
    if (lane === undefined) {
      this.#begin(key, update);
    } else if (lane.waiting === undefined) {
      this.#run(lane, update);
    } else {
      lane.waiting.push(update);
      this.#waitingCount += 1;
    }
  }

  /** No batch holds the lane any more. */
  release(lane: Lane): void {
    if (lane.waiting !== undefined) return;
    const { key, committed } = lane;
    this.#lanes.remove(lane);
    if (committed !== undefined) this.#parts.cache.committed(key, committed.bytes);
  }

  /** The record of a lane is at hand, as far as it can be read. */
  loaded(lane: Lane, stored: StoredRecord | undefined): void {
    lane.loaded(this.#parts.unreadable.isLost(lane.key) ? undefined : stored);
    for (const update of this.#takeWaiting(lane)) this.#run(lane, update);
    if (lane.batch === undefined) this.release(lane);
  }

  unreadable(lane: Lane, reason: string, isEngineDamage: boolean): void {
    this.#parts.noteUnreadable(lane.key, reason, isEngineDamage);
    this.loaded(lane, undefined);
  }

  /** Nothing is known of the record. */
  failed(lane: Lane, error: CoterieError): void {
    this.#lanes.remove(lane);
    for (const update of this.#takeWaiting(lane)) update.refuse(error);
  }

  #begin(key: RecordKey, update: PendingUpdate): void {
    const lane = new Lane(key, update);
    this.#lanes.add(lane);
    this.#waitingCount += 1;
    const { cache, guard, loader, codec } = this.#parts;
    const cached = guard.refresh() === undefined ? cache.find(key) : undefined;
    if (cached === undefined) loader.load(key, new LaneLoad(this, lane), true);
    else this.loaded(lane, new StoredRecord(codec, cached));
  }

  #takeWaiting(lane: Lane): readonly PendingUpdate[] {
    const waiting = lane.waiting ?? [];
    lane.waiting = undefined;
    this.#waitingCount -= waiting.length;
    return waiting;
  }

  #run(lane: Lane, update: PendingUpdate): void {
    const refusal = this.#refusal(update);
    if (refusal !== undefined) {
      update.refuse(refusal);
      return;
    }
    const { queue, unreadable, floors, codec } = this.#parts;
    const { key } = lane;
    const partition = this.#parts.partitionOf(key.token);
    const isUnreadable = unreadable.has(key, partition);
    const current = new CurrentRecord(lane.current, isUnreadable, floors.floorOf(partition));
    try {
      const decision = update.decide(current);
      if (decision.write === undefined) {
        queue.confirm(update, update.options.sync, lane.batch);
        return;
      }
      const { bytes, record } = decision.write;
      queue.write(lane, update, new StoredRecord(codec, bytes, record), decision);
      if (isUnreadable) unreadable.noteWrite(key, decision.isRebuilt === true);
    } catch (error) {
      if (lane.batch === undefined) {
        update.refuse(error);
      } else {
        update.refuseLater(error);
        queue.confirm(update, false, lane.batch);
      }
    }
  }

  /** Why the update is not even decided. */
  #refusal(update: PendingUpdate): CoterieError | undefined {
    const { queue, guard, clock } = this.#parts;
    const { refusal } = queue;
    if (refusal !== undefined) return refusal;
    const { priority, deadlineMs } = update.options;
    if (deadlineMs !== undefined && clock.monotonicMs() >= deadlineMs) {
      return new CoterieError(
        'DEADLINE_EXCEEDED',
        'The time for the write ran out before it was begun; nothing was written',
        { applied: 'no', details: { phase: 'storage' } },
      );
    }
    const bytesMax = this.#options.openBatchBytesMax * (priority === 'repair' ? 2 : 1);
    if (queue.openBytes >= bytesMax) {
      return overloaded(`${queue.openBytes} bytes wait to be written`, queue.retryAfterMs);
    }
    return guard.refusal(priority);
  }
}

/** A lane's end of a load. A class, and not three closures, because there is one for every update
 *  of a cold key. */
class LaneLoad implements LoadTarget {
  readonly #lanes: KeyLanes;
  readonly #lane: Lane;

  constructor(lanes: KeyLanes, lane: Lane) {
    this.#lanes = lanes;
    this.#lane = lane;
  }

  loaded(stored: StoredRecord | undefined): void {
    this.#lanes.loaded(this.#lane, stored);
  }

  unreadable(reason: string, isEngineDamage: boolean): void {
    this.#lanes.unreadable(this.#lane, reason, isEngineDamage);
  }

  failed(error: CoterieError): void {
    this.#lanes.failed(this.#lane, error);
  }
}

export function overloaded(what: string, retryAfterMs: number): CoterieError {
  return new CoterieError(
    'OVERLOADED',
    `${what}, as many as this node's storage takes; try again in ${retryAfterMs} ms`,
    { details: { retryAfterMs } },
  );
}
