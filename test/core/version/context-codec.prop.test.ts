import fc from 'fast-check';
import { expect, test } from 'vitest';
import { bytesToHex } from '../../../src/core/bytes.ts';
import { CoterieError } from '../../../src/core/errors.ts';
import {
  contextByteLength,
  readContext,
  writeContext,
} from '../../../src/core/version/context-codec.ts';
import { ByteReader } from '../../../src/core/version/varint.ts';
import { contexts, smallDots, wideDots } from './arbitraries.ts';

const any = fc.oneof(contexts(smallDots), contexts(wideDots));

test('a context comes back from its bytes, which are as long as foretold', () => {
  fc.assert(
    fc.property(any, (context) => {
      const bytes = new Uint8Array(contextByteLength(context) + 1);
      const end = writeContext(bytes, 0, context);
      expect(end).toBe(bytes.length - 1);
      const reader = new ByteReader(bytes, 0);
      expect(readContext(reader)).toEqual(context);
      expect(reader.offset).toBe(end);
    }),
    { numRuns: 500 },
  );
});

test('whatever is read is written with the same bytes', () => {
  const small = fc.array(fc.nat(4), { maxLength: 20 }).map((bytes) => Uint8Array.from(bytes));
  fc.assert(
    fc.property(small, (bytes) => {
      const reader = new ByteReader(bytes, 0);
      try {
        const context = readContext(reader);
        const again = new Uint8Array(contextByteLength(context));
        writeContext(again, 0, context);
        expect(bytesToHex(again)).toBe(bytesToHex(bytes.subarray(0, reader.offset)));
      } catch (error) {
        if (!(error instanceof CoterieError)) throw error;
        expect(error.code).toBe('MALFORMED_MESSAGE');
      }
    }),
    { numRuns: 2_000 },
  );
});
