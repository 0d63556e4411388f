/** What an exchange asks of its peer, over the bulk lane: one question at a time, each with a
 *  deadline, and the bytes of it counted.
 *  Invariants: an answer is of the shape that was asked for, or the exchange ends with an error; a
 *  peer that is busy is asked again after the pause it names, a bounded number of times; once an
 *  answer says that the peer's copies may not serve, the exchange proves nothing of it; records
 *  that came are paid for out of this node's budget before anything is made of them.
 *  Not here: what to ask (core/merkle/exchange.ts), what becomes of the answers
 *  (exchange-run.ts). */
import type { Deadlines } from '../../core/deadlines.ts';
import { CoterieError, retryAfterMsOf } from '../../core/errors.ts';
import { type EntryPage, unpackEntries } from '../../core/merkle/entries.ts';
import type { LeafRanges } from '../../core/merkle/leaf-ranges.ts';
import { nodeCountOf, type TreeLevel, unpackNodes } from '../../core/merkle/tree.ts';
import type { FetchedRecords, Reconciled } from '../../wire/generated/coterie/v1/peer.ts';
import type { Epochs, PeerOperation, PeerResult, Peers, ReceiveBudget } from '../contracts.ts';
import {
  ITEM_OVERHEAD,
  MESSAGE_OVERHEAD,
  PAGE_BYTES_MAX,
  RECORD_BYTES_PER_MESSAGE,
} from './repair-limits.ts';

export interface PeerPlace {
  readonly partition: number;
  readonly peer: number;
  readonly epochs: Epochs;
}

export interface EntryAnswer extends EntryPage {
  readonly unreadable: number;
}

/** Behind one storage key, empty = from the first, up to another, empty = to the last. */
export interface EntryPart {
  readonly leaves: LeafRanges;
  readonly after: Uint8Array;
  readonly through: Uint8Array;
}

export interface QuestionParts {
  readonly deadlines: Deadlines;
  readonly peers: Pick<Peers, 'callBulk'>;
  readonly budget: ReceiveBudget;
  readonly pause: Pause;
}

/** Waits so long; rejects when the node stops meanwhile. */
export type Pause = (pauseMs: number) => Promise<void>;

const ANSWER_WITHIN_MS = 10_000;
const TRIES_MAX = 8;
const RETRY_MIN_MS = 20;
const RETRY_MAX_MS = 1_000;

export class PeerQuestions {
  readonly #parts: QuestionParts;
  readonly #place: PeerPlace;
  sentBytes = 0;
  receivedBytes = 0;
  /** Every answer said that the peer's copies may serve. */
  wasVerified = true;

  constructor(parts: QuestionParts, place: PeerPlace) {
    this.#parts = parts;
    this.#place = place;
  }

  async tree(level: TreeLevel, ids: readonly number[]): Promise<Uint32Array> {
    const { partition } = this.#place;
    const wanted = ids.length === nodeCountOf(level) ? [] : [...ids];
    const tree = { partition, level, ids: wanted };
    const answer = await this.#ask({ $case: 'tree', tree }, 2 * wanted.length);
    if (answer.$case !== 'tree') throw strange(answer);
    this.#note(answer.tree.verified, answer.tree.nodes.length);
    return unpackNodes(answer.tree.nodes, ids.length);
  }

  async entries({ leaves, after, through }: EntryPart): Promise<EntryAnswer> {
    const { partition } = this.#place;
    const bytesMax = PAGE_BYTES_MAX;
    const entries = { partition, leaves: [...leaves], after, through, bytesMax };
    const bytes = 2 * leaves.length + after.length + through.length;
    const answer = await this.#ask({ $case: 'entries', entries }, bytes);
    if (answer.$case !== 'entries') throw strange(answer);
    const { keys, marks, more, verified, unreadable } = answer.entries;
    this.#note(verified, sizeOf(keys) + marks.length);
    if (more && keys.length === 0) throw strange(answer);
    return { entries: unpackEntries(keys, marks, after), isMore: more, unreadable };
  }

  async fetch(keys: readonly Uint8Array[]): Promise<FetchedRecords> {
    const { partition } = this.#place;
    const fetch = { partition, keys: [...keys], bytesMax: RECORD_BYTES_PER_MESSAGE };
    const answer = await this.#ask({ $case: 'fetch', fetch }, sizeOf(keys));
    if (answer.$case !== 'fetched') throw strange(answer);
    const { fetched } = answer;
    const { length } = fetched.records;
    if (length === 0 || length > keys.length) throw strange(answer);
    this.#note(fetched.verified, sizeOf(fetched.records));
    await this.#payFor(sizeOf(fetched.records));
    return fetched;
  }

  /** Errors: also when the records are not durable there. */
  async reconcile(
    keys: readonly Uint8Array[],
    records: readonly Uint8Array[],
  ): Promise<Reconciled> {
    const { partition } = this.#place;
    const reconcile = { partition, keys: [...keys], records: [...records], sync: true };
    const bytes = sizeOf(keys) + sizeOf(records);
    const answer = await this.#ask({ $case: 'reconcile', reconcile }, bytes);
    if (answer.$case !== 'reconciled') throw strange(answer);
    const { reconciled } = answer;
    if (reconciled.records.length !== keys.length || !reconciled.durable) throw strange(answer);
    this.#note(true, sizeOf(reconciled.records));
    await this.#payFor(sizeOf(reconciled.records));
    return reconciled;
  }

  #note(verified: boolean, receivedBytes: number): void {
    this.wasVerified &&= verified;
    this.receivedBytes += MESSAGE_OVERHEAD + receivedBytes;
  }

  async #payFor(bytes: number): Promise<void> {
    const { budget, deadlines, pause } = this.#parts;
    for (;;) {
      const refusal = await new Promise<CoterieError | undefined>((taken) => {
        budget.take(bytes, deadlines.nowMs() + ANSWER_WITHIN_MS, taken);
      });
      if (refusal === undefined) return;
      await pause(pauseAfter(refusal));
    }
  }

  async #ask(operation: PeerOperation, bytes: number): Promise<PeerResult> {
    for (let tries = 1; ; tries += 1) {
      this.sentBytes += MESSAGE_OVERHEAD + bytes;
      const answer = await this.#call(operation, MESSAGE_OVERHEAD + bytes);
      if (!(answer instanceof CoterieError)) return answer;
      if (answer.code !== 'OVERLOADED' || tries === TRIES_MAX) throw answer;
      await this.#parts.pause(Math.max(RETRY_MIN_MS * tries, pauseAfter(answer)));
    }
  }

  #call(operation: PeerOperation, bytes: number): Promise<PeerResult | CoterieError> {
    const { peer, epochs } = this.#place;
    const { peers, deadlines } = this.#parts;
    const deadlineMs = deadlines.nowMs() + ANSWER_WITHIN_MS;
    return new Promise((done) => {
      peers.callBulk(peer, { operation, epochs, deadlineMs, bytes, done });
    });
  }
}

function pauseAfter(refusal: CoterieError): number {
  return Math.min(RETRY_MAX_MS, retryAfterMsOf(refusal) ?? RETRY_MIN_MS);
}

function strange({ $case }: PeerResult): CoterieError {
  return new CoterieError(
    'MALFORMED_MESSAGE',
    `The peer's answer (${$case}) is not what was asked`,
  );
}

function sizeOf(items: readonly Uint8Array[]): number {
  let bytes = ITEM_OVERHEAD * items.length;
  for (const { length } of items) bytes += length;
  return bytes;
}
