import fc from 'fast-check';
import { expect, test } from 'vitest';
import { bytesToHex } from '../../../src/core/bytes.ts';
import { itemHash } from '../../../src/core/version/item-hash.ts';
import { createRecordCodec } from '../../../src/core/version/record-codec.ts';
import { records, smallDots } from './arbitraries.ts';
import { checksum } from './replicas.ts';

const codec = createRecordCodec(checksum);
const u32 = fc.integer({ min: 0, max: 2 ** 32 - 1 });
const headers = records(smallDots).map((record) => codec.header(codec.encode(record)));

test('records have one hash if and only if they have one header, under one key and token', () => {
  fc.assert(
    fc.property(headers, headers, u32, u32, u32, (a, b, token, high, low) => {
      const isSame = bytesToHex(a) === bytesToHex(b);
      const [hashA, hashB] = [itemHash(a, token, high, low), itemHash(b, token, high, low)];
      expect(JSON.stringify(hashA) === JSON.stringify(hashB)).toBe(isSame);
    }),
    { numRuns: 500 },
  );
});

test('another token or another cluster gives another hash', () => {
  fc.assert(
    fc.property(headers, u32, u32, u32, (header, token, high, low) => {
      const hash = itemHash(header, token, high, low);
      expect(itemHash(header, (token ^ 1) >>> 0, high, low)).not.toEqual(hash);
      expect(itemHash(header, token, (high ^ 1) >>> 0, low)).not.toEqual(hash);
    }),
    { numRuns: 500 },
  );
});
