/** What is owed to whom: marks and copies by target and key, on disk, counted in memory.
 *  Invariants: a key has one row for each target, however often it is missed; a miss costs memory
 *  only while its key is known to be marked; a mark that finds no room leaves its partition dirty;
 *  counts are right: nothing is written before all rows were looked at once.
 *  Not here: sending (replay.ts), the order of writes (hint-writer.ts).
 *  Source: DeCandia et al. 2007 §4.6; docs/guarantees.md, hints. */
import type { Checksum } from '../../core/checksum.ts';
import { CoterieError } from '../../core/errors.ts';
import {
  type HintBounds,
  HintCounts,
  type HintLoad,
  hasRoom,
} from '../../core/hint/hint-counts.ts';
import { type Mark, MarkLedger } from '../../core/hint/mark-ledger.ts';
import type { Clock } from '../../env/clock.ts';
import type { Log } from '../../env/log.ts';
import type { Metrics } from '../../env/metrics.ts';
import type { StoreEntry, StoreRange } from '../../env/store.ts';
import { makeRecordKey, type RecordKey, recordIdOf } from '../storage/record-key.ts';
import type { ServiceRows } from '../storage/service-rows.ts';
import {
  hintRange,
  hintRowKey,
  partsOfRecordRow,
  recordRowKeyOfHint,
  tableRange,
  targetOfHint,
} from '../storage/table-keys.ts';
import type { DirtyPartitions } from './dirty-partitions.ts';
import { decodeHintRow, type HintRow, markRow } from './hint-rows.ts';
import { type HintChange, HintWriter, hintOf } from './hint-writer.ts';
import { Delivered, type DeliveredRow, MarkChange, SecondLook, TakenBack } from './mark-changes.ts';

export interface HintTableParts {
  readonly rows: ServiceRows;
  readonly dirty: DirtyPartitions;
  readonly checksum: Checksum;
  readonly clock: Clock;
  readonly log: Log;
  readonly metrics: Metrics;
  /** Of a key; undefined before the node knows its layout. */
  readonly partitionOf: (token: number) => number | undefined;
  /** Hints are there, or gone. */
  readonly written: () => void;
}

/** One hint that is to be delivered. */
export interface Owed extends DeliveredRow {
  readonly key: RecordKey;
}

export interface HintPage {
  readonly owed: readonly Owed[];
  /** Key of the last row looked at; undefined: there are no more. */
  readonly last: Uint8Array | undefined;
}

/** Keys remembered for each target: what is beyond it costs a look at a row. */
const REMEMBERED_MAX = 16_384;
const ROWS_PER_READ = 1_024;
/** Rows of copies can be large. */
const ROWS_AT_A_TIME = 16;
const PAGE_BYTES = 256 * 1_024;
/** Replay of a target that is up makes room within seconds. */
const FULL_RETRY_MS = 1_000;

export class HintTable {
  readonly counts = new HintCounts();
  readonly #parts: HintTableParts;
  readonly #bounds: HintBounds;
  readonly #writer: HintWriter;
  #counting: Promise<void> = Promise.resolve();
  #isCounted = false;
  #hasUncounted = false;
  #isStopping = false;
  readonly #ledgers = new Map<number, MarkLedger>();

  constructor(parts: HintTableParts, bounds: HintBounds) {
    this.#parts = parts;
    this.#bounds = bounds;
    const { rows, checksum, clock } = parts;
    const rotten = (rowKey: Uint8Array): void => this.#rotten(rowKey);
    const { counts } = this;
    const { written } = parts;
    this.#writer = new HintWriter({ rows, checksum, clock, rotten, written, counts });
  }

  /** Counts the rows that are there; changes wait meanwhile. Never rejects: rows that cannot be
   *  read are not counted. */
  start(): Promise<void> {
    this.#counting = this.#countAll()
      .catch((error: unknown) => {
        this.#hasUncounted = true;
        this.#parts.log.warn('hints-uncounted', { reason: String(error) });
      })
      .finally(() => {
        this.#isCounted = true;
        this.#writer.open();
      });
    return this.#counting;
  }

  /** There may be rows that the counts know nothing of. */
  get hasUncounted(): boolean {
    return this.#hasUncounted;
  }

  /** Settles when what was noted is written. */
  async stop(): Promise<void> {
    this.#isStopping = true;
    await this.#counting;
    await this.#writer.drained();
  }

  /** A copy of the key's record did not get to the target. Returns what takes the mark back when
   *  it gets there after all; undefined: there is nothing to take back. Cost: a lookup in memory
   *  while the key is known to be marked. */
  missed(target: number, key: RecordKey, partition: number): (() => void) | undefined {
    const { dirty, clock } = this.#parts;
    if (this.#bounds.hintsPerTargetMax === 0 || dirty.has(target, partition)) {
      dirty.note(target, partition);
      return undefined;
    }
    const ledger = this.#ledgerOf(target);
    const mark = ledger.missed(key.id);
    if (mark === undefined) return undefined;
    const rowKey = hintRowKey(target, key.storageKey);
    const dropped = (error?: CoterieError): void => this.#dropped(target, key, partition, error);
    const finds = (held: HintLoad, more: HintLoad): boolean => hasRoom(held, more, this.#bounds);
    const change = new MarkChange(rowKey, mark, clock.wallMs(), { hasRoom: finds, dropped });
    if (this.#parts.rows.spaceRefusal('repair') !== undefined || !this.#add(change)) {
      dropped();
      return undefined;
    }
    return () => this.#arrived(target, key.id, mark, rowKey);
  }

  /** Up to `count` hints for the target behind `after` (a row's key), or about PAGE_BYTES of
   *  them, in the order of their keys. */
  async page(target: number, after: Uint8Array | undefined, count: number): Promise<HintPage> {
    const range = hintRange(target);
    await using found = this.#parts.rows.scan(rangeBehind(range, after, count));
    const owed: Owed[] = [];
    let last: Uint8Array | undefined;
    let seen = 0;
    let bytes = 0;
    while (seen < count && bytes < PAGE_BYTES) {
      const entries = await found.next(Math.min(ROWS_AT_A_TIME, count - seen));
      if (entries.length === 0) return { owed, last: undefined };
      for (const entry of entries) {
        const each = this.#owed(entry);
        if (each === undefined) this.#add(new SecondLook(entry.key));
        else owed.push(each);
        bytes += entry.value.length;
      }
      seen += entries.length;
      last = entries.at(-1)?.key;
    }
    return { owed, last };
  }

  /** The present record of the key is about to be read and sent. */
  begin(target: number, key: RecordKey): void {
    this.#ledgerOf(target).begin(key.id);
  }

  /** What was sent was acknowledged durably, or was not. True: the row may go (`delivered`). */
  end(target: number, key: RecordKey, hasArrived: boolean): boolean {
    return this.#ledgerOf(target).end(key.id, hasArrived);
  }

  /** Settles when the rows are gone, those that have changed excepted. */
  delivered(rows: readonly DeliveredRow[]): Promise<void> {
    return new Promise((resolve) => {
      if (!this.#add(new Delivered(rows, resolve))) resolve();
    });
  }

  /** Of someone who waits for it. False: too much waits to be written, or all rows are being
   *  counted, which may take longer than anybody waits, and nothing was taken. */
  change(change: HintChange): boolean {
    return this.#isCounted && this.#add(change);
  }

  /** Why a change that brings so much more for a target that has `held` is refused. */
  refusal(held: HintLoad, more: HintLoad): CoterieError | undefined {
    if (hasRoom(held, more, this.#bounds)) return undefined;
    return new CoterieError(
      'OVERLOADED',
      `This node keeps ${held.count} records of ${held.bytes} bytes for that member, as much as ` +
        'it may',
      { details: { retryAfterMs: FULL_RETRY_MS } },
    );
  }

  #add(change: HintChange): boolean {
    return this.#writer.add(change);
  }

  #arrived(target: number, id: string, mark: Mark, rowKey: Uint8Array): void {
    if (this.#ledgerOf(target).arrived(id, mark)) this.#add(new TakenBack(rowKey, mark));
  }

  #dropped(target: number, key: RecordKey, partition: number, error?: CoterieError): void {
    const { dirty, metrics } = this.#parts;
    this.#ledgerOf(target).dropped(key.id);
    // A storage that has stopped takes no notes either.
    if (error?.code === 'NOT_RUNNING') return;
    metrics.add('coterie_hints_dropped_total', {});
    dirty.note(target, partition);
  }

  #rotten(rowKey: Uint8Array): void {
    const { log, metrics, dirty, partitionOf } = this.#parts;
    const target = targetOfHint(rowKey);
    const recordKey = recordRowKeyOfHint(rowKey);
    log.error('hint-unreadable', { target });
    metrics.add('coterie_hints_dropped_total', {});
    this.#ledgerOf(target).dropped(recordIdOf(recordKey));
    const partition = partitionOf(partsOfRecordRow(recordKey)?.token ?? 0);
    if (partition !== undefined) dirty.note(target, partition);
  }

  async #countAll(): Promise<void> {
    await using found = this.#parts.rows.scan(tableRange('hints'));
    while (!this.#isStopping) {
      const entries = await found.next(ROWS_PER_READ);
      if (entries.length === 0) return;
      for (const entry of entries) this.#countFound(entry);
    }
  }

  /** One that cannot be read counts until it is removed. */
  #countFound(entry: StoreEntry): void {
    const row = this.#decode(entry);
    const bytes = entry.key.length + entry.value.length;
    const nowMs = this.#parts.clock.wallMs();
    this.counts.added(targetOfHint(entry.key), hintOf(row ?? markRow(nowMs, nowMs), bytes));
    if (row === undefined) this.#add(new SecondLook(entry.key));
  }

  #owed(entry: StoreEntry): Owed | undefined {
    const row = this.#decode(entry);
    const parts = partsOfRecordRow(recordRowKeyOfHint(entry.key));
    if (row === undefined || parts === undefined) return undefined;
    const key = makeRecordKey(parts.token, parts.bucket, parts.key);
    return { rowKey: entry.key, row, key };
  }

  #decode({ key, value }: StoreEntry): HintRow | undefined {
    try {
      return decodeHintRow(key, value, this.#parts.checksum);
    } catch (error) {
      if (error instanceof CoterieError && error.code === 'CORRUPT_RECORD') return undefined;
      throw error;
    }
  }

  #ledgerOf(target: number): MarkLedger {
    const known = this.#ledgers.get(target);
    if (known !== undefined) return known;
    const made = new MarkLedger(REMEMBERED_MAX);
    this.#ledgers.set(target, made);
    return made;
  }
}

/** The rows behind `after`: the least key above another is that one and a zero byte. */
function rangeBehind(range: StoreRange, after: Uint8Array | undefined, limit: number): StoreRange {
  if (after === undefined) return { ...range, limit };
  const from = new Uint8Array(after.length + 1);
  from.set(after);
  return { from, to: range.to, limit };
}
