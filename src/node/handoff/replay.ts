/** Hands over what is owed to one member: a page of hints at a time, the present record of each
 *  mark, the stored record of each copy.
 *  Invariants: one pass at a time; a row goes only after a durable acknowledgement, and only if it
 *  is still what was sent; at most PAGE_BYTES and one record are held (one group of records is read
 *  ahead); after any failure the rest of the pass is left for later, and begins there; a row whose
 *  target owns no replica of the key any more goes to those who do, and is over when a majority of
 *  them has it.
 *  Not here: when a pass may begin (core/hint/replay-pace.ts), how much a receiver takes
 *  (replica/receive-budget.ts).
 *  Source: docs/guarantees.md G2. */
import type { Deadlines } from '../../core/deadlines.ts';
import { CoterieError } from '../../core/errors.ts';
import { majority } from '../../core/quorum/level.ts';
import type { Metrics } from '../../env/metrics.ts';
import type {
  Done,
  Held,
  LocalReplica,
  Merged,
  PeerCall,
  PeerResult,
  Peers,
  Place,
} from '../contracts.ts';
import type { HintTable, Owed } from './hint-table.ts';

export interface ReplayParts {
  readonly table: HintTable;
  readonly replica: LocalReplica;
  readonly peers: Pick<Peers, 'callBulk'>;
  readonly deadlines: Deadlines;
  readonly metrics: Metrics;
  place(): Place | undefined;
  /** This node cannot say what it owes of the partition: they must be compared. */
  doubted(target: number, partition: number): void;
}

export interface PassOutcome {
  readonly delivered: number;
  /** Why it ended early. */
  readonly error: CoterieError | undefined;
}

const PAGE_RECORDS = 100;
const PAGE_BYTES = 256 * 1_024;
/** Records read at a time. */
const GROUP_RECORDS = 8;
/** Of a record on its way: the receiver may let it wait for its budget. */
const DELIVERY_MS = 10_000;

interface Parcel {
  readonly owed: Owed;
  /** Empty: there is none. */
  readonly record: Uint8Array | CoterieError;
}

export class Replay {
  readonly #parts: ReplayParts;
  readonly #target: number;
  /** Rows up to this one are done with. */
  #after: Uint8Array | undefined;
  #isStopped = false;

  constructor(parts: ReplayParts, target: number) {
    this.#parts = parts;
    this.#target = target;
  }

  stop(): void {
    this.#isStopped = true;
  }

  /** Goes through all rows that are there, from where the last pass ended early. */
  async pass(): Promise<PassOutcome> {
    let delivered = 0;
    for (;;) {
      const page = await this.#parts.table.page(this.#target, this.#after, PAGE_RECORDS);
      for (let at = 0; at < page.owed.length; ) {
        const parcels = await this.#pack(page.owed, at);
        const outcome = await this.#deliver(parcels);
        delivered += outcome.delivered;
        if (outcome.error !== undefined || this.#isStopped) {
          return { delivered, error: outcome.error };
        }
        at += parcels.length;
        this.#after = parcels.at(-1)?.owed.rowKey;
      }
      this.#after = page.last;
      if (page.last === undefined) return { delivered, error: undefined };
    }
  }

  /** What goes together, from `at` on: at least one. */
  async #pack(owed: readonly Owed[], at: number): Promise<Parcel[]> {
    const parcels: Parcel[] = [];
    for (let bytes = 0; bytes < PAGE_BYTES && at + parcels.length < owed.length; ) {
      const next = at + parcels.length;
      const group = owed.slice(next, next + GROUP_RECORDS);
      // A miss after this is of a write that what is read now may lack.
      for (const { key } of group) this.#parts.table.begin(this.#target, key);
      const records = await Promise.all(group.map((each) => this.#recordOf(each)));
      for (const [index, each] of group.entries()) {
        const record = records[index] ?? NO_BYTES;
        parcels.push({ owed: each, record });
        if (!(record instanceof CoterieError)) bytes += record.length;
      }
    }
    return parcels;
  }

  async #deliver(parcels: readonly Parcel[]): Promise<PassOutcome> {
    const { table, metrics } = this.#parts;
    const errors = await Promise.all(parcels.map((parcel) => this.#send(parcel)));
    const over: Owed[] = [];
    let failure: CoterieError | undefined;
    let delivered = 0;
    for (const [index, { owed, record }] of parcels.entries()) {
      const error = errors[index];
      if (table.end(this.#target, owed.key, error === undefined)) over.push(owed);
      if (error === undefined && record !== NO_BYTES) delivered += 1;
      if (error !== undefined && error !== KEPT) failure = worse(failure, error);
    }
    if (delivered > 0) metrics.add('coterie_hints_delivered_total', {}, delivered);
    if (over.length > 0) await table.delivered(over);
    return { delivered, error: failure };
  }

  /** The error, if it was not acknowledged durably. */
  #send({ owed, record }: Parcel): Promise<CoterieError | undefined> {
    const place = this.#parts.place();
    if (place === undefined) return Promise.resolve(KEPT);
    const { partition } = place.ring.partitionOfKey(owed.key.bucket, owed.key.key);
    if (record instanceof CoterieError || record.length === 0) {
      return Promise.resolve(this.#nothingToSend(record, partition));
    }
    const replicas = place.ring.replicasOf(partition);
    if (replicas.includes(this.#target)) return this.#give(this.#target, owed, record, place);
    return this.#reroute(replicas, owed, record, place);
  }

  /** Nothing is stored, or it cannot be read here: what the target lacks must be found out by
   *  comparing. A mark that may yet be made good stays. */
  #nothingToSend(record: Uint8Array | CoterieError, partition: number): CoterieError | undefined {
    if (record instanceof CoterieError && record.code !== 'CORRUPT_RECORD') return record;
    this.#parts.doubted(this.#target, partition);
    return record instanceof CoterieError ? KEPT : undefined;
  }

  async #recordOf({ row, key }: Owed): Promise<Uint8Array | CoterieError> {
    if (row.kind === 'copy') return row.record;
    const { replica, deadlines } = this.#parts;
    const place = this.#parts.place();
    if (place === undefined) return NO_BYTES;
    const { partition } = place.ring.partitionOfKey(key.bucket, key.key);
    const epochs = place.ring.epochsOf(partition);
    const deadlineMs = deadlines.nowMs() + DELIVERY_MS;
    const held = await outcome<Held>((done) => {
      replica.read({ key, partition, epochs, deadlineMs }, done);
    });
    return held instanceof CoterieError ? held : (held.bytes ?? NO_BYTES);
  }

  /** To the replicas of today; a majority of them is enough. */
  async #reroute(
    replicas: readonly number[],
    owed: Owed,
    record: Uint8Array,
    place: Place,
  ): Promise<CoterieError | undefined> {
    const errors = await Promise.all(
      replicas.map((nodeIndex) =>
        nodeIndex === place.nodeIndex
          ? this.#keepHere(owed, record, place)
          : this.#give(nodeIndex, owed, record, place),
      ),
    );
    const failed = errors.filter((error) => error !== undefined);
    return replicas.length - failed.length >= majority(replicas.length) ? undefined : failed[0];
  }

  async #give(
    nodeIndex: number,
    owed: Owed,
    record: Uint8Array,
    place: Place,
  ): Promise<CoterieError | undefined> {
    const { key } = owed;
    const { partition } = place.ring.partitionOfKey(key.bucket, key.key);
    const replicate = { bucket: key.bucket, key: key.key, record, sync: true, repair: true };
    const result = await outcome<PeerResult>((done) => {
      this.#parts.peers.callBulk(nodeIndex, {
        operation: { $case: 'replicate', replicate },
        epochs: place.ring.epochsOf(partition),
        deadlineMs: this.#parts.deadlines.nowMs() + DELIVERY_MS,
        bytes: record.length + key.storageKey.length + 32,
        done,
      } satisfies PeerCall);
    });
    if (result instanceof CoterieError) return result;
    if (result.$case === 'replicate' && result.replicate.durable) return undefined;
    return new CoterieError('MALFORMED_MESSAGE', 'A hint was answered without being durable');
  }

  async #keepHere(
    { key }: Owed,
    record: Uint8Array,
    { ring }: Place,
  ): Promise<CoterieError | undefined> {
    const { partition } = ring.partitionOfKey(key.bucket, key.key);
    const epochs = ring.epochsOf(partition);
    const deadlineMs = this.#parts.deadlines.nowMs() + DELIVERY_MS;
    const merged = await outcome<Merged>((done) => {
      this.#parts.replica.merge({ key, partition, epochs, deadlineMs }, record, true, done);
    });
    return merged instanceof CoterieError ? merged : undefined;
  }
}

const NO_BYTES = new Uint8Array(0);
/** Not sent, and no reason to end the pass. */
const KEPT = new CoterieError('CORRUPT_RECORD', 'What is owed cannot be read here now');

function outcome<Result>(begin: (done: Done<Result>) => void): Promise<Result | CoterieError> {
  return new Promise((resolve) => begin(resolve));
}

/** The one that asks for the longest pause. */
function worse(a: CoterieError | undefined, b: CoterieError): CoterieError {
  return a?.code === 'OVERLOADED' ? a : b;
}
