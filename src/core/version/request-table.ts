/** Has this node already minted this request? A retry whose sibling is still in the record is
 *  answered by the record itself (mint.ts); this table answers it also when the sibling has been
 *  replaced meanwhile.
 *  Invariants: bounded by entries (the oldest goes first) and by age; an id that comes back with
 *  another operation or value is an error, never "done". The time is an argument and does not go
 *  back.
 *  Limit, stated in the guarantees: in memory, of one node; after a restart, at another minter or
 *  when the entry has been pushed out, a retry of a write that was replaced meanwhile may appear
 *  again as a sibling.
 *  Not here: durable ids (counters only). */
import { CoterieError } from '../errors.ts';
import type { CausalContext } from './causal-context.ts';
import { type Dot, formatDot } from './dot.ts';

/** How the first attempt was answered. */
export interface MintedRequest {
  readonly dot: Dot;
  /** Of the operation and its content: requestHashOf. */
  readonly requestHash: number;
  readonly replyContext: CausalContext;
  /** Siblings shown when it was minted. */
  readonly siblings: number;
}

export interface RequestTableOptions {
  readonly entriesMax: number;
  /** 60,000 when not given. */
  readonly keptMs?: number;
}

const KEPT_MS = 60_000;
const NO_ID: Uint8Array = new Uint8Array(0);

/** Linked in the order of minting: to find the first of a Map costs a step for every entry deleted
 *  before it. */
class Entry implements MintedRequest {
  readonly name: string;
  readonly dot: Dot;
  readonly requestHash: number;
  readonly replyContext: CausalContext;
  readonly siblings: number;
  readonly mintedAtMs: number;
  older: Entry | undefined;
  newer: Entry | undefined;

  constructor(name: string, request: MintedRequest, mintedAtMs: number) {
    this.name = name;
    this.dot = request.dot;
    this.requestHash = request.requestHash;
    this.replyContext = request.replyContext;
    this.siblings = request.siblings;
    this.mintedAtMs = mintedAtMs;
  }
}

export class RequestTable {
  readonly #entriesMax: number;
  readonly #keptMs: number;
  readonly #entries = new Map<string, Entry>();
  #oldest: Entry | undefined;
  #newest: Entry | undefined;
  #lastName = { keyId: '', requestId: NO_ID, name: '' };

  constructor(options: RequestTableOptions) {
    this.#entriesMax = options.entriesMax;
    this.#keptMs = options.keptMs ?? KEPT_MS;
  }

  get size(): number {
    return this.#entries.size;
  }

  /** Is there anything to find: spares nearly every request the hash that `find` needs. */
  has(keyId: string, requestId: Uint8Array): boolean {
    return this.#entries.has(this.#nameOf(keyId, requestId));
  }

  /** The earlier answer; undefined when there is none (any more). Errors: INVALID_ARGUMENT when the
   *  id was used for another operation or content. */
  find(
    keyId: string,
    requestId: Uint8Array,
    requestHash: number,
    nowMs: number,
  ): MintedRequest | undefined {
    this.#expire(nowMs);
    const entry = this.#entries.get(this.#nameOf(keyId, requestId));
    if (entry === undefined || entry.requestHash === requestHash) return entry;
    throw new CoterieError(
      'INVALID_ARGUMENT',
      `The request id was used for another write, ${formatDot(entry.dot)}: give each write its own`,
    );
  }

  /** Remembers an answer from now on. `keyId` names bucket and key in any way that is the node's
   *  own. */
  add(keyId: string, requestId: Uint8Array, request: MintedRequest, nowMs: number): void {
    this.#expire(nowMs);
    const name = this.#nameOf(keyId, requestId);
    const known = this.#entries.get(name);
    if (known !== undefined) this.#remove(known);
    const entry = new Entry(name, request, nowMs);
    entry.older = this.#newest;
    if (this.#newest === undefined) this.#oldest = entry;
    else this.#newest.newer = entry;
    this.#newest = entry;
    this.#entries.set(name, entry);
    if (this.#entries.size > this.#entriesMax && this.#oldest !== undefined) {
      this.#remove(this.#oldest);
    }
  }

  /** A mint asks whether it knows a request and then adds it: the name is made once for both. */
  #nameOf(keyId: string, requestId: Uint8Array): string {
    const last = this.#lastName;
    if (last.keyId === keyId && last.requestId === requestId) return last.name;
    const name = entryName(keyId, requestId);
    this.#lastName = { keyId, requestId, name };
    return name;
  }

  #expire(nowMs: number): void {
    while (this.#oldest !== undefined && nowMs - this.#oldest.mintedAtMs >= this.#keptMs) {
      this.#remove(this.#oldest);
    }
  }

  #remove(entry: Entry): void {
    const { older, newer } = entry;
    if (older === undefined) this.#oldest = newer;
    else older.newer = newer;
    if (newer === undefined) this.#newest = older;
    else newer.older = older;
    // What is gone keeps nothing alive that came after it.
    entry.older = undefined;
    entry.newer = undefined;
    this.#entries.delete(entry.name);
  }
}

/** Tells requests under one id apart: by kind and contentHash (record.ts). */
export function requestHashOf(kind: 'put' | 'delete', contentHash: number): number {
  return kind === 'put' ? contentHash : contentHash + 2 ** 32;
}

/** The id has a fixed length, so no two pairs have one name. */
function entryName(keyId: string, requestId: Uint8Array): string {
  return Reflect.apply(String.fromCharCode, undefined, requestId) + keyId;
}
