/** Takes client requests at this node: checks, plans, runs the operation here or sends it on,
 *  answers.
 *  Invariants: every request has one deadline, made here and passed down; it is answered once.
 *  Not here: bounds and counts (reception.ts), the operations (read.ts, write.ts), levels and
 *  tallies (core/quorum), streams (node/session).
 *  Source: ARCHITECTURE 4, 5.21, 5.22, 5.23, 5.27. */
import { CoterieError } from '../../core/errors.ts';
import { SIBLINGS_MAX, SIBLINGS_WARN } from '../../core/limits.ts';
import type { Verb } from '../../core/quorum/level.ts';
import { majority } from '../../core/quorum/level.ts';
import type { CausalContext } from '../../core/version/causal-context.ts';
import { EMPTY_CONTEXT } from '../../core/version/causal-context.ts';
import { decodeContextToken } from '../../core/version/context-token.ts';
import type { MintOperation } from '../../core/version/mint.ts';
import { contextOf, EMPTY_BYTES, visibleSiblings } from '../../core/version/record.ts';
import { asCoterieError } from '../../wire/error-codec.ts';
import type {
  DeleteReply,
  DeleteRequest,
  GetReply,
  GetRequest,
  PutReply,
  PutRequest,
} from '../../wire/generated/coterie/v1/kv.ts';
import type { ForwardReply, ForwardRequest } from '../../wire/generated/coterie/v1/peer.ts';
import { durabilityFromWire } from '../../wire/level-codec.ts';
import type { KvService } from '../../wire/services.ts';
import type { ClientRequests, Done, Place } from '../contracts.ts';
import { makeRecordKey } from '../storage/record-key.ts';
import { type AdmissionOptions, AnswerSizes } from './admission.ts';
import { AwayWrites, type AwayWritesParts } from './away-writes.ts';
import { beforeMint, isDeletedBy, isKnownHere, learnFirstTry } from './first-try.ts';
import type { Plan } from './plan.ts';
import { nodeName } from './plan.ts';
import { follow, promised } from './promised.ts';
import type { ReadOutcome } from './read.ts';
import type { ReadOptions } from './read-options.ts';
import { Reads } from './reads.ts';
import { Reception } from './reception.ts';
import { deleteReply, getReply, nothingToDelete, putReply } from './replies.ts';
import type { LevelChoice } from './requests.ts';
import { checkKey, checkRequestId, checkValue, readChoice, writeChoice } from './requests.ts';
import { Requirements } from './requirements.ts';
import { recordTrace } from './trace.ts';
import type { WriteOptions, WriteOutcome } from './write.ts';
import { WriteOperation } from './write.ts';

export interface CoordinatorOptions extends ReadOptions, AdmissionOptions {
  readonly timeoutMs: number;
  readonly timeoutMaxMs: number;
}

/** What the node tells its coordinator about itself. */
export interface CoordinatorNode {
  place(): Place | undefined;
  isRunning(): boolean;
  /** Why it does not serve. */
  reason(): string;
  /** May its own copies be read, and minted on. */
  mayServe(partition: number): boolean;
}

/** Bytes a request is counted with beside its key and value. */
const REQUEST_OVERHEAD_BYTES = 256;
const SIBLING_WARNING_INTERVAL_MS = 10_000;
const NO_LABELS = {};

export class Coordinator implements KvService, ClientRequests {
  readonly #parts: AwayWritesParts;
  readonly #node: CoordinatorNode;
  readonly #options: CoordinatorOptions;
  readonly #reception: Reception;
  readonly #reads: Reads;
  readonly #answers = new AnswerSizes();
  readonly #away: AwayWrites;
  readonly #requirements = new Requirements();
  #nextSiblingWarningMs = 0;

  constructor(parts: AwayWritesParts, node: CoordinatorNode, options: CoordinatorOptions) {
    this.#parts = parts;
    this.#node = node;
    this.#options = options;
    this.#reception = new Reception(parts, options);
    this.#away = new AwayWrites(parts);
    this.#reads = new Reads(parts, options, () => this.#reception.isBusy);
  }

  /** Settles when no request is at work any more, or after `waitMs`. */
  idle(waitMs: number): Promise<void> {
    return this.#reception.idle(waitMs);
  }

  get isBusy(): boolean {
    return this.#reception.isBusy;
  }

  get(request: GetRequest): Promise<GetReply> {
    return promised((done) => this.beginGet(request, done));
  }

  put(request: PutRequest): Promise<PutReply> {
    return promised((done) => this.beginPut(request, done));
  }

  delete(request: DeleteRequest): Promise<DeleteReply> {
    return promised((done) => this.beginDelete(request, done));
  }

  beginGet(request: GetRequest, done: Done<GetReply>): void {
    // What the answer will weigh is not known yet: as much as the answers of late.
    const bytes = request.key.length + REQUEST_OVERHEAD_BYTES + this.#answers.expectedBytes;
    this.#reception.take('get', request, bytes, done, (over) => this.#get(request, over));
  }

  beginPut(request: PutRequest, done: Done<PutReply>): void {
    const bytes = putBytes(request);
    this.#reception.take('put', request, bytes, done, (over) => this.#put(request, false, over));
  }

  beginDelete(request: DeleteRequest, done: Done<DeleteReply>): void {
    const bytes = request.key.length + REQUEST_OVERHEAD_BYTES;
    this.#reception.take('delete', request, bytes, done, (over) => {
      follow(this.#delete(request, false), over);
    });
  }

  /** A write that another member sent on to this one. */
  async forwarded(request: ForwardRequest): Promise<ForwardReply> {
    const { operation } = request;
    if (operation?.$case === 'put') {
      const put = await promised<PutReply>((done) => {
        const bytes = putBytes(operation.put);
        this.#reception.take('put', operation.put, bytes, done, (over) => {
          this.#put(operation.put, true, over);
        });
      });
      return { result: { $case: 'put', put } };
    }
    if (operation?.$case === 'delete') {
      const reply = await promised<DeleteReply>((done) => {
        const bytes = operation.delete.key.length + REQUEST_OVERHEAD_BYTES;
        this.#reception.take('delete', operation.delete, bytes, done, (over) => {
          follow(this.#delete(operation.delete, true), over);
        });
      });
      return { result: { $case: 'delete', delete: reply } };
    }
    throw new CoterieError('MALFORMED_MESSAGE', 'A forwarded request is a put or a delete');
  }

  #get(request: GetRequest, done: Done<GetReply>): void {
    const plan = this.#plan('read', request, readChoice(request));
    this.#reads.begin(plan, (outcome) => {
      done(outcome instanceof CoterieError ? outcome : this.#getReply(plan, outcome));
    });
  }

  #getReply(plan: Plan, outcome: ReadOutcome): GetReply | CoterieError {
    try {
      const reply = getReply(plan, outcome, this.#parts.checksum);
      this.#answers.note(outcome.bytes?.length ?? 0);
      this.#parts.metrics.observe('coterie_siblings', NO_LABELS, reply.siblings.length);
      return reply;
    } catch (thrown) {
      return asCoterieError(thrown);
    }
  }

  #put(request: PutRequest, isForwarded: boolean, done: Done<PutReply>): void {
    checkValue(request.value);
    if (request.overwrite && request.context.length > 0) {
      throw new CoterieError('INVALID_ARGUMENT', 'Give either a context or overwrite, not both');
    }
    const requestId = checkRequestId(request.requestId);
    const plan = this.#plan('write', request, writeChoice(request), request.sloppy);
    const context = this.#context(request.context, plan);
    if (!isForwarded && this.#mustForward(plan)) {
      follow(this.#away.put(plan, request, context, putBytes(request)), done);
    } else if (request.isRetry && requestId !== undefined) {
      const learned = this.#learnFirstTry(plan, requestId);
      follow(
        learned.then(() => this.#retryPut(plan, request, context, requestId)),
        done,
      );
    } else {
      this.#mintPut(plan, request, context, requestId, done);
    }
  }

  #mintPut(
    plan: Plan,
    request: PutRequest,
    context: CausalContext,
    requestId: Uint8Array | undefined,
    done: Done<PutReply>,
  ): void {
    const { value, overwrite, durability } = request;
    const operation: MintOperation =
      requestId === undefined
        ? { kind: 'put', value, meta: EMPTY_BYTES }
        : { kind: 'put', value, meta: EMPTY_BYTES, requestId };
    const options = this.#writeOptions(context, overwrite, operation, durability);
    WriteOperation.begin(this.#parts, plan, options, (outcome) => {
      done(outcome instanceof CoterieError ? outcome : this.#putReply(plan, outcome));
    });
  }

  #putReply(plan: Plan, outcome: WriteOutcome): PutReply | CoterieError {
    try {
      const { siblings } = outcome.minted;
      if (siblings > SIBLINGS_WARN) this.#warnOfSiblings(siblings);
      return putReply(plan, outcome, this.#parts.checksum);
    } catch (thrown) {
      // The write is there, only its answer is not.
      return unknownOutcome(asCoterieError(thrown));
    }
  }

  #retryPut(
    plan: Plan,
    request: PutRequest,
    context: CausalContext,
    requestId: Uint8Array,
  ): Promise<PutReply> {
    return promised((done) => this.#mintPut(plan, request, context, requestId, done));
  }

  async #delete(request: DeleteRequest, isForwarded: boolean): Promise<DeleteReply> {
    if (request.blind && request.context.length > 0) {
      throw new CoterieError('INVALID_ARGUMENT', 'Give either a context or blind, not both');
    }
    const requestId = checkRequestId(request.requestId);
    const plan = this.#plan('write', request, writeChoice(request), request.sloppy);
    let context = this.#context(request.context, plan);
    if (!isForwarded && this.#mustForward(plan)) {
      const bytes = request.key.length + REQUEST_OVERHEAD_BYTES;
      return this.#away.delete(plan, request, context, bytes);
    }
    const retried = request.isRetry ? requestId : undefined;
    const isRetry = retried !== undefined;
    const isKnown =
      isRetry && (await beforeMint(isRetry, isKnownHere(this.#parts.replica, plan, retried)));
    if (!isKnown && request.context.length === 0 && !request.blind) {
      const seen = await beforeMint(isRetry, this.#readBeforeDelete(plan, request));
      const isDone = isDeletedBy(seen, retried);
      if (!isDone && (seen.record === undefined || visibleSiblings(seen.record).length === 0)) {
        return nothingToDelete(plan, seen, this.#parts.checksum);
      }
      context = seen.record === undefined ? context : contextOf(seen.record);
    } else if (!isKnown && isRetry) {
      await this.#learnFirstTry(plan, retried);
    }
    const operation: MintOperation =
      requestId === undefined ? { kind: 'delete' } : { kind: 'delete', requestId };
    const { blind, durability } = request;
    const options = this.#writeOptions(context, blind, operation, durability);
    const outcome = await promised<WriteOutcome>((done) => {
      WriteOperation.begin(this.#parts, plan, options, done);
    });
    return deleteReply(plan, outcome, this.#parts.checksum);
  }

  /** Once in a while only: a key whose writers do not merge would fill the log. */
  #warnOfSiblings(siblings: number): void {
    const { metrics, log, deadlines } = this.#parts;
    metrics.add('coterie_many_siblings_total', {});
    const nowMs = deadlines.nowMs();
    if (nowMs < this.#nextSiblingWarningMs) return;
    this.#nextSiblingWarningMs = nowMs + SIBLING_WARNING_INTERVAL_MS;
    log.warn('many-siblings', { siblings, limit: SIBLINGS_MAX });
  }

  #writeOptions(
    context: CausalContext,
    overwrite: boolean,
    operation: MintOperation,
    durability: number,
  ): WriteOptions {
    return {
      context,
      overwrite,
      operation,
      isDurable: durabilityFromWire(durability) === 'fsync',
      replicaWriteTimeoutMs: this.#options.replicaWriteTimeoutMs,
    };
  }

  /** At the stronger of the level asked for and quorum, so that the delete covers every
   *  acknowledged quorum write. */
  #readBeforeDelete(plan: Plan, request: DeleteRequest): Promise<ReadOutcome> {
    const level = 'each_quorum';
    if (writeChoice(request).level === level) return this.#readAt(plan, { level, raw: undefined });
    const needs = plan.requirement.groups.map((group) => group.need);
    return this.#readAt(plan, {
      level: undefined,
      raw: { count: Math.max(majority(plan.replicas.length), ...needs) },
    });
  }

  #learnFirstTry(plan: Plan, requestId: Uint8Array): Promise<void> {
    const { replica, deadlines } = this.#parts;
    const readMajority = (of: Plan) => this.#readAt(of, { level: 'quorum', raw: undefined });
    return learnFirstTry({ replica, readMajority, deadlines }, plan, requestId);
  }

  #readAt(plan: Plan, choice: LevelChoice): Promise<ReadOutcome> {
    const { place, partition } = plan;
    const requirement = this.#requirements.of('read', place, partition, choice);
    return promised((done) => this.#reads.begin({ ...plan, requirement, isSloppy: false }, done));
  }

  #mustForward(plan: Plan): boolean {
    return !plan.isHere;
  }

  #context(token: Uint8Array, plan: Plan): CausalContext {
    if (token.length === 0) return EMPTY_CONTEXT;
    return decodeContextToken(token, plan.key, this.#parts.checksum);
  }

  #plan(
    verb: Verb,
    request: { bucket: string; key: Uint8Array; explain: boolean; timeoutMs: number },
    choice: LevelChoice,
    isSloppy = false,
  ): Plan {
    checkKey(request);
    const place = this.#servingPlace();
    const { deadlines } = this.#parts;
    const { ring } = place;
    const { token, partition } = ring.partitionOfKey(request.bucket, request.key);
    const replicas = ring.replicasOf(partition);
    const timeoutMs = Math.min(
      request.timeoutMs === 0 ? this.#options.timeoutMs : request.timeoutMs,
      this.#options.timeoutMaxMs,
    );
    return {
      place,
      key: makeRecordKey(token, request.bucket, request.key),
      partition,
      replicas,
      isHere: replicas.includes(place.nodeIndex) && this.#node.mayServe(partition),
      epochs: ring.epochsOf(partition),
      requirement: this.#requirements.of(verb, place, partition, choice),
      isSloppy,
      deadlineMs: deadlines.nowMs() + timeoutMs,
      trace: request.explain
        ? recordTrace(() => deadlines.nowMs(), {
            coordinator: nodeName(place, place.nodeIndex),
            partition,
            layoutVersion: ring.layout.version,
          })
        : undefined,
    };
  }

  #servingPlace(): Place {
    if (!this.#node.isRunning()) {
      throw new CoterieError('NOT_RUNNING', 'This node is not running; try another one');
    }
    const place = this.#node.place();
    if (place === undefined) {
      throw new CoterieError(
        'NOT_INITIALISED',
        `This node belongs to no cluster yet: ${this.#node.reason()}`,
      );
    }
    return place;
  }
}

function putBytes({ key, value }: PutRequest): number {
  return key.length + value.length + REQUEST_OVERHEAD_BYTES;
}

function unknownOutcome({ code, message, details }: CoterieError): CoterieError {
  return new CoterieError(code, message, { details, applied: 'unknown' });
}
