/** What other members ask of this node over a link, turned into calls on its replica and
 *  coordinator.
 *  Invariants: the budget that travels with a request is turned into this node's own time on
 *  arrival; every request is answered once.
 *  Not here: streams and batches (node/link), the work itself. */
import type { Deadlines } from '../../core/deadlines.ts';
import { CoterieError } from '../../core/errors.ts';
import { type ItemHash, itemHash } from '../../core/version/item-hash.ts';
import type { RecordCodec } from '../../core/version/record-codec.ts';
import { asCoterieError } from '../../wire/error-codec.ts';
import type {
  ForwardReply,
  ForwardRequest,
  LinkRequest,
  Read,
  Replicate,
  StoreHint,
} from '../../wire/generated/coterie/v1/peer.ts';
import type {
  Done,
  Epochs,
  Fallback,
  Held,
  KeyCall,
  LocalReplica,
  Merged,
  PeerResult,
  Place,
  RepairServer,
} from '../contracts.ts';
import { makeRecordKey, type RecordKey } from '../storage/record-key.ts';

export interface LinkRequestParts {
  readonly replica: LocalReplica;
  readonly codec: RecordCodec;
  readonly repair: RepairServer;
  readonly fallback: Pick<Fallback, 'keep'>;
  readonly deadlines: Deadlines;
  place(): Place | undefined;
  forwarded(request: ForwardRequest): Promise<ForwardReply>;
  adopt(layout: Uint8Array): Promise<void>;
  commitSeq(): number;
}

const NO_BYTES = new Uint8Array(0);
const NO_DIGEST: ItemHash = { high: 0, low: 0 };

export class LinkRequests {
  readonly #parts: LinkRequestParts;

  constructor(parts: LinkRequestParts) {
    this.#parts = parts;
  }

  commitSeq(): number {
    return this.#parts.commitSeq();
  }

  /** Errors, instead of an answer: NOT_INITIALISED. */
  serve(request: LinkRequest, done: Done<PeerResult>): void {
    const { operation } = request;
    switch (operation?.$case) {
      case 'replicate':
        this.#replicate(request, operation.replicate, done);
        break;
      case 'read':
        this.#read(request, operation.read, done);
        break;
      case 'storeHint':
        this.#storeHint(request, operation.storeHint, done);
        break;
      case 'forward':
        settle(this.#forward(operation.forward), done);
        break;
      case 'adopt':
        settle(this.#adopt(operation.adopt.layout), done);
        break;
      case 'tree':
      case 'entries':
      case 'fetch':
      case 'reconcile':
        this.#parts.repair.serve(request, done);
        break;
      default:
        done(new CoterieError('MALFORMED_MESSAGE', 'A link request without an operation'));
    }
  }

  #replicate(request: LinkRequest, replicate: Replicate, done: Done<PeerResult>): void {
    const call = this.#keyCall(request, replicate.bucket, replicate.key);
    this.#parts.replica.merge(call, replicate.record, replicate.sync, (merged) => {
      done(merged instanceof CoterieError ? merged : ackOf(merged));
    });
  }

  #storeHint(request: LinkRequest, hint: StoreHint, done: Done<PeerResult>): void {
    const call = this.#keyCall(request, hint.bucket, hint.key);
    this.#parts.fallback.keep(call, hint.target, hint.record, (error) => done(error ?? KEPT));
  }

  #read(request: LinkRequest, read: Read, done: Done<PeerResult>): void {
    const call = this.#keyCall(request, read.bucket, read.key);
    this.#parts.replica.read(call, (held) => {
      done(held instanceof CoterieError ? held : this.#answerOf(held, call.key, read.digestAbove));
    });
  }

  #answerOf({ bytes, isVerified }: Held, key: RecordKey, digestAbove: number): PeerResult {
    const record = bytes ?? NO_BYTES;
    if (digestAbove > 0 && record.length > digestAbove) {
      const digest = this.#digestOf(record, key);
      // One that is 0 would say "no digest".
      if (digest.high !== 0 || digest.low !== 0) return answer(NO_BYTES, isVerified, digest);
    }
    return answer(record, isVerified, NO_DIGEST);
  }

  /** Errors: NOT_INITIALISED. */
  #digestOf(record: Uint8Array, { token }: RecordKey): ItemHash {
    const { clusterKeyHigh, clusterKeyLow } = this.#place().ring.secrets;
    return itemHash(this.#parts.codec.header(record), token, clusterKeyHigh, clusterKeyLow);
  }

  async #forward(request: ForwardRequest): Promise<PeerResult> {
    return { $case: 'forward', forward: await this.#parts.forwarded(request) };
  }

  async #adopt(layout: Uint8Array): Promise<PeerResult> {
    await this.#parts.adopt(layout);
    return { $case: 'adopted', adopted: {} };
  }

  #keyCall(request: LinkRequest, bucket: string, key: Uint8Array): KeyCall {
    const place = this.#place();
    const { token, partition } = place.ring.partitionOfKey(bucket, key);
    return {
      key: makeRecordKey(token, bucket, key),
      partition,
      epochs: epochsOf(request, place.ring.epochsOf(partition)),
      deadlineMs: this.#parts.deadlines.nowMs() + request.timeoutMs,
    };
  }

  #place(): Place {
    const place = this.#parts.place();
    if (place !== undefined) return place;
    throw new CoterieError('NOT_INITIALISED', 'This node belongs to no cluster yet');
  }
}

/** Made once: nearly every copy is answered by one of these two. */
const DURABLE_CHANGED = ack(true, true);
const CHANGED = ack(false, true);

const KEPT: PeerResult = { $case: 'hintStored', hintStored: { durable: true } };

function ack(durable: boolean, changed: boolean): PeerResult {
  return { $case: 'replicate', replicate: { durable, changed } };
}

function ackOf({ isDurable, isChanged }: Merged): PeerResult {
  if (isChanged) return isDurable ? DURABLE_CHANGED : CHANGED;
  return ack(isDurable, false);
}

/** `own` itself when they are equal, as they nearly always are. */
function epochsOf({ peCur, peMin, peRead }: LinkRequest, own: Epochs): Epochs {
  const isOwn = peCur === own.current && peMin === own.minimum && peRead === own.read;
  return isOwn ? own : { current: peCur, minimum: peMin, read: peRead };
}

function answer(record: Uint8Array, verified: boolean, { high, low }: ItemHash): PeerResult {
  return { $case: 'read', read: { record, verified, digestHigh: high, digestLow: low } };
}

function settle(work: Promise<PeerResult>, done: Done<PeerResult>): void {
  work.then(done, (error: unknown) => done(asCoterieError(error)));
}
