/** One exchange under way: does what the decision asks for, with this node's copies and the peer's.
 *  Invariants: what differs is merged on both sides and fsynced before the cursor moves on; a
 *  record that was fetched and merged into something else goes back; keys of which something was
 *  lost here are always fetched, whatever the hashes say.
 *  Not here: what is asked when (core/merkle/exchange.ts), messages (peer-questions.ts), which pair
 *  and when (exchange-schedule.ts). */
import { CoterieError } from '../../core/errors.ts';
import { type Entry, isSameItem } from '../../core/merkle/entries.ts';
import { Exchange, type ExchangeCursor } from '../../core/merkle/exchange.ts';
import { type LeafRanges, tokenRangesOf } from '../../core/merkle/leaf-ranges.ts';
import { nodesOf } from '../../core/merkle/tree.ts';
import type { ExchangeOptions, ExchangeResult } from '../contracts.ts';
import type { RecordKey } from '../storage/record-key.ts';
import type { RecordStore } from '../storage/record-store.ts';
import { type PeerPlace, PeerQuestions, type QuestionParts } from './peer-questions.ts';
import { isRecord, leavesOf, type RecordAccess } from './record-access.ts';
import { KEYS_PER_MESSAGE, PAGE_BYTES_MAX, RECORD_BYTES_PER_MESSAGE } from './repair-limits.ts';

export interface ExchangeRunParts extends QuestionParts {
  readonly store: Pick<RecordStore, 'scan'>;
  readonly access: RecordAccess;
  /** Of the cluster. */
  readonly partitions: number;
  /** Lets those go first who are in a hurry. */
  readonly giveWay: () => Promise<void>;
}

/** Where an exchange that did not end can be gone on with. */
export interface Unfinished {
  readonly cursor: ExchangeCursor;
  readonly beganMs: number;
  /** As of `ExchangeResult`, so far. */
  readonly wasVerified: boolean;
}

/** So long may a merge here take. */
const MERGE_WITHIN_MS = 10_000;
const NOTHING = new Uint8Array(0);

export class ExchangeRun {
  readonly #parts: ExchangeRunParts;
  readonly #place: PeerPlace;
  readonly #exchange: Exchange;
  readonly #questions: PeerQuestions;
  readonly #beganMs: number;
  /** What was gone through before was gone through with copies that may serve. */
  readonly #wasVerifiedBefore: boolean;
  #differingBytes = 0;
  /** What was lost here cannot be read there either. */
  #hasLost = false;
  /** Keys that were sent or fetched and changed nothing. */
  needlessKeys = 0;
  changedKeys = 0;

  constructor(
    parts: ExchangeRunParts,
    place: PeerPlace,
    { mode }: ExchangeOptions,
    unfinished: Unfinished | undefined,
  ) {
    this.#parts = parts;
    this.#place = place;
    this.#exchange = new Exchange(mode, unfinished?.cursor);
    this.#beganMs = unfinished?.beganMs ?? parts.deadlines.nowMs();
    this.#wasVerifiedBefore = unfinished?.wasVerified ?? true;
    this.#questions = new PeerQuestions(parts, place);
  }

  get unfinished(): Unfinished | undefined {
    const { cursor } = this.#exchange;
    return cursor && { cursor, beganMs: this.#beganMs, wasVerified: this.#wasVerified };
  }

  get result(): ExchangeResult {
    const { sentBytes, receivedBytes } = this.#questions;
    const wasVerified = this.#wasVerified;
    const { differing } = this.#exchange;
    const isComplete = this.#exchange.isComplete && !this.#hasLost;
    const found = { differing, differingBytes: this.#differingBytes };
    return { beganMs: this.#beganMs, isComplete, wasVerified, ...found, sentBytes, receivedBytes };
  }

  get #wasVerified(): boolean {
    return this.#wasVerifiedBefore && this.#questions.wasVerified;
  }

  /** Settles at the end. Errors: what interrupted it. */
  async run(): Promise<void> {
    const lost = this.#parts.store.scan.lostKeysOf(this.#place.partition);
    this.#hasLost = lost.length > 0 && !(await this.#fetchAll(lost)).isWhole;
    while (this.#exchange.ask.kind !== 'done') await this.#step();
  }

  async #step(): Promise<void> {
    const exchange = this.#exchange;
    const { ask } = exchange;
    switch (ask.kind) {
      case 'tree': {
        const theirs = await this.#questions.tree(ask.level, ask.ids);
        if (!this.#questions.wasVerified) throw unproved();
        const leaves = await leavesOf(this.#parts.store, this.#place.partition);
        exchange.tookNodes(nodesOf(leaves, ask.level, ask.ids), theirs);
        break;
      }
      case 'pause':
        await this.#parts.pause(ask.pauseMs);
        exchange.waited();
        break;
      case 'entries':
        await this.#parts.giveWay();
        await this.#compare(ask.ranges, ask.after);
        break;
      case 'transfer':
        exchange.transferred(await this.#transfer(ask.fetch, ask.push));
        break;
      case 'done':
        break;
    }
  }

  /** This side's page first: of what has come here since, `#stillFrom` knows. */
  async #compare(leaves: LeafRanges, after: Uint8Array): Promise<void> {
    const { partitions, store } = this.#parts;
    const ranges = tokenRangesOf(leaves, this.#place.partition, partitions);
    const own = await store.scan.entries({ ranges, after, bytesMax: PAGE_BYTES_MAX });
    const through = (own.isMore ? own.entries.at(-1)?.key : undefined) ?? NOTHING;
    const theirs = await this.#questions.entries({ leaves, after, through });
    // What was known to be lost here has been fetched already, whatever the peer had of it.
    const isWhole = theirs.unreadable === 0 && own.damaged === 0;
    this.#exchange.tookEntries(own, theirs, isWhole);
  }

  /** Whether all of it is on both sides now. */
  async #transfer(fetch: readonly Entry[], push: readonly Entry[]): Promise<boolean> {
    const fetched = await this.#fetchAll(await this.#stillFrom(fetch));
    const pushed = await this.#pushAll([...push.map(({ key }) => key), ...fetched.goBack]);
    return fetched.isWhole && pushed;
  }

  /** Those that have not come here meanwhile. */
  async #stillFrom(theirs: readonly Entry[]): Promise<Uint8Array[]> {
    const { access, store } = this.#parts;
    const rows = theirs.map(({ key }) => key);
    const keys = access.keysOf(rows, this.#place.partition);
    const wanted: Uint8Array[] = [];
    for (let at = 0; at < keys.length; ) {
      const own = await access.read(keys.slice(at), RECORD_BYTES_PER_MESSAGE);
      for (const record of own) {
        const entry = theirs[at];
        const isHere =
          record instanceof Uint8Array &&
          entry !== undefined &&
          isSameItem(store.scan.entryOf(entry.key, record), entry);
        if (entry !== undefined && !isHere) wanted.push(entry.key);
        at += 1;
      }
    }
    return wanted;
  }

  async #fetchAll(
    keys: readonly Uint8Array[],
  ): Promise<{ isWhole: boolean; goBack: Uint8Array[] }> {
    const goBack: Uint8Array[] = [];
    let isWhole = true;
    for (let at = 0; at < keys.length; ) {
      const asked = keys.slice(at, at + KEYS_PER_MESSAGE);
      const { records, unreadable } = await this.#questions.fetch(asked);
      at += records.length;
      if (unreadable.length > 0) isWhole = false;
      // What the peer has none of, or cannot read, is sent there if it is here.
      const none = asked.slice(0, records.length).filter((_, index) => !records[index]?.length);
      goBack.push(...none);
      const rows = asked.slice(0, records.length).filter((_, index) => records[index]?.length);
      const taken = await this.#take(
        rows,
        records.filter(({ length }) => length > 0),
      );
      if (!taken.isWhole) isWhole = false;
      goBack.push(...taken.different);
    }
    return { isWhole, goBack };
  }

  async #pushAll(rows: readonly Uint8Array[]): Promise<boolean> {
    const { access } = this.#parts;
    const keys = access.keysOf(rows, this.#place.partition);
    let isWhole = true;
    for (let at = 0; at < keys.length; ) {
      const group = keys.slice(at, at + KEYS_PER_MESSAGE);
      const records = await access.read(group, RECORD_BYTES_PER_MESSAGE);
      at += records.length;
      if (records.includes('unreadable')) isWhole = false;
      const sent = group.flatMap((key, index) => {
        const record = records[index];
        return record instanceof Uint8Array ? [{ key, record }] : [];
      });
      if (sent.length > 0 && !(await this.#send(sent))) isWhole = false;
    }
    return isWhole;
  }

  async #send(
    sent: readonly { readonly key: RecordKey; readonly record: Uint8Array }[],
  ): Promise<boolean> {
    const rows = sent.map(({ key }) => key.storageKey);
    const { records, refused, changed } = await this.#questions.reconcile(
      rows,
      sent.map(({ record }) => record),
    );
    const bytes = sent.reduce((sum, { record }) => sum + record.length, 0);
    this.#differingBytes += Math.round((bytes * Math.min(changed, sent.length)) / sent.length);
    this.changedKeys += changed;
    const isBack = (index: number) => (records[index]?.length ?? 0) > 0;
    const back = records.filter(({ length }) => length > 0);
    const taken = await this.#take(
      rows.filter((_, index) => isBack(index)),
      back,
    );
    this.needlessKeys += Math.max(0, sent.length - changed - back.length);
    return refused.length === 0 && taken.isWhole;
  }

  /** Merges what came from the peer; `different`: keys whose record is not that one now. */
  async #take(
    rows: readonly Uint8Array[],
    records: readonly Uint8Array[],
  ): Promise<{ isWhole: boolean; different: Uint8Array[] }> {
    if (rows.length === 0) return { isWhole: true, different: [] };
    const { access, deadlines } = this.#parts;
    const { partition, epochs } = this.#place;
    const keys = access.keysOf(rows, partition);
    const deadlineMs = deadlines.nowMs() + MERGE_WITHIN_MS;
    const merged = await access.merge({ partition, epochs, deadlineMs, sync: true }, keys, records);
    let isWhole = true;
    for (const [index, result] of merged.entries()) {
      if (result instanceof CoterieError) throw result;
      if (!result.isDurable) isWhole = false;
      if (result.isChanged) this.#differingBytes += records[index]?.length ?? 0;
      if (result.isChanged) this.changedKeys += 1;
      else this.needlessKeys += 1;
    }
    const now = await access.read(keys, Number.POSITIVE_INFINITY);
    const different = rows.filter((_, index) => {
      const record = records[index];
      return record !== undefined && !isRecord(now[index], record);
    });
    return { isWhole, different };
  }
}

/** Only `compare` looks at trees. */
function unproved(): CoterieError {
  return new CoterieError('NOT_RECOVERED', "The peer's copies may not serve: they prove nothing");
}
