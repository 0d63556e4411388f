import fc from 'fast-check';
import { expect, test } from 'vitest';
import { CoterieError, ERROR_CODES, type ErrorCode } from '../../src/core/errors.ts';
import { decodeError, encodeError } from '../../src/wire/error-codec.ts';

const anyError = fc
  .record({
    code: fc.constantFrom(...(Object.keys(ERROR_CODES) as ErrorCode[])),
    message: fc.string({ unit: 'grapheme' }),
    retryable: fc.boolean(),
    applied: fc.constantFrom('no' as const, 'unknown' as const),
    details: fc.dictionary(
      fc.string().filter((name) => name !== '__proto__'),
      fc.oneof(
        fc.string(),
        fc.integer(),
        fc.boolean(),
        fc.constant(null),
        fc.uint8Array(),
        fc.array(fc.record({ node: fc.string(), at: fc.integer() })),
      ),
    ),
  })
  .map(({ code, message, ...options }) => new CoterieError(code, message, options));

test('every error comes back from the wire with its code, message, facts and details', () => {
  fc.assert(
    fc.property(anyError, (error) => {
      const back = decodeError(encodeError(error));
      expect(back).toBeInstanceOf(CoterieError);
      expect([back.code, back.message, back.retryable, back.applied]).toEqual([
        error.code,
        error.message,
        error.retryable,
        error.applied,
      ]);
      expect({ ...back.details }).toEqual({ ...error.details });
    }),
  );
});

test('bytes from anywhere decode to an error or are refused as malformed', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 64 }), (bytes) => {
      let error: unknown;
      try {
        error = decodeError(bytes);
      } catch (thrown) {
        error = thrown;
      }
      expect(error).toBeInstanceOf(CoterieError);
    }),
  );
});
