/** One request from its start to its one outcome, over all its attempts.
 *  Invariants: it settles exactly once, at its deadline at the latest; it is with one session at
 *  a time; once an attempt of a write ended unknown, only success can make the outcome known
 *  again.
 *  Not here: which node (router.ts), whether to go on (retry-policy.ts), the words of a failure
 *  (call-failure.ts).
 *  Source: docs/protocol.md, outcomes of a request. */
import type { DeadlineEntry } from '../core/deadline-queue.ts';
import type { Deadlines } from '../core/deadlines.ts';
import { CoterieError, type ErrorCode, retryAfterMsOf } from '../core/errors.ts';
import type { Random } from '../env/random.ts';
import { type AttemptNote, describeFailure } from './call-failure.ts';
import { formatId } from './request-id.ts';
import { decideRetry, type RetryDecision } from './retry-policy.ts';
import type { Route, Router } from './router.ts';
import type { SessionConnection } from './session-connection.ts';
import type { SessionAnswer, SessionOperation, SessionWork } from './session-work.ts';
import type { AbortSignalLike, RetryMode } from './types.ts';

/** The node is given this much less time than is left, so that its own account of a failure
 *  arrives before ours. */
export const DEADLINE_MARGIN_MS_MAX = 50;
export const DEADLINE_MARGIN_SHARE = 0.1;

/** The fields of a request message that are known only when it is sent. */
export interface Budgeted {
  timeoutMs: number;
  isRetry?: boolean;
}

export interface CallSpec extends Route {
  readonly operation: SessionOperation;
  /** The message inside `operation`; undefined when it has no such fields. */
  readonly message: Budgeted | undefined;
  readonly isWrite: boolean;
  readonly bytes: number;
  readonly retry: RetryMode;
  readonly timeoutMs: number;
  readonly signal: AbortSignalLike | undefined;
  /** Writes: for the error of one that may have to be repeated. */
  readonly requestId: Uint8Array | undefined;
}

export interface CallEnvironment {
  readonly deadlines: Deadlines;
  readonly router: Router;
  readonly random: Random;
}

export interface CallOutcome {
  resolve(answer: SessionAnswer): void;
  reject(error: CoterieError): void;
}

export class Call implements SessionWork {
  correlation = 0;
  readonly operation: SessionOperation;
  readonly bytes: number;
  readonly #env: CallEnvironment;
  readonly #spec: CallSpec;
  readonly #outcome: CallOutcome;
  readonly #deadlineMs: number;
  readonly #deadline: DeadlineEntry;
  readonly #onAbort: (() => void) | undefined;
  #isSettled = false;
  #session: SessionConnection | undefined;
  /** Has the present attempt been handed to the stream. */
  #isSent = false;
  #sentCount = 0;
  /** Patience with a session that is not ready, or the pause before the next attempt. */
  #wait: DeadlineEntry | undefined;
  /** The latest attempt whose outcome is unknown. */
  #unknown: CoterieError | undefined;
  #tried: Set<SessionConnection> | undefined;
  #notes: AttemptNote[] | undefined;

  /** Arms the deadline; `start` does the rest. */
  constructor(env: CallEnvironment, spec: CallSpec, startedMs: number, outcome: CallOutcome) {
    this.#env = env;
    this.#spec = spec;
    this.#outcome = outcome;
    this.operation = spec.operation;
    this.bytes = spec.bytes;
    this.#deadlineMs = startedMs + spec.timeoutMs;
    this.#deadline = env.deadlines.add(this.#deadlineMs, () => this.#expire());
    if (spec.signal !== undefined) {
      this.#onAbort = () => this.abandon('ABORTED', 'The caller gave the request up');
      spec.signal.addEventListener('abort', this.#onAbort, { once: true });
    }
  }

  start(nowMs: number): void {
    const session = this.#env.router.pick(this.#spec, undefined, nowMs);
    if (session === undefined) {
      this.#reject(new CoterieError('UNREACHABLE', 'There is no node to ask', { applied: 'no' }));
      return;
    }
    this.#submit(session, nowMs);
  }

  /** Ends the request from this side. */
  abandon(code: ErrorCode, message: string): void {
    if (this.#isSettled) return;
    const cause = this.#spec.signal?.reason;
    const isUnknown = this.#spec.isWrite && (this.#isSent || this.#unknown !== undefined);
    const details = { phase: this.#phase(), ...this.#whereabouts() };
    this.#session?.withdraw(this, !this.#spec.isWrite);
    this.#reject(
      new CoterieError(code, message, {
        details,
        applied: isUnknown ? 'unknown' : 'no',
        ...(cause === undefined || code !== 'ABORTED' ? {} : { cause }),
      }),
    );
  }

  sending(nowMs: number): void {
    this.#stopWaiting();
    this.#isSent = true;
    this.#sentCount += 1;
    const { message } = this.#spec;
    if (message === undefined) return;
    const leftMs = this.#deadlineMs - nowMs;
    const marginMs = Math.min(DEADLINE_MARGIN_MS_MAX, leftMs * DEADLINE_MARGIN_SHARE);
    message.timeoutMs = Math.max(1, Math.floor(leftMs - marginMs));
    if (this.#unknown !== undefined) message.isRetry = true;
  }

  replied(answer: SessionAnswer): void {
    if (answer.result.$case === this.operation.$case) {
      this.#settle();
      this.#outcome.resolve(answer);
      return;
    }
    const asked = this.operation.$case;
    const message = `${this.#session?.address} answered a ${asked} by a ${answer.result.$case}`;
    this.failed(new CoterieError('MALFORMED_MESSAGE', message, { applied: 'unknown' }), true);
  }

  failed(error: CoterieError, wasSent: boolean): void {
    const session = this.#session;
    if (this.#isSettled || session === undefined) return;
    const nowMs = this.#env.deadlines.nowMs();
    this.#stopWaiting();
    this.#session = undefined;
    this.#isSent = false;
    this.#tried ??= new Set();
    this.#tried.add(session);
    this.#env.router.refused(session, error, nowMs);
    const applied = this.#spec.isWrite && wasSent ? error.applied : 'no';
    this.#notes ??= [];
    this.#notes.push({ node: session.address, error, applied, wasSent });
    const other = this.#env.router.pick(this.#spec, this.#tried, nowMs);
    const decision = this.#decide(error, applied, wasSent, other !== undefined, nowMs);
    if (applied === 'unknown') this.#unknown = error;
    this.#follow(decision, error, session, other, nowMs);
  }

  #decide(
    error: CoterieError,
    applied: 'no' | 'unknown',
    wasSent: boolean,
    hasUntried: boolean,
    nowMs: number,
  ): RetryDecision {
    const retryAfterMs = retryAfterMsOf(error);
    return decideRetry({
      verb: this.#spec.isWrite ? 'write' : 'read',
      retry: this.#spec.retry,
      code: error.code,
      retryable: error.retryable,
      applied,
      wasSent,
      ...(retryAfterMs === undefined ? {} : { retryAfterMs }),
      sentCount: this.#sentCount,
      isUnknown: this.#unknown !== undefined,
      hasUntried,
      remainingMs: this.#deadlineMs - nowMs,
    });
  }

  #follow(
    decision: RetryDecision,
    error: CoterieError,
    session: SessionConnection,
    other: SessionConnection | undefined,
    nowMs: number,
  ): void {
    if (decision.next === 'again') {
      this.#tried?.clear();
      const pauseMs = decision.pauseMs * (1 + this.#env.random.float() / 2);
      this.#wait = this.#env.deadlines.add(nowMs + pauseMs, () => {
        this.#wait = undefined;
        this.start(this.#env.deadlines.nowMs());
      });
    } else if (decision.next === 'same') {
      this.#submit(session, nowMs);
    } else if (decision.next === 'other' && other !== undefined) {
      this.#submit(other, nowMs);
    } else {
      this.#reject(this.#mostTelling(error));
    }
  }

  /** What a node answered says more about the cluster than that the next one could not be
   *  reached. */
  #mostTelling(last: CoterieError): CoterieError {
    if (last.code !== 'UNREACHABLE') return last;
    const answer = this.#notes?.findLast((note) => note.error.code !== 'UNREACHABLE');
    return answer?.error ?? last;
  }

  #submit(session: SessionConnection, nowMs: number): void {
    this.#session = session;
    this.#isSent = false;
    if (!session.isReady()) this.#bePatient(session, nowMs);
    session.submit(this);
  }

  /** A node that does not answer the dial may cost half of what is left, not all of it. */
  #bePatient(session: SessionConnection, nowMs: number): void {
    this.#wait = this.#env.deadlines.add(nowMs + (this.#deadlineMs - nowMs) / 2, () => {
      this.#wait = undefined;
      const tried = new Set([...(this.#tried ?? []), session]);
      const later = this.#env.deadlines.nowMs();
      if (this.#env.router.pick(this.#spec, tried, later) === undefined) return;
      session.withdraw(this, false);
      const message = `${session.address} is not connected after ${Math.round(later - nowMs)} ms`;
      this.failed(new CoterieError('UNREACHABLE', message, { applied: 'no' }), false);
    });
  }

  #expire(): void {
    const session = this.#session;
    const wasSent = this.#isSent;
    const where = session === undefined ? '' : ` from ${session.address}`;
    const message =
      `No answer${where} within the budget of ${this.#spec.timeoutMs} ms ` +
      `(phase ${this.#phase()}): raise timeoutMs or look at the node`;
    this.abandon('DEADLINE_EXCEEDED', message);
    if (wasSent) session?.timedOut(this.#env.deadlines.nowMs());
  }

  #phase(): 'connect' | 'send' | 'reply' | 'pause' {
    if (this.#session === undefined) return 'pause';
    if (this.#isSent) return 'reply';
    return this.#session.isReady() ? 'send' : 'connect';
  }

  #whereabouts(): { readonly node?: string } {
    const node = this.#session?.address ?? this.#notes?.at(-1)?.node;
    return node === undefined ? {} : { node };
  }

  #reject(error: CoterieError): void {
    const { requestId } = this.#spec;
    this.#settle();
    this.#outcome.reject(
      describeFailure({
        error,
        unknown: this.#unknown,
        notes: this.#notes ?? [],
        isWrite: this.#spec.isWrite,
        isRepeat: this.#spec.message?.isRetry === true,
        requestId: requestId === undefined ? undefined : formatId(requestId),
      }),
    );
  }

  #settle(): void {
    this.#isSettled = true;
    this.#stopWaiting();
    this.#env.deadlines.cancel(this.#deadline);
    if (this.#onAbort !== undefined) {
      this.#spec.signal?.removeEventListener('abort', this.#onAbort);
    }
  }

  #stopWaiting(): void {
    if (this.#wait !== undefined) this.#env.deadlines.cancel(this.#wait);
    this.#wait = undefined;
  }
}
