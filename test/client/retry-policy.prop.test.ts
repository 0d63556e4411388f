import fc from 'fast-check';
import { test } from 'vitest';
import { decideRetry, type FailedAttempt, SENT_MAX } from '../../src/client/retry-policy.ts';
import { ERROR_CODES, type ErrorCode } from '../../src/core/errors.ts';

const failedAttempt: fc.Arbitrary<FailedAttempt> = fc.record({
  verb: fc.constantFrom('read', 'write'),
  retry: fc.constantFrom('same', 'any', 'none'),
  code: fc.constantFrom(...(Object.keys(ERROR_CODES) as ErrorCode[])),
  retryable: fc.boolean(),
  applied: fc.constantFrom('no', 'unknown'),
  wasSent: fc.boolean(),
  sentCount: fc.integer({ min: 0, max: SENT_MAX + 1 }),
  isUnknown: fc.boolean(),
  hasUntried: fc.boolean(),
  remainingMs: fc.integer({ min: 0, max: 2_000 }),
});

test('a write that may have been applied meets another node only in mode any', () => {
  fc.assert(
    fc.property(failedAttempt, (attempt) => {
      const { next } = decideRetry(attempt);
      const mayBeApplied = attempt.isUnknown || (attempt.wasSent && attempt.applied === 'unknown');
      if (attempt.verb === 'read' || attempt.retry === 'any' || !mayBeApplied) return true;
      return next === 'fail' || next === 'same';
    }),
  );
});

test('mode none never hands a request over twice', () => {
  fc.assert(
    fc.property(failedAttempt, (attempt) => {
      const decision = decideRetry({ ...attempt, retry: 'none', wasSent: true });
      return decision.next === 'fail';
    }),
  );
});

test('a pause ends inside the budget, and another node is named only when one is left', () => {
  fc.assert(
    fc.property(failedAttempt, (attempt) => {
      const decision = decideRetry(attempt);
      if (decision.next === 'again') return decision.pauseMs < attempt.remainingMs;
      return decision.next !== 'other' || attempt.hasUntried;
    }),
  );
});

test('every chain of decisions ends', () => {
  fc.assert(
    fc.property(fc.array(failedAttempt, { minLength: 40, maxLength: 40 }), (script) => {
      let sentCount = 0;
      let untried = 8;
      for (const step of script) {
        if (step.wasSent) sentCount += 1;
        const decision = decideRetry({ ...step, sentCount, hasUntried: untried > 0 });
        if (decision.next === 'fail') return true;
        if (decision.next === 'other') untried -= 1;
        // Only a sent attempt may open the nodes again; those are counted.
        if (decision.next === 'again') untried = 8;
      }
      return false;
    }),
  );
});
