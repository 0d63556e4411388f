import { expect, test } from 'vitest';
import { bytesToHex, hexToBytes } from '../../../src/core/bytes.ts';
import { CONTEXT_BYTES_MAX } from '../../../src/core/limits.ts';
import { type CausalContext, EMPTY_CONTEXT } from '../../../src/core/version/causal-context.ts';
import {
  contextFromText,
  contextTokenByteLength,
  contextToText,
  decodeContextToken,
  encodeContextToken,
} from '../../../src/core/version/context-token.ts';
import { writeU32 } from '../../../src/core/version/varint.ts';
import { bytesOf, checksum } from './replicas.ts';

const place = { bucket: 'default', key: bytesOf('cart:42') };
const T = 129_168_000_000_000;
const rich: CausalContext = {
  vector: [
    { nodeIndex: 1, epoch: T, seq: T + 5 },
    { nodeIndex: 300, epoch: T + 1, seq: T + 9 },
  ],
  dots: [
    { nodeIndex: 1, epoch: T + 4_096_000, seq: T + 4_096_000 },
    { nodeIndex: 2, epoch: T, seq: T + 7 },
    { nodeIndex: 2, epoch: T, seq: T + 8 },
  ],
};
const RICH_HEX =
  '0126dab58b542d2042020180c086a6a4af1d05ab0281c086a6a4af1d08030180c080a8a4af1d000180c086a6a4af' +
  '1d0700000183addd06';
const RICH_TEXT = 'ASbatYtULSBCAgGAwIampK8dBasCgcCGpqSvHQgDAYDAgKikrx0AAYDAhqakrx0HAAABg63dBg';
const INVALID = expect.objectContaining({ code: 'INVALID_CONTEXT', applied: 'no' });

function decode(bytes: Uint8Array): CausalContext {
  return decodeContextToken(bytes, place, checksum);
}

function sealed(bytes: Uint8Array): Uint8Array {
  writeU32(bytes, bytes.length - 4, checksum(bytes.subarray(0, bytes.length - 4)));
  return bytes;
}

test.each([
  ['nothing', EMPTY_CONTEXT, '0126dab58b542d204200000006e713'],
  ['two vectors and three events', rich, RICH_HEX],
])('format 1 of a token of %s is fixed to the byte', (_, context, hex) => {
  const bytes = encodeContextToken(context, place, checksum);
  expect(bytesToHex(bytes)).toBe(hex);
  expect(contextTokenByteLength(context)).toBe(bytes.length);
  expect(decode(hexToBytes(hex))).toEqual(context);
});

test('the text form is base64url without padding', () => {
  expect(contextToText(hexToBytes(RICH_HEX))).toBe(RICH_TEXT);
  expect(bytesToHex(contextFromText(RICH_TEXT))).toBe(RICH_HEX);
  expect(contextToText(new Uint8Array(0))).toBe('');
  expect(contextFromText('')).toHaveLength(0);
  for (const text of ['a', 'ab=', 'a b', 'a+/b', 'ä', `${RICH_TEXT}=`]) {
    expect(() => contextFromText(text)).toThrow(INVALID);
  }
  expect(() => contextFromText('A'.repeat(30_000))).toThrow(INVALID);
});

test('a token cut anywhere or with any one bit flipped is refused', () => {
  const whole = hexToBytes(RICH_HEX);
  for (let length = 0; length < whole.length; length += 1) {
    expect(() => decode(whole.subarray(0, length))).toThrow(INVALID);
  }
  for (let bit = 0; bit < whole.length * 8; bit += 1) {
    const bytes = whole.slice();
    bytes[bit >> 3]! ^= 1 << (bit & 7);
    expect(() => decode(bytes)).toThrow(INVALID);
  }
});

test('a token of another key, bucket or boundary between them is refused', () => {
  const bytes = encodeContextToken(rich, place, checksum);
  for (const other of [
    { bucket: 'default', key: bytesOf('cart:43') },
    { bucket: 'defaults', key: bytesOf('cart:42') },
    { bucket: 'defaul', key: bytesOf('tcart:42') },
  ]) {
    expect(() => decodeContextToken(bytes, other, checksum)).toThrow(/another key/);
  }
});

test('a token of a later format says so, one that no node made says so', () => {
  const later = hexToBytes(RICH_HEX);
  later[0] = 2;
  expect(() => decode(sealed(later))).toThrow(/format 2/);
  // What somebody typed begins with any byte, and is of no format.
  later[0] = 129;
  expect(() => decode(sealed(later))).toThrow(/cut or damaged, or none/);
  const foreign = encodeContextToken(EMPTY_CONTEXT, place, checksum);
  foreign[10] = 5;
  expect(() => decode(sealed(foreign))).toThrow(/not made by a node/);
  const longer = new Uint8Array(16);
  longer.set(encodeContextToken(EMPTY_CONTEXT, place, checksum));
  longer[11] = 0;
  expect(() => decode(sealed(longer))).toThrow(INVALID);
});

test('a token above 16 KiB is neither made nor taken', () => {
  const vector = Array.from({ length: 2_000 }, (_, nodeIndex) => ({
    nodeIndex,
    epoch: T,
    seq: T,
  }));
  const large = { vector, dots: [] };
  expect(() => encodeContextToken(large, place, checksum)).toThrow(/limit is 16384/);
  expect(() => decode(new Uint8Array(CONTEXT_BYTES_MAX + 1).fill(1))).toThrow(/limit is 16384/);
});
