/** The bytes of hints on disk. A change of a vector is a change of the format. */
import { crc32 } from 'node:zlib';
import { expect, test } from 'vitest';
import {
  decodeHintRow,
  encodeHintRow,
  type HintRow,
  markRow,
} from '../../../src/node/handoff/hint-rows.ts';
import {
  hintRange,
  hintRowKey,
  partsOfRecordRow,
  recordRowKey,
  recordRowKeyOfHint,
  targetOfHint,
} from '../../../src/node/storage/table-keys.ts';

const checksum = (bytes: Uint8Array, previous?: number): number => crc32(bytes, previous);
const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');

const RECORD_KEY = recordRowKey(0x01020304, 'cart', Uint8Array.of(0xaa, 0xbb));
const ROW_KEY = hintRowKey(7, RECORD_KEY);
const COPY: HintRow = {
  kind: 'copy',
  firstAtMs: 1_764_000_000_000,
  lastAtMs: 1_764_000_000_500,
  record: Uint8Array.of(1, 2, 3),
  mintEpoch: 2 ** 40 + 5,
};

test('the row of a hint lies by target, then as the record does', () => {
  expect(hex(ROW_KEY)).toBe('48000000070102030404' + '63617274' + 'aabb');
  expect(targetOfHint(ROW_KEY)).toBe(7);
  expect(hex(recordRowKeyOfHint(ROW_KEY))).toBe(hex(RECORD_KEY));
  expect(partsOfRecordRow(recordRowKeyOfHint(ROW_KEY))).toEqual({
    token: 0x01020304,
    bucket: 'cart',
    key: Uint8Array.of(0xaa, 0xbb),
  });
  expect(hex(hintRange(7).from)).toBe('4800000007');
  expect(hex(hintRange(7).to)).toBe('4800000008');
  expect(hex(hintRange(0xffff_ffff).to)).toBe('49');
});

test('a mark has these bytes', () => {
  const row = markRow(1_764_000_000_000, 1_764_000_000_500);
  const bytes = encodeHintRow(ROW_KEY, row, checksum);
  expect(hex(bytes)).toBe('01' + '5888c853' + '00' + '0000019ab697e800' + '0000019ab697e9f4');
  expect(decodeHintRow(ROW_KEY, bytes, checksum)).toEqual(row);
});

test('a copy has these bytes', () => {
  const bytes = encodeHintRow(ROW_KEY, COPY, checksum);
  expect(hex(bytes)).toBe(
    '01' +
      '31104edb' +
      '01' +
      '0000019ab697e800' +
      '0000019ab697e9f4' +
      '0000010000000005' +
      '010203',
  );
  expect(decodeHintRow(ROW_KEY, bytes, checksum)).toEqual(COPY);
});

test('any flipped bit, of the key too, is found', () => {
  const bytes = encodeHintRow(ROW_KEY, COPY, checksum);
  for (let at = 0; at < bytes.length; at += 1) {
    const flipped = bytes.slice();
    flipped[at] = (flipped[at] ?? 0) ^ 4;
    expect(() => decodeHintRow(ROW_KEY, flipped, checksum)).toThrow();
  }
  const otherKey = hintRowKey(6, RECORD_KEY);
  expect(() => decodeHintRow(otherKey, bytes, checksum)).toThrow(/checksum/);
});

test('a row of a later format is refused and not taken for a damaged one', () => {
  const bytes = encodeHintRow(ROW_KEY, COPY, checksum);
  bytes[0] = 2;
  expect(() => decodeHintRow(ROW_KEY, bytes, checksum)).toThrow(/format 2/);
});
