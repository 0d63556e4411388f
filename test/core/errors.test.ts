import { expect, test } from 'vitest';
import {
  assert,
  CoterieError,
  ERROR_CODES,
  isErrorCode,
  retryAfterMsOf,
} from '../../src/core/errors.ts';

test('an error carries the two facts of its code', () => {
  const error = new CoterieError('QUORUM_NOT_MET', '1 of 2 replicas answered');
  expect(error).toMatchObject({ name: 'CoterieError', retryable: true, applied: 'unknown' });
  expect(error.message).toBe('1 of 2 replicas answered');
  expect(error.details).toEqual({});
  expect('cause' in error).toBe(false);
});

test('who knows more than the code says so', () => {
  const cause = new Error('refused');
  const options = { applied: 'no', retryable: false, details: { required: 2 }, cause } as const;
  expect(new CoterieError('QUORUM_NOT_MET', 'm', options)).toMatchObject(options);
});

test('a broken assertion is a bug, a kept one costs nothing', () => {
  expect(() => assert(true, 'holds')).not.toThrow();
  expect(() => assert(false, 'broke')).toThrow(
    expect.objectContaining({ code: 'ASSERTION_FAILED', message: 'broke' }),
  );
});

test('inherited names are no error codes', () => {
  expect(isErrorCode('NO_REPLICA')).toBe(true);
  expect(['toString', '__proto__', '', 'no_replica'].filter(isErrorCode)).toEqual([]);
});

test('what the user did wrong is never retried and never applied', () => {
  const usage = Object.values(ERROR_CODES).filter(({ family }) => family === 'usage');
  expect(usage.every(({ retryable, applied }) => !retryable && applied === 'no')).toBe(true);
});

test('a refusal says how long to wait, in numbers that can be waited for, or nothing', () => {
  const asked = [0, 250, -1, '250', undefined].map((retryAfterMs) =>
    retryAfterMsOf(new CoterieError('OVERLOADED', 'full', { details: { retryAfterMs } })),
  );
  expect(asked).toEqual([0, 250, undefined, undefined, undefined]);
});
