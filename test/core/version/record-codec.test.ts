import { expect, test } from 'vitest';
import { bytesToHex, hexToBytes } from '../../../src/core/bytes.ts';
import { CoterieError } from '../../../src/core/errors.ts';
import type { Dot } from '../../../src/core/version/dot.ts';
import {
  type Content,
  contentHashOf,
  EMPTY_BYTES,
  EMPTY_RECORD,
  type Sibling,
  type VersionedRecord,
} from '../../../src/core/version/record.ts';
import {
  createRecordCodec,
  RECORD_FORMAT,
  recordByteLength,
} from '../../../src/core/version/record-codec.ts';
import { writeU32 } from '../../../src/core/version/varint.ts';
import { bytesOf, checksum, requestIdOf } from './replicas.ts';

const codec = createRecordCodec(checksum);
const T = 129_168_000_000_000;
const LATER = T + 4_096_000;

function siblingOf(dot: Dot, content: Partial<Content> & { requestId?: Uint8Array }): Sibling {
  const whole = { meta: EMPTY_BYTES, value: EMPTY_BYTES, ...content };
  return { dot, isTombstone: false, contentHash: contentHashOf(checksum, whole), ...whole };
}

const small: VersionedRecord = {
  vector: [{ nodeIndex: 2, epoch: T, seq: T }],
  dots: [],
  siblings: [
    siblingOf(
      { nodeIndex: 2, epoch: T, seq: T },
      { value: bytesOf('cart'), requestId: Uint8Array.from({ length: 16 }, (_, at) => at) },
    ),
  ],
};

/** Two epochs of one node, a far node, single dots, a tombstone, metadata, expiry, every value byte. */
const rich: VersionedRecord = {
  vector: [
    { nodeIndex: 1, epoch: T, seq: T + 5 },
    { nodeIndex: 1, epoch: LATER, seq: LATER },
    { nodeIndex: 300, epoch: T + 1, seq: T + 9 },
  ],
  dots: [
    { nodeIndex: 2, epoch: T, seq: T + 7 },
    { nodeIndex: 2, epoch: T, seq: T + 8 },
  ],
  siblings: [
    siblingOf(
      { nodeIndex: 1, epoch: T, seq: T + 5 },
      { meta: bytesOf('{}'), value: bytesOf('v1'), expiresAtMs: 1_800_000_000_123 },
    ),
    {
      ...siblingOf({ nodeIndex: 1, epoch: LATER, seq: LATER }, { requestId: requestIdOf(9) }),
      isTombstone: true,
    },
    siblingOf(
      { nodeIndex: 300, epoch: T + 1, seq: T + 3 },
      { requestId: requestIdOf(8), expiresAtMs: 1_800_000_000_123 },
    ),
    siblingOf(
      { nodeIndex: 300, epoch: T + 1, seq: T + 9 },
      { meta: bytesOf('m'), value: Uint8Array.from({ length: 256 }, (_, at) => at) },
    ),
  ],
};

const SMALL_HEADER = '010280c086a6a4af1d000001000000513291c4';
const RICH_HEADER =
  '030180c086a6a4af1d05008080fa0100ab0281c086a6a4af1d08020280c086a6a4af1d0700000104000000de54' +
  'f61a0100016522df690206008099630c0200008d847e17';
const ALL_BYTES = Array.from({ length: 256 }, (_, at) => at.toString(16).padStart(2, '0')).join('');
const GOLDEN: readonly (readonly [string, VersionedRecord, string, string])[] = [
  ['an empty record', EMPTY_RECORD, 'd701d49758f30003000000', '000000'],
  [
    'a first put',
    small,
    `d70189a2d70f0013${SMALL_HEADER}01000102030405060708090a0b0c0d0e0f000463617274`,
    SMALL_HEADER,
  ],
  [
    'a record of all features',
    rich,
    `d701cbfbdcf50044${RICH_HEADER}02fba0f1c2b134027b7d0276310109090909090909090909090909090909` +
      `00000308080808080808080808080808080808fba0f1c2b134000000016d8002${ALL_BYTES}`,
    RICH_HEADER,
  ],
];

function codeOf(run: () => unknown): string | undefined {
  try {
    run();
    return undefined;
  } catch (error) {
    if (error instanceof CoterieError) return error.code;
    throw error;
  }
}

/** The record of these hexadecimal bytes behind the checksum, with a checksum that holds. */
function sealed(rest: string): Uint8Array {
  const bytes = hexToBytes(`d70100000000${rest}`);
  writeU32(bytes, 2, checksum(bytes.subarray(6)));
  return bytes;
}

test.each(GOLDEN)('format 1 of %s is fixed to the byte', (_, record, hex, header) => {
  const bytes = codec.encode(record);
  expect(bytesToHex(bytes)).toBe(hex);
  expect(recordByteLength(record)).toBe(bytes.length);
  expect(codec.decode(hexToBytes(hex))).toEqual(record);
  expect(bytesToHex(codec.header(bytes))).toBe(header);
});

test.each(GOLDEN)('%s cut anywhere is found damaged', (_, __, hex) => {
  const bytes = hexToBytes(hex);
  for (let length = 0; length < bytes.length; length += 1) {
    expect(codeOf(() => codec.decode(bytes.subarray(0, length)))).toBe('CORRUPT_RECORD');
    expect(codeOf(() => codec.verify(bytes.subarray(0, length)))).toBe('CORRUPT_RECORD');
  }
});

test.each(GOLDEN)('%s with any one bit flipped is found damaged', (_, __, hex) => {
  for (let bit = 0; bit < (hex.length / 2) * 8; bit += 1) {
    const bytes = hexToBytes(hex);
    bytes[bit >> 3]! ^= 1 << (bit & 7);
    const isNewer = bytes[0] === 0xd7 && bytes[1]! > RECORD_FORMAT;
    const expected = isNewer ? 'VERSION_UNSUPPORTED' : 'CORRUPT_RECORD';
    expect(codeOf(() => codec.verify(bytes))).toBe(expected);
    expect(codeOf(() => codec.decode(bytes))).toBe(expected);
  }
});

test('bytes behind a record are found', () => {
  const bytes = new Uint8Array([...codec.encode(small), 0]);
  expect(codeOf(() => codec.decode(bytes))).toBe('CORRUPT_RECORD');
  expect(codeOf(() => codec.decode(sealed('000300000000')))).toBe('MALFORMED_MESSAGE');
});

test('values are views of the bytes, not copies, also when the bytes are part of a larger array', () => {
  const bytes = codec.encode(small);
  const large = new Uint8Array(bytes.length + 20);
  large.set(bytes, 11);
  const [sibling] = codec.decode(large.subarray(11, 11 + bytes.length)).siblings;
  expect(sibling?.value.buffer).toBe(large.buffer);
  expect(sibling?.value).toEqual(bytesOf('cart'));
});

test.each([
  ['record flags of a later format', '0103000000'],
  ['a header that ends too late', '0004000000'],
  ['a header that ends too early', '0002000000'],
  ['a header longer than all', '0080010000'],
  ['more vector entries than can fit', '00037f0000'],
  ['an actor twice', '00090201050000000100000000'],
  ['a single dot twice', '000a000201050100000000000000'],
  ['a single dot that the vector covers', '00090101050301010501'],
  ['a node index above 65,535', '00080180800405000000'],
  ['a varint that is longer than it needs to be', '0004000080000000'],
  ['a sibling without an entry', '000a00000100000000000000000000'],
  ['a sibling below its epoch', '000d0101050000010001000000000000000000'],
  ['a sibling with unknown flags', '000d0101050000010000020000000000000000'],
  ['two siblings of one dot', '00140101050000020000000000000000000000000000000000000000'],
  ['a body with unknown flags', '000c01010500000100000000000004000000'],
  ['a value longer than all', '000c0101050000010000000000000000007f'],
  ['a value that is missing', '000c0101050000010000000000000000'],
])('%s is malformed although the checksum holds', (_, rest) => {
  expect(codeOf(() => codec.decode(sealed(rest)))).toBe('MALFORMED_MESSAGE');
});

test('the least record of one sibling is well formed (what the malformed ones are made from)', () => {
  const bytes = sealed('000c01010500000100000000000000000000'.slice(0, 34));
  expect(codec.decode(bytes).siblings).toHaveLength(1);
  expect(bytesToHex(codec.encode(codec.decode(bytes)))).toBe(bytesToHex(bytes));
});

test('encoding a record that breaks its own rules is a bug, not bytes', () => {
  const [sibling] = small.siblings;
  const outside = { ...small, vector: [] };
  const unordered = { ...rich, siblings: rich.siblings.toReversed() };
  const twice = { ...small, siblings: [sibling!, sibling!] };
  const low = { ...EMPTY_RECORD, vector: [{ nodeIndex: 1, epoch: 9, seq: 8 }] };
  for (const record of [outside, unordered, twice, low]) {
    expect(codeOf(() => codec.encode(record))).toBe('ASSERTION_FAILED');
  }
});
