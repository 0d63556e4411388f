import { describe, expect, test } from 'vitest';
import {
  decideRetry,
  type FailedAttempt,
  REMAINING_AFTER_DEADLINE_MS,
  RETRY_PAUSE_MS,
  SENT_MAX,
} from '../../src/client/retry-policy.ts';
import type { RetryMode } from '../../src/client/types.ts';
import { ERROR_CODES, type ErrorCode } from '../../src/core/errors.ts';

function attempt(code: ErrorCode, overrides: Partial<FailedAttempt> = {}): FailedAttempt {
  const { retryable, applied } = ERROR_CODES[code];
  const verb = overrides.verb ?? 'write';
  return {
    verb,
    retry: 'same',
    code,
    retryable,
    applied: verb === 'read' ? 'no' : applied,
    wasSent: true,
    sentCount: 1,
    isUnknown: false,
    hasUntried: true,
    remainingMs: 1_000,
    ...overrides,
  };
}

const NODE_REFUSALS: readonly ErrorCode[] = [
  'OVERLOADED',
  'NOT_RECOVERED',
  'NOT_RUNNING',
  'STALE_LAYOUT',
  'NOT_OWNER',
  'CORRUPT_RECORD',
  'DISK_FULL',
];
const UNKNOWN_RETRIED: readonly ErrorCode[] = ['UNREACHABLE', 'DEADLINE_EXCEEDED'];
const CLUSTER: readonly ErrorCode[] = ['NO_REPLICA', 'QUORUM_NOT_MET'];

/** What follows the first attempt, which was sent, when another node is left. */
function expected(code: ErrorCode, verb: 'read' | 'write', retry: RetryMode): string {
  if (retry === 'none' || code === 'ABORTED' || !ERROR_CODES[code].retryable) return 'fail';
  if (verb === 'read' || NODE_REFUSALS.includes(code)) return 'other';
  if (UNKNOWN_RETRIED.includes(code)) return 'same';
  return CLUSTER.includes(code) && retry === 'any' ? 'other' : 'fail';
}

describe('the first failure of a request that was sent', () => {
  const codes = Object.keys(ERROR_CODES) as ErrorCode[];
  for (const retry of ['same', 'any', 'none'] as const) {
    for (const verb of ['read', 'write'] as const) {
      test.each(codes)(`${verb} in mode ${retry}: %s`, (code) => {
        expect(decideRetry(attempt(code, { verb, retry })).next).toBe(expected(code, verb, retry));
      });
    }
  }
});

describe('a request that no node was handed', () => {
  test.each(['same', 'any', 'none'] as const)(
    'moves on in mode %s while a node is left',
    (retry) => {
      const unsent = { wasSent: false, applied: 'no', retry, sentCount: 0 } as const;
      expect(decideRetry(attempt('UNREACHABLE', unsent)).next).toBe('other');
      expect(decideRetry(attempt('CLUSTER_MISMATCH', unsent)).next).toBe('other');
      expect(decideRetry(attempt('UNREACHABLE', { ...unsent, hasUntried: false })).next).toBe(
        'fail',
      );
    },
  );

  test('stays when an earlier try may have been applied, unless the caller allows any', () => {
    const pinned = { wasSent: false, applied: 'no', isUnknown: true } as const;
    expect(decideRetry(attempt('UNREACHABLE', pinned)).next).toBe('fail');
    expect(decideRetry(attempt('UNREACHABLE', { ...pinned, retry: 'any' })).next).toBe('other');
    expect(decideRetry(attempt('UNREACHABLE', { ...pinned, verb: 'read' })).next).toBe('other');
  });
});

describe('a write whose earlier try is unknown', () => {
  test('is over in mode same, whatever the retry met', () => {
    for (const code of ['UNREACHABLE', 'OVERLOADED', 'NOT_OWNER', 'STALE_LAYOUT'] as const) {
      expect(decideRetry(attempt(code, { isUnknown: true, sentCount: 2 })).next).toBe('fail');
    }
  });

  test('goes to another node in mode any', () => {
    const second = attempt('UNREACHABLE', { isUnknown: true, sentCount: 2, retry: 'any' });
    expect(decideRetry(second).next).toBe('other');
  });

  test('stays unknown where the node refused with applied unknown', () => {
    const stopping = attempt('NOT_RUNNING', { applied: 'unknown' });
    expect(decideRetry(stopping).next).toBe('same');
  });
});

describe('the bounds of retrying', () => {
  test('no more than SENT_MAX attempts are sent', () => {
    const last = attempt('UNREACHABLE', { verb: 'read', sentCount: SENT_MAX });
    expect(decideRetry(last).next).toBe('fail');
  });

  test('a pause that is longer than what is left is not begun', () => {
    const everywhere = { hasUntried: false, retryAfterMs: 300 } as const;
    const overloaded = attempt('OVERLOADED', { ...everywhere, remainingMs: 301 });
    expect(decideRetry(overloaded)).toEqual({ next: 'again', pauseMs: 300 });
    const late = attempt('OVERLOADED', { ...everywhere, remainingMs: 300 });
    expect(decideRetry(late).next).toBe('fail');
  });

  test('without a hint the pause doubles with every attempt', () => {
    const third = attempt('OVERLOADED', { hasUntried: false, sentCount: 3 });
    expect(decideRetry(third)).toEqual({ next: 'again', pauseMs: RETRY_PAUSE_MS * 4 });
  });

  test('what does not pass by itself is not tried again once every node has said it', () => {
    for (const code of ['NOT_RECOVERED', 'NOT_RUNNING', 'DISK_FULL'] as const) {
      expect(decideRetry(attempt(code, { hasUntried: false })).next).toBe('fail');
    }
  });

  test('the deadline of a node is final, unless the node has a lower limit of its own', () => {
    const spent = { verb: 'read', remainingMs: REMAINING_AFTER_DEADLINE_MS - 1 } as const;
    expect(decideRetry(attempt('DEADLINE_EXCEEDED', spent)).next).toBe('fail');
    expect(decideRetry(attempt('DEADLINE_EXCEEDED', { verb: 'read' })).next).toBe('other');
  });
});
