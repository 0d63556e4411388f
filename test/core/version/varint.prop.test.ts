import fc from 'fast-check';
import { expect, test } from 'vitest';
import { bytesToHex } from '../../../src/core/bytes.ts';
import { CoterieError } from '../../../src/core/errors.ts';
import {
  ByteReader,
  readU32,
  varintByteLength,
  writeU32,
  writeVarint,
} from '../../../src/core/version/varint.ts';

const numbers = fc.oneof(
  fc.maxSafeNat(),
  fc.tuple(fc.nat(53), fc.integer({ min: -2, max: 2 })).map(([bits, by]) => {
    return Math.min(Math.max(2 ** bits + by, 0), Number.MAX_SAFE_INTEGER);
  }),
);

test('every safe integer comes back, in the length that was foretold', () => {
  fc.assert(
    fc.property(numbers, fc.nat(3), (value, offset) => {
      const bytes = new Uint8Array(12);
      const end = writeVarint(bytes, offset, value);
      expect(end - offset).toBe(varintByteLength(value));
      const reader = new ByteReader(bytes, offset);
      expect(reader.varint()).toBe(value);
      expect(reader.offset).toBe(end);
    }),
    { numRuns: 2_000 },
  );
});

test('a number has one form: whatever is read is written with the same bytes', () => {
  fc.assert(
    fc.property(fc.uint8Array({ minLength: 1, maxLength: 10 }), (bytes) => {
      const reader = new ByteReader(bytes, 0);
      try {
        const value = reader.varint();
        const again = new Uint8Array(reader.offset);
        writeVarint(again, 0, value);
        expect(bytesToHex(again)).toBe(bytesToHex(bytes.subarray(0, reader.offset)));
      } catch (error) {
        if (!(error instanceof CoterieError)) throw error;
        expect(error.code).toBe('MALFORMED_MESSAGE');
      }
    }),
    { numRuns: 2_000 },
  );
});

test('every u32 comes back', () => {
  fc.assert(
    fc.property(fc.nat(2 ** 31 - 1), fc.boolean(), (half, isHigh) => {
      const value = isHigh ? half + 2 ** 31 : half;
      const bytes = new Uint8Array(4);
      writeU32(bytes, 0, value);
      expect(readU32(bytes, 0)).toBe(value);
    }),
  );
});
