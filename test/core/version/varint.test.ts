import { expect, test } from 'vitest';
import { bytesToHex, hexToBytes } from '../../../src/core/bytes.ts';
import {
  ByteReader,
  readU32,
  VARINT_BYTES_MAX,
  varintByteLength,
  writeU32,
  writeVarint,
} from '../../../src/core/version/varint.ts';

test.each([
  [0, '00'],
  [127, '7f'],
  [128, '8001'],
  [2 ** 28 - 1, 'ffffff7f'],
  [2 ** 28, '8080808001'],
  [2 ** 35, '808080808001'],
  [2 ** 53 - 1, 'ffffffffffffff0f'],
])('the varint of %d is fixed to the byte', (value, hex) => {
  const bytes = new Uint8Array(VARINT_BYTES_MAX);
  const end = writeVarint(bytes, 0, value);
  expect(bytesToHex(bytes.subarray(0, end))).toBe(hex);
  expect(varintByteLength(value)).toBe(end);
  expect(new ByteReader(hexToBytes(hex), 0).varint()).toBe(value);
});

test.each([
  ['cut', 'ffff'],
  ['empty', ''],
  ['padded with zeroes', '8000'],
  ['padded with more zeroes', 'ffffffff8000'],
  ['above 2^53 - 1', 'ffffffffffffff10'],
  ['longer than 8 bytes', 'ffffffffffffff8f01'],
])('a varint that is %s is refused', (_, hex) => {
  expect(() => new ByteReader(hexToBytes(hex), 0).varint()).toThrow(
    expect.objectContaining({ code: 'MALFORMED_MESSAGE' }),
  );
});

test('a u32 is big endian and unsigned', () => {
  const bytes = new Uint8Array(5);
  expect(writeU32(bytes, 1, 0xfedcba98)).toBe(5);
  expect(bytesToHex(bytes)).toBe('00fedcba98');
  expect(readU32(bytes, 1)).toBe(0xfedcba98);
  expect(new ByteReader(bytes, 1).u32()).toBe(0xfedcba98);
});

test('a reader never reads past its bytes', () => {
  const reader = new ByteReader(new Uint8Array(3), 0);
  expect(() => reader.u32()).toThrow(expect.objectContaining({ code: 'MALFORMED_MESSAGE' }));
  expect(() => reader.take(4)).toThrow(expect.objectContaining({ code: 'MALFORMED_MESSAGE' }));
  expect(reader.take(3)).toHaveLength(3);
  expect(() => reader.byte()).toThrow(expect.objectContaining({ code: 'MALFORMED_MESSAGE' }));
});
