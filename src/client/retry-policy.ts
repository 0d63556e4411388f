/** What follows a failed attempt: give up, another node, or the same node again.
 *  Invariants: a write with an unknown outcome goes to another node only in mode `any`; in mode
 *  `same` it is tried once more, where it was, whatever comes of that; what a node was never
 *  handed may always move on; every chain of decisions ends (SENT_MAX attempts that were sent,
 *  each node at most once otherwise).
 *  Not here: choosing the node (router.ts), waiting (call.ts).
 *  Source: docs/guarantees.md, G4. */
import type { ErrorCode } from '../core/errors.ts';
import type { RetryMode } from './types.ts';

/** Attempts of one request that were handed to a stream. */
export const SENT_MAX = 4;
/** First pause before a node that has already answered is asked again; doubles with every
 *  attempt. */
export const RETRY_PAUSE_MS = 20;
/** A node reports DEADLINE_EXCEEDED at the end of the budget: only a node with a lower limit of
 *  its own leaves more. */
export const REMAINING_AFTER_DEADLINE_MS = 100;

export interface FailedAttempt {
  readonly verb: 'read' | 'write';
  readonly retry: RetryMode;
  readonly code: ErrorCode;
  readonly retryable: boolean;
  /** Of this attempt. */
  readonly applied: 'no' | 'unknown';
  /** Was it handed to a stream. False: no node has seen it. */
  readonly wasSent: boolean;
  /** How long the node asked to be left alone. */
  readonly retryAfterMs?: number;
  /** Attempts that were sent, this one included. */
  readonly sentCount: number;
  /** Is the outcome of an earlier attempt unknown. */
  readonly isUnknown: boolean;
  /** Is there a node that this request has not tried. */
  readonly hasUntried: boolean;
  /** Of the request's budget. */
  readonly remainingMs: number;
}

export type RetryDecision =
  | { readonly next: 'fail' }
  /** A node that was not tried yet, at once. */
  | { readonly next: 'other' }
  /** The node that failed, at once. */
  | { readonly next: 'same' }
  /** Any node, after a pause. */
  | { readonly next: 'again'; readonly pauseMs: number };

const FAIL: RetryDecision = { next: 'fail' };
const OTHER: RetryDecision = { next: 'other' };
const SAME: RetryDecision = { next: 'same' };

/** Refusals that say something about the node, not about the cluster: another one may well take
 *  the write. */
const NODE_REFUSALS: ReadonlySet<ErrorCode> = new Set<ErrorCode>([
  'OVERLOADED',
  'NOT_RECOVERED',
  'NOT_RUNNING',
  'STALE_LAYOUT',
  'NOT_OWNER',
  'UNREACHABLE',
  'DISK_FULL',
  'CORRUPT_RECORD',
]);

/** What may pass by itself within a budget. */
const PASSING: ReadonlySet<ErrorCode> = new Set<ErrorCode>([
  'OVERLOADED',
  'UNREACHABLE',
  'STALE_LAYOUT',
  'NOT_OWNER',
]);

/** Final for a write unless the caller allows any node: a second coordinator would meet the same
 *  replicas. */
const CLUSTER_REFUSALS: ReadonlySet<ErrorCode> = new Set<ErrorCode>([
  'NO_REPLICA',
  'QUORUM_NOT_MET',
]);

export function decideRetry(attempt: FailedAttempt): RetryDecision {
  const { verb, retry, code } = attempt;
  const isPinned = attempt.isUnknown && retry !== 'any' && verb === 'write';
  if (attempt.remainingMs <= 0) return FAIL;
  if (!attempt.wasSent) return isPinned || !attempt.hasUntried ? FAIL : OTHER;
  if (retry === 'none' || isPinned || !attempt.retryable) return FAIL;
  if (code === 'ABORTED' || attempt.sentCount >= SENT_MAX) return FAIL;
  if (code === 'DEADLINE_EXCEEDED' && attempt.remainingMs < REMAINING_AFTER_DEADLINE_MS)
    return FAIL;
  if (verb === 'read') return elsewhere(attempt);
  if (CLUSTER_REFUSALS.has(code)) return retry === 'any' ? elsewhere(attempt) : FAIL;
  if (attempt.applied === 'unknown') {
    // The node that was asked first knows best whether it did it: another one comes second, even
    // in mode `any`.
    return attempt.isUnknown ? elsewhere(attempt) : SAME;
  }
  return NODE_REFUSALS.has(code) ? elsewhere(attempt) : FAIL;
}

function elsewhere(attempt: FailedAttempt): RetryDecision {
  if (attempt.hasUntried) return OTHER;
  if (!PASSING.has(attempt.code)) return FAIL;
  const pauseMs = attempt.retryAfterMs ?? RETRY_PAUSE_MS * 2 ** (attempt.sentCount - 1);
  return pauseMs < attempt.remainingMs ? { next: 'again', pauseMs } : FAIL;
}
