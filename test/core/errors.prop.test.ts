import fc from 'fast-check';
import { expect, test } from 'vitest';
import { CoterieError, ERROR_CODES, type ErrorCode, isErrorCode } from '../../src/core/errors.ts';

const codes = Object.keys(ERROR_CODES).filter(isErrorCode);
const code = fc.constantFrom<ErrorCode>(...codes);
const facts = fc.record(
  {
    applied: fc.constantFrom<'no' | 'unknown'>('no', 'unknown'),
    retryable: fc.boolean(),
    details: fc.dictionary(fc.string(), fc.jsonValue()),
    cause: fc.string(),
  },
  { requiredKeys: [] },
);

test('every fact is the one that was given, else the one of the code', () => {
  fc.assert(
    fc.property(code, fc.string(), facts, (name, message, options) => {
      const error = new CoterieError(name, message, options);
      expect(error).toBeInstanceOf(Error);
      expect(error.code).toBe(name);
      expect(error.message).toBe(message);
      expect(error.applied).toBe(options.applied ?? ERROR_CODES[name].applied);
      expect(error.retryable).toBe(options.retryable ?? ERROR_CODES[name].retryable);
      expect(error.details).toBe(options.details ?? error.details);
      expect(error.cause).toBe(options.cause);
    }),
  );
});

test('only the codes of the table are codes', () => {
  fc.assert(
    fc.property(fc.string(), (text) => {
      expect(isErrorCode(text)).toBe((codes as readonly string[]).includes(text));
    }),
  );
});
