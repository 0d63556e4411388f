/** What does a mint put into its batch? The earlier answer of the same request, or a new event of
 *  this node's clock on the record as it is now.
 *  Invariants: a mint reads, decides and writes without anything in between; the clock's ceiling
 *  rides in the batch of the mint; until its peers have confirmed it, the node mints only in epochs
 *  begun in this run.
 *  Not here: the rules of minting (core/version/mint.ts), whose partition it is (ownership.ts),
 *  batches and fsyncs (node/storage).
 *  Source: ARCHITECTURE 5.4, 5.5, 5.16, 5.19. */
import type { Checksum } from '../../core/checksum.ts';
import { assert } from '../../core/errors.ts';
import { withTokenInLimit } from '../../core/version/context-token.ts';
import type { HybridLogicalClock } from '../../core/version/hlc.ts';
import { ceilingFor } from '../../core/version/hlc.ts';
import type { MintInput, MintOperation, MintOutcome } from '../../core/version/mint.ts';
import { mint } from '../../core/version/mint.ts';
import type { Sibling, VersionedRecord } from '../../core/version/record.ts';
import { contentHashOf, EMPTY_BYTES } from '../../core/version/record.ts';
import type { RecordCodec } from '../../core/version/record-codec.ts';
import { RequestTable, requestHashOf } from '../../core/version/request-table.ts';
import type { Clock } from '../../env/clock.ts';
import type { Log } from '../../env/log.ts';
import type { Done, KeyCall, Minted, MintRequest } from '../contracts.ts';
import type { CurrentRecord, Decision } from '../storage/update.ts';
import type { Ownership } from './ownership.ts';
import { ReplicaUpdate } from './replica-update.ts';

export interface MinterParts {
  readonly codec: RecordCodec;
  readonly checksum: Checksum;
  readonly clock: Clock;
  readonly hlc: HybridLogicalClock;
  readonly log: Log;
}

type MintedEvent = Omit<Minted, 'isDurable'>;

export class MintUpdate extends ReplicaUpdate<MintedEvent, Minted> {
  readonly #minter: Minter;
  readonly #call: KeyCall;
  readonly #request: MintRequest;

  constructor(minter: Minter, call: KeyCall, request: MintRequest, done: Done<Minted>) {
    const priority = request.operation.kind === 'delete' ? 'repair' : 'client';
    super({ sync: request.sync, priority, deadlineMs: call.deadlineMs }, done);
    this.#minter = minter;
    this.#call = call;
    this.#request = request;
  }

  protected decideOn(current: CurrentRecord): Decision<MintedEvent> {
    return this.#minter.decide(this.#call, this.#request, current);
  }

  protected outcomeOf(event: MintedEvent, isDurable: boolean): Minted {
    const { bytes, dot, replyContext, siblings } = event;
    return { bytes, dot, replyContext, siblings, isDurable };
  }
}

export class Minter {
  readonly #parts: MinterParts;
  readonly #ownership: Ownership;
  readonly #requests: RequestTable;
  /** Above every tick of earlier runs that this folder knows. */
  readonly #firstTick: number;
  #hasJumped = false;

  /** `entriesMax`: requests remembered to make a retry harmless. */
  constructor(parts: MinterParts, ownership: Ownership, entriesMax: number) {
    this.#parts = parts;
    this.#ownership = ownership;
    const { clock, hlc } = parts;
    const reading = { wallMs: clock.wallMs(), monotonicMs: clock.monotonicMs() };
    this.#firstTick = hlc.issue(reading);
    this.#requests = new RequestTable({ entriesMax });
  }

  /** Was the request minted here not long ago. */
  remembers(keyId: string, requestId: Uint8Array): boolean {
    return this.#requests.has(keyId, requestId);
  }

  /** Errors: those of the fence; of core/version/mint.ts, where SIBLING_LIMIT carries the context
   *  as clients understand it. */
  decide(call: KeyCall, request: MintRequest, current: CurrentRecord): Decision<MintedEvent> {
    const place = this.#ownership.fencedForMint(call);
    const { clock, hlc, checksum } = this.#parts;
    const { operation, context, overwrite } = request;
    const nowMs = clock.monotonicMs();
    const earlier = this.#earlier(call.key.id, operation, current, nowMs);
    if (earlier !== undefined) return { result: earlier };
    const reading = { wallMs: clock.wallMs(), monotonicMs: nowMs };
    const seq = hlc.issue(reading);
    this.#watchClock();
    const outcome = this.#mint(call, {
      local: current.record,
      isLocalReadable: !current.isUnreadable,
      context,
      overwrite,
      operation,
      nodeIndex: place.nodeIndex,
      seq,
      epochFloor: this.#floorOf(call.partition, current),
      unixMs: reading.wallMs,
      checksum,
    });
    const { dot, replyContext, siblings, record } = outcome;
    if (outcome.kind === 'repeated' && current.bytes !== undefined) {
      return { result: { bytes: current.bytes, dot, replyContext, siblings } };
    }
    const bytes = this.#parts.codec.encode(record);
    this.#remember(call.key.id, operation, outcome, nowMs);
    return {
      result: { bytes, dot, replyContext, siblings },
      write: { bytes, record },
      ceiling: ceilingFor(seq),
      isMint: true,
    };
  }

  #earlier(
    keyId: string,
    operation: MintOperation,
    current: CurrentRecord,
    nowMs: number,
  ): MintedEvent | undefined {
    const { requestId } = operation;
    if (requestId === undefined || !this.#requests.has(keyId, requestId)) return undefined;
    const found = this.#requests.find(keyId, requestId, this.#hashOf(operation), nowMs);
    const { bytes, isUnreadable } = current;
    if (found === undefined || bytes === undefined || isUnreadable) return undefined;
    // The record of today is replicated again: it holds or has replaced what the first try wrote.
    const { dot, replyContext, siblings } = found;
    return { bytes, dot, replyContext, siblings };
  }

  #remember(keyId: string, operation: MintOperation, outcome: MintOutcome, nowMs: number): void {
    const { requestId, kind } = operation;
    if (requestId === undefined) return;
    const { dot, replyContext, siblings, record } = outcome;
    const own = ownSibling(record, outcome);
    const requestHash = requestHashOf(kind, own.contentHash);
    this.#requests.add(keyId, requestId, { dot, requestHash, replyContext, siblings }, nowMs);
  }

  /** Until its peers have answered, this node may be a restored copy that knows nothing of what it
   *  issued later: only epochs begun in this run are sure to be held in full (docs/decisions/004).
   */
  #floorOf(partition: number, current: CurrentRecord): number {
    if (this.#ownership.isVerified(partition)) return current.epochFloor;
    return Math.max(current.epochFloor, this.#firstTick);
  }

  #mint(call: KeyCall, input: MintInput): MintOutcome {
    try {
      return mint(input);
    } catch (thrown) {
      throw withTokenInLimit(thrown, call.key, this.#parts.checksum);
    }
  }

  #hashOf(operation: MintOperation): number {
    const content =
      operation.kind === 'put' ? operation : { meta: EMPTY_BYTES, value: EMPTY_BYTES };
    return requestHashOf(operation.kind, contentHashOf(this.#parts.checksum, content));
  }

  /** A wall clock that jumped is not followed (core/version/hlc.ts): somebody must see to it. */
  #watchClock(): void {
    const { hlc, log } = this.#parts;
    if (hlc.isJumped === this.#hasJumped) return;
    this.#hasJumped = hlc.isJumped;
    if (hlc.isJumped) log.error('clock-jump', { followed: false });
    else log.info('clock-agrees-again');
  }
}

function ownSibling(record: VersionedRecord, { dot }: MintOutcome): Sibling {
  for (const sibling of record.siblings) if (sibling.dot === dot) return sibling;
  assert(false, 'A mint leaves a sibling of its own');
}
