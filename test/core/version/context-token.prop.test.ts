import fc from 'fast-check';
import { expect, test } from 'vitest';
import { bytesToHex } from '../../../src/core/bytes.ts';
import { CoterieError } from '../../../src/core/errors.ts';
import {
  contextFromText,
  contextTokenByteLength,
  contextToText,
  decodeContextToken,
  encodeContextToken,
} from '../../../src/core/version/context-token.ts';
import { writeU32 } from '../../../src/core/version/varint.ts';
import { contexts, smallDots, wideDots } from './arbitraries.ts';
import { checksum } from './replicas.ts';

const some = fc.oneof(contexts(smallDots), contexts(wideDots));
const places = fc.record({
  bucket: fc.stringMatching(/^[a-z0-9][a-z0-9._-]{0,10}$/),
  key: fc.uint8Array({ minLength: 1, maxLength: 20 }),
});

function codeOf(run: () => unknown): string | undefined {
  try {
    run();
    return undefined;
  } catch (error) {
    if (error instanceof CoterieError) return error.code;
    throw error;
  }
}

test('a context comes back from its token and from its text, at its own key only', () => {
  fc.assert(
    fc.property(some, places, places, (context, place, other) => {
      const bytes = encodeContextToken(context, place, checksum);
      expect(bytes).toHaveLength(contextTokenByteLength(context));
      const read = contextFromText(contextToText(bytes));
      expect(decodeContextToken(read, place, checksum)).toEqual(context);
      const isSame =
        other.bucket === place.bucket && bytesToHex(other.key) === bytesToHex(place.key);
      const code = codeOf(() => decodeContextToken(bytes, other, checksum));
      expect(code).toBe(isSame ? undefined : 'INVALID_CONTEXT');
    }),
    { numRuns: 500 },
  );
});

test('changed and invented tokens are refused as contexts, whether or not their checksum holds', () => {
  fc.assert(
    fc.property(
      contexts(smallDots),
      places,
      fc.array(fc.tuple(fc.nat(200), fc.nat(255)), { minLength: 1, maxLength: 4 }),
      fc.boolean(),
      (context, place, changes, isSealed) => {
        const bytes = encodeContextToken(context, place, checksum);
        const before = bytesToHex(bytes);
        for (const [at, byte] of changes) bytes[at % bytes.length] = byte;
        if (isSealed) {
          writeU32(bytes, bytes.length - 4, checksum(bytes.subarray(0, bytes.length - 4)));
        }
        const code = codeOf(() => {
          const read = decodeContextToken(bytes, place, checksum);
          expect(bytesToHex(encodeContextToken(read, place, checksum))).toBe(bytesToHex(bytes));
        });
        if (!isSealed && bytesToHex(bytes) !== before) expect(code).toBe('INVALID_CONTEXT');
        expect([undefined, 'INVALID_CONTEXT']).toContain(code);
      },
    ),
    { numRuns: 2_000 },
  );
});

test('noise is refused', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 60 }), fc.string(), places, (bytes, text, place) => {
      expect(codeOf(() => decodeContextToken(bytes, place, checksum))).toBe('INVALID_CONTEXT');
      const code = codeOf(() => decodeContextToken(contextFromText(text), place, checksum));
      expect(code).toBe('INVALID_CONTEXT');
    }),
    { numRuns: 500 },
  );
});
