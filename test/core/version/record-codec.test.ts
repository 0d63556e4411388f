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

/** Two epochs of a node, a far node, single dots, a tombstone, meta, expiry, every value byte. */
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
});

test('values are views of the bytes, not copies, also when the bytes are part of a larger array', () => {
  const bytes = codec.encode(small);
  const large = new Uint8Array(bytes.length + 20);
  large.set(bytes, 11);
  const [sibling] = codec.decode(large.subarray(11, 11 + bytes.length)).siblings;
  expect(sibling?.value.buffer).toBe(large.buffer);
  expect(sibling?.value).toEqual(bytesOf('cart'));
});

/** Header of one actor (node 1, epoch 5, seq 5) and of one sibling, and its empty body. */
const ONE_ACTOR = '0101050000';
const ONE_SIBLING = '00000000000000';
const EMPTY_BODY = '000000';

test('the least record of one sibling, from which the malformed ones are made, is well formed', () => {
  const bytes = sealed(`000d${ONE_ACTOR}01${ONE_SIBLING}${EMPTY_BODY}`);
  const record = codec.decode(bytes);
  expect(record.siblings).toMatchObject([{ dot: { nodeIndex: 1, epoch: 5, seq: 5 } }]);
  expect(bytesToHex(codec.encode(record))).toBe(bytesToHex(bytes));
});

test.each([
  ['record flags of a later format', '0103000000', 'flags 1'],
  ['a header that ends too late', '0004000000', 'should end at byte 12'],
  ['a header that ends too early', '0002000000', 'should end at byte 10'],
  ['a header longer than all', '008001000000', 'should end at byte 137'],
  ['more vector entries than can fit', '00037f0000', '127 dots cannot fit'],
  ['more siblings than can fit', '000300007f', '127 siblings cannot fit'],
  ['an actor twice', '0009020105000000010000', 'repeated'],
  ['a single dot twice', '0009000201050000000000', 'repeated'],
  ['a single dot that the vector covers', '0009010105010101050100', 'covered by the vector'],
  ['a node index above 65,535', '00080180800405000000', 'Node index 65536'],
  ['a varint that is longer than it needs to be', '000400800000', 'longer than it needs'],
  ['a sibling without an entry', `000a000001${ONE_SIBLING}${EMPTY_BODY}`, 'vector entry 0'],
  ['a sibling below its epoch', `000d${ONE_ACTOR}0100010000000000${EMPTY_BODY}`, 'its epoch'],
  ['a sibling with unknown flags', `000d${ONE_ACTOR}0100000200000000${EMPTY_BODY}`, 'flags 2'],
  [
    'two siblings of one dot',
    `0014${ONE_ACTOR}02${ONE_SIBLING}${ONE_SIBLING}${EMPTY_BODY}${EMPTY_BODY}`,
    'not ordered',
  ],
  ['a body with unknown flags', `000d${ONE_ACTOR}01${ONE_SIBLING}040000`, 'Body flags 4'],
  ['a value longer than all', `000d${ONE_ACTOR}01${ONE_SIBLING}00007f`, '127 bytes should follow'],
  ['a value that is missing', `000d${ONE_ACTOR}01${ONE_SIBLING}0000`, '1 bytes should follow'],
  ['a byte behind it', `000d${ONE_ACTOR}01${ONE_SIBLING}${EMPTY_BODY}00`, '1 bytes follow'],
])('a record with %s is malformed although its checksum holds', (_, rest, reason) => {
  expect(() => codec.decode(sealed(rest))).toThrow(
    expect.objectContaining({
      code: 'MALFORMED_MESSAGE',
      message: expect.stringContaining(reason),
    }),
  );
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
