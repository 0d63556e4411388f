/** Takes client requests at this node: checks, plans, runs the operation here or sends it on,
 *  answers.
 *  Invariants: requests in work are bounded in number and bytes, beyond that OVERLOADED and nothing
 *  is done; every request has one deadline, made here and passed down; each request is counted once
 *  in the metrics.
 *  Not here: the operations (read.ts, write.ts), levels and tallies (core/quorum), streams
 *  (node/session).
 *  Source: ARCHITECTURE 4, 5.21, 5.22, 5.23, 5.27. */
import type { Checksum } from '../../core/checksum.ts';
import { CoterieError } from '../../core/errors.ts';
import { SIBLINGS_MAX, SIBLINGS_WARN } from '../../core/limits.ts';
import type { Requirement, Verb } from '../../core/quorum/level.ts';
import { majority, resolveRequirement } from '../../core/quorum/level.ts';
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
import { durabilityFromWire, levelName } from '../../wire/level-codec.ts';
import type { KvService } from '../../wire/services.ts';
import type { DataState, Place } from '../contracts.ts';
import { makeRecordKey } from '../storage/record-key.ts';
import { Admission, type AdmissionOptions, AnswerSizes } from './admission.ts';
import { beforeMint, isDeletedBy, isKnownHere, learnFirstTry } from './first-try.ts';
import { forwardWrite } from './forwarding.ts';
import type { Plan } from './plan.ts';
import { nodeName } from './plan.ts';
import type { CoordinatorParts, ReadOptions, ReadOutcome } from './read.ts';
import { ReadOperation } from './read.ts';
import { deleteReply, getReply, nothingToDelete, putReply } from './replies.ts';
import type { LevelChoice } from './requests.ts';
import { checkKey, checkRequestId, checkValue, readChoice, writeChoice } from './requests.ts';
import { NO_TRACE, recordTrace } from './trace.ts';
import type { WriteOutcome } from './write.ts';
import { WriteOperation } from './write.ts';

export interface CoordinatorOptions extends ReadOptions, AdmissionOptions {
  readonly timeoutMs: number;
  readonly timeoutMaxMs: number;
}

/** What the node tells its coordinator about itself. */
export interface CoordinatorNode {
  place(): Place | undefined;
  state(): DataState;
  /** Why the state is what it is, in words. */
  reason(): string;
  isRunning(): boolean;
}

interface Work {
  readonly operation: 'get' | 'put' | 'delete';
  readonly request: GetRequest | PutRequest | DeleteRequest;
  readonly bytes: number;
}

/** Bytes a request is counted with beside its key and value. */
const REQUEST_OVERHEAD_BYTES = 256;
const SIBLING_WARNING_INTERVAL_MS = 10_000;

export class Coordinator implements KvService {
  readonly #parts: CoordinatorParts & { readonly checksum: Checksum };
  readonly #node: CoordinatorNode;
  readonly #options: CoordinatorOptions;
  readonly #admission: Admission;
  readonly #answers = new AnswerSizes();
  #nextSiblingWarningMs = 0;

  constructor(
    parts: CoordinatorParts & { readonly checksum: Checksum },
    node: CoordinatorNode,
    options: CoordinatorOptions,
  ) {
    this.#parts = parts;
    this.#node = node;
    this.#options = options;
    this.#admission = new Admission(options);
  }

  /** Settles when no request is at work any more, or after `waitMs`. */
  idle(waitMs: number): Promise<void> {
    const { deadlines } = this.#parts;
    return this.#admission.idle(deadlines, deadlines.nowMs() + waitMs);
  }

  get(request: GetRequest): Promise<GetReply> {
    // What the answer will weigh is not known yet: as much as the answers of late.
    const bytes = request.key.length + REQUEST_OVERHEAD_BYTES + this.#answers.expectedBytes;
    return this.#work({ operation: 'get', request, bytes }, () => this.#get(request));
  }

  put(request: PutRequest): Promise<PutReply> {
    const bytes = request.key.length + request.value.length + REQUEST_OVERHEAD_BYTES;
    return this.#work({ operation: 'put', request, bytes }, () => this.#put(request, false));
  }

  delete(request: DeleteRequest): Promise<DeleteReply> {
    const bytes = request.key.length + REQUEST_OVERHEAD_BYTES;
    return this.#work({ operation: 'delete', request, bytes }, () => this.#delete(request, false));
  }

  /** A write that another member sent on to this one. */
  async forwarded(request: ForwardRequest): Promise<ForwardReply> {
    const { operation } = request;
    if (operation?.$case === 'put') {
      const bytes = operation.put.key.length + operation.put.value.length + REQUEST_OVERHEAD_BYTES;
      const work: Work = { operation: 'put', request: operation.put, bytes };
      const put = await this.#work(work, () => this.#put(operation.put, true));
      return { result: { $case: 'put', put } };
    }
    if (operation?.$case === 'delete') {
      const bytes = operation.delete.key.length + REQUEST_OVERHEAD_BYTES;
      const work: Work = { operation: 'delete', request: operation.delete, bytes };
      const reply = await this.#work(work, () => this.#delete(operation.delete, true));
      return { result: { $case: 'delete', delete: reply } };
    }
    throw new CoterieError('MALFORMED_MESSAGE', 'A forwarded request is a put or a delete');
  }

  async #get(request: GetRequest): Promise<GetReply> {
    const plan = this.#plan('read', request, readChoice(request));
    const outcome = await this.#read(plan);
    const reply = getReply(plan, outcome, this.#parts.checksum);
    this.#answers.note(outcome.bytes?.length ?? 0);
    this.#parts.metrics.observe('coterie_siblings', {}, reply.siblings.length);
    return reply;
  }

  async #put(request: PutRequest, isForwarded: boolean): Promise<PutReply> {
    checkValue(request.value);
    if (request.overwrite && request.context.length > 0) {
      throw new CoterieError('INVALID_ARGUMENT', 'Give either a context or overwrite, not both');
    }
    const requestId = checkRequestId(request.requestId);
    const plan = this.#plan('write', request, writeChoice(request));
    const context = this.#context(request.context, plan);
    if (!isForwarded && this.#mustForward(plan)) {
      const bytes = request.key.length + request.value.length + REQUEST_OVERHEAD_BYTES;
      const operation = { $case: 'put', put: this.#withBudget(request, plan) } as const;
      const reply = await forwardWrite(this.#parts.peers, plan, operation, bytes);
      if (reply.$case === 'put') return reply.put;
      throw wrongReply();
    }
    const operation: MintOperation = {
      kind: 'put',
      value: request.value,
      meta: EMPTY_BYTES,
      ...(requestId === undefined ? {} : { requestId }),
    };
    if (request.isRetry && requestId !== undefined) await this.#learnFirstTry(plan, requestId);
    const outcome = await this.#write(plan, request, context, request.overwrite, operation);
    if (outcome.minted.siblings > SIBLINGS_WARN) this.#warnOfSiblings(outcome.minted.siblings);
    return putReply(plan, outcome, this.#parts.checksum);
  }

  async #delete(request: DeleteRequest, isForwarded: boolean): Promise<DeleteReply> {
    if (request.blind && request.context.length > 0) {
      throw new CoterieError('INVALID_ARGUMENT', 'Give either a context or blind, not both');
    }
    const requestId = checkRequestId(request.requestId);
    const plan = this.#plan('write', request, writeChoice(request));
    let context = this.#context(request.context, plan);
    if (!isForwarded && this.#mustForward(plan)) {
      const operation = { $case: 'delete', delete: this.#withBudget(request, plan) } as const;
      const bytes = request.key.length + REQUEST_OVERHEAD_BYTES;
      const reply = await forwardWrite(this.#parts.peers, plan, operation, bytes);
      if (reply.$case === 'delete') return reply.delete;
      throw wrongReply();
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
    const operation: MintOperation = {
      kind: 'delete',
      ...(requestId === undefined ? {} : { requestId }),
    };
    const outcome = await this.#write(plan, request, context, request.blind, operation);
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

  #read(plan: Plan): Promise<ReadOutcome> {
    return new ReadOperation(this.#parts, plan, this.#options).run();
  }

  #write(
    plan: Plan,
    request: PutRequest | DeleteRequest,
    context: CausalContext,
    overwrite: boolean,
    operation: MintOperation,
  ): Promise<WriteOutcome> {
    return new WriteOperation(this.#parts, plan, {
      context,
      overwrite,
      operation,
      isDurable: durabilityFromWire(request.durability) === 'fsync',
      replicaWriteTimeoutMs: this.#options.replicaWriteTimeoutMs,
    }).run();
  }

  /** At the stronger of the level asked for and quorum, so that the delete covers every
   *  acknowledged quorum write. */
  #readBeforeDelete(plan: Plan, request: DeleteRequest): Promise<ReadOutcome> {
    const level = 'each_quorum';
    if (writeChoice(request).level === level) return this.#readAt(plan, { level });
    const needs = plan.requirement.groups.map((group) => group.need);
    return this.#readAt(plan, {
      raw: { count: Math.max(majority(plan.replicas.length), ...needs) },
    });
  }

  #learnFirstTry(plan: Plan, requestId: Uint8Array): Promise<void> {
    const { replica, deadlines } = this.#parts;
    const readMajority = (of: Plan) => this.#readAt(of, { level: 'quorum' });
    return learnFirstTry({ replica, readMajority, deadlines }, plan, requestId);
  }

  #readAt(plan: Plan, choice: LevelChoice): Promise<ReadOutcome> {
    return this.#read({
      ...plan,
      requirement: this.#requirement('read', plan.place, plan.partition, choice),
    });
  }

  #mustForward(plan: Plan): boolean {
    return !plan.replicas.includes(plan.place.nodeIndex);
  }

  /** The same request with what is left of its budget. */
  #withBudget<Request extends { readonly timeoutMs: number }>(
    request: Request,
    plan: Plan,
  ): Request {
    const leftMs = Math.max(1, Math.floor(plan.deadlineMs - this.#parts.deadlines.nowMs()));
    return { ...request, timeoutMs: leftMs };
  }

  #context(token: Uint8Array, plan: Plan): CausalContext {
    if (token.length === 0) return EMPTY_CONTEXT;
    return decodeContextToken(token, plan.key, this.#parts.checksum);
  }

  #plan(
    verb: Verb,
    request: { bucket: string; key: Uint8Array; explain: boolean; timeoutMs: number },
    choice: LevelChoice,
  ): Plan {
    checkKey(request);
    const place = this.#servingPlace();
    const { deadlines } = this.#parts;
    const { ring } = place;
    const { token, partition } = ring.partitionOfKey(request.bucket, request.key);
    const timeoutMs = Math.min(
      request.timeoutMs === 0 ? this.#options.timeoutMs : request.timeoutMs,
      this.#options.timeoutMaxMs,
    );
    return {
      place,
      key: makeRecordKey(token, request.bucket, request.key),
      partition,
      replicas: ring.replicasOf(partition),
      epochs: ring.epochsOf(partition),
      requirement: this.#requirement(verb, place, partition, choice),
      deadlineMs: deadlines.nowMs() + timeoutMs,
      trace: request.explain
        ? recordTrace(() => deadlines.nowMs(), {
            coordinator: nodeName(place, place.nodeIndex),
            partition,
            layoutVersion: ring.layout.version,
          })
        : NO_TRACE,
    };
  }

  #requirement(verb: Verb, place: Place, partition: number, choice: LevelChoice): Requirement {
    return resolveRequirement({
      verb,
      ...choice,
      replicas: place.ring.places(partition),
      datacentre: place.datacentre,
    });
  }

  #servingPlace(): Place {
    if (!this.#node.isRunning()) {
      throw new CoterieError('NOT_RUNNING', 'This node is not running; try another one');
    }
    const place = this.#node.place();
    if (place === undefined) {
      throw new CoterieError(
        'NOT_INITIALISED',
        'This node belongs to no cluster yet: run `coterie cluster init`',
      );
    }
    if (this.#node.state() === 'RECOVERING') {
      throw new CoterieError(
        'NOT_RECOVERED',
        `This node does not serve until it is rebuilt: ${this.#node.reason()}`,
      );
    }
    return place;
  }

  async #work<Reply>(work: Work, run: () => Promise<Reply>): Promise<Reply> {
    const startedMs = this.#parts.deadlines.nowMs();
    let outcome = 'ok';
    let isAdmitted = false;
    try {
      this.#admission.admit(work.bytes);
      isAdmitted = true;
      return await run();
    } catch (thrown) {
      const error = asCoterieError(thrown);
      outcome = error.code;
      if (error.code === 'ASSERTION_FAILED') {
        this.#parts.log.error('request-failed', {
          operation: work.operation,
          message: error.message,
        });
      }
      throw error;
    } finally {
      if (isAdmitted) this.#admission.release(work.bytes);
      this.#count(work, outcome, startedMs);
    }
  }

  #count(work: Work, outcome: string, startedMs: number): void {
    const { metrics, deadlines } = this.#parts;
    const labels = { operation: work.operation, level: levelLabel(work.request), outcome };
    metrics.add('coterie_requests_total', labels);
    metrics.observe('coterie_request_seconds', labels, (deadlines.nowMs() - startedMs) / 1_000);
    metrics.set('coterie_requests_in_flight', {}, this.#admission.requests);
  }
}

function levelLabel(request: GetRequest | PutRequest | DeleteRequest): string {
  const isRaw =
    'r' in request ? request.r + request.pr > 0 : request.w + request.pw + request.dw > 0;
  return isRaw ? 'raw' : levelName(request.level);
}

function wrongReply(): CoterieError {
  return new CoterieError('MALFORMED_MESSAGE', 'A forwarded write was answered as another kind', {
    applied: 'unknown',
  });
}
