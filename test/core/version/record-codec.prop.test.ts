import fc from 'fast-check';
import { expect, test } from 'vitest';
import { bytesToHex } from '../../../src/core/bytes.ts';
import { CoterieError } from '../../../src/core/errors.ts';
import { mergeRecords } from '../../../src/core/version/record.ts';
import { createRecordCodec, recordByteLength } from '../../../src/core/version/record-codec.ts';
import { writeU32 } from '../../../src/core/version/varint.ts';
import { records, smallDots, wideDots } from './arbitraries.ts';
import { checksum } from './replicas.ts';

const codec = createRecordCodec(checksum);
const any = fc.oneof(records(smallDots), records(wideDots));

test('a record comes back from its bytes as it was, and its length is known before', () => {
  fc.assert(
    fc.property(any, (record) => {
      const bytes = codec.encode(record);
      expect(codec.decode(bytes)).toEqual(record);
      expect(recordByteLength(record)).toBe(bytes.length);
    }),
    { numRuns: 1_000 },
  );
});

test('equal records have equal bytes, in whatever order they were merged', () => {
  const some = records(smallDots);
  fc.assert(
    fc.property(some, some, some, (a, b, c) => {
      const left = mergeRecords(mergeRecords(a, b).record, c).record;
      const right = mergeRecords(c, mergeRecords(b, a).record).record;
      expect(bytesToHex(codec.encode(left))).toBe(bytesToHex(codec.encode(right)));
    }),
    { numRuns: 500 },
  );
});

test('whatever decodes encodes to the same bytes: there is no second form', () => {
  fc.assert(
    fc.property(
      records(smallDots),
      fc.array(fc.tuple(fc.nat(200), fc.nat(255)), { minLength: 1, maxLength: 3 }),
      (record, changes) => {
        const bytes = codec.encode(record);
        for (const [at, byte] of changes) bytes[6 + (at % (bytes.length - 6))] = byte;
        writeU32(bytes, 2, checksum(bytes.subarray(6)));
        try {
          expect(bytesToHex(codec.encode(codec.decode(bytes)))).toBe(bytesToHex(bytes));
        } catch (error) {
          if (!(error instanceof CoterieError)) throw error;
          expect(error.code).toBe('MALFORMED_MESSAGE');
        }
      },
    ),
    { numRuns: 2_000 },
  );
});

test('bytes that no one encoded are refused with an error of the vocabulary', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 60 }), (noise) => {
      const bytes = new Uint8Array([0xd7, 1, 0, 0, 0, 0, 0, ...noise]);
      writeU32(bytes, 2, checksum(bytes.subarray(6)));
      try {
        const record = codec.decode(bytes);
        expect(bytesToHex(codec.encode(record))).toBe(bytesToHex(bytes));
      } catch (error) {
        if (!(error instanceof CoterieError)) throw error;
        expect(['MALFORMED_MESSAGE', 'CORRUPT_RECORD']).toContain(error.code);
      }
    }),
    { numRuns: 2_000 },
  );
});
