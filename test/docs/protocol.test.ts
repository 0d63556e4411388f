/** The vectors on docs/protocol.md are the bytes that the codecs make: the page is for those who
 *  write another implementation. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { bytesToHex } from '../../src/core/bytes.ts';
import { CoterieError } from '../../src/core/errors.ts';
import { encodeLayout, firstLayout, layoutHash } from '../../src/core/ring/layout.ts';
import { deriveSecrets, tokenOf } from '../../src/core/ring/token.ts';
import { EMPTY_CONTEXT } from '../../src/core/version/causal-context.ts';
import { contextToText, encodeContextToken } from '../../src/core/version/context-token.ts';
import { itemHash } from '../../src/core/version/item-hash.ts';
import {
  contentHashOf,
  EMPTY_BYTES,
  EMPTY_RECORD,
  type VersionedRecord,
} from '../../src/core/version/record.ts';
import { createRecordCodec } from '../../src/core/version/record-codec.ts';
import {
  encodeDamage,
  encodeNumber,
  encodePartitioning,
  encodeRun,
} from '../../src/node/storage/meta-rows.ts';
import { makeRecordKey } from '../../src/node/storage/record-key.ts';
import { encodeNote, type NotedRange } from '../../src/platform/rocksdb/reading-notes.ts';
import { systemCrc32 } from '../../src/platform/system/crc32.ts';
import { encodeError } from '../../src/wire/error-codec.ts';

const PAGE = readFileSync(join(import.meta.dirname, '..', '..', 'docs', 'protocol.md'), 'utf8');
/** The page groups digits for the eye, and names what they are at the end of a line. */
const DIGITS = PAGE.split('\n')
  .map((line) => line.replace(/ {2,}[a-z].*$|, (?=[a-z]).*$/i, ''))
  .join('')
  .replaceAll(/[\s`|]/g, '');

const utf8 = (text: string): Uint8Array => new TextEncoder().encode(text);
const counting = Uint8Array.from({ length: 16 }, (_, at) => at);
const codec = createRecordCodec(systemCrc32);
const TICK = 129_168_000_000_000;

function firstPut(): VersionedRecord {
  const dot = { nodeIndex: 2, epoch: TICK, seq: TICK };
  const content = { meta: EMPTY_BYTES, value: utf8('cart') };
  const contentHash = contentHashOf(systemCrc32, content);
  const sibling = { dot, isTombstone: false, contentHash, requestId: counting, ...content };
  return { vector: [dot], dots: [], siblings: [sibling] };
}

const member = (name: string, zone: string, weight: number) => {
  return { name, address: `${name}:7000`, zone, datacentre: 'd1', weight };
};
const layout = firstLayout({
  clusterId: counting,
  partitions: 4,
  replicas: 2,
  members: [member('a', 'z1', 1), member('b', 'z1', 2), member('c', 'z2', 1)],
});
const place = { bucket: 'default', key: utf8('cart:42') };
const overloaded = new CoterieError('OVERLOADED', 'Too much', { details: { retryAfterMs: 20 } });
const secrets = deriveSecrets(counting);
const header = codec.header(codec.encode(firstPut()));
const run = { isClean: true, run: 3, cleanCommitSeq: 2 ** 32 + 1, storeId: counting };
const partitioning = { partitions: 256, clusterKeyHigh: 0xdeadbeef, clusterKeyLow: 1 };

const end = Uint8Array.of(0x45);

function noteOf(range: NotedRange): Uint8Array {
  const bytes = Buffer.alloc(100);
  return bytes.subarray(0, encodeNote(range, bytes));
}

test.each([
  ['a first put', codec.encode(firstPut())],
  ['the empty record', codec.encode(EMPTY_RECORD)],
  ['the empty context token', encodeContextToken(EMPTY_CONTEXT, place, systemCrc32)],
  ['the hash of the small layout', layoutHash(encodeLayout(layout))],
  ['the table of the small layout', encodeLayout(layout).slice(-16)],
  ['an Error message', encodeError(overloaded)],
  ['a storage key', makeRecordKey(0xdeadbeef, 'carts', utf8('k1')).storageKey],
  ['a run record', encodeRun(run)],
  ['a number', encodeNumber(2 ** 53 - 1)],
  ['a damage row', encodeDamage({ hasGap: true, engineDamage: 'bad' })],
  ['a partitioning row', encodePartitioning(partitioning)],
  ['a reading note', noteOf({ from: Uint8Array.of(0x44, 0), to: end, reverse: false })],
  ['a reading note from the end', noteOf({ from: Uint8Array.of(0x44), to: end, reverse: true })],
])('the page shows the bytes of %s', (_, bytes) => {
  const digits = bytesToHex(bytes);
  expect(DIGITS.includes(digits), `docs/protocol.md should have ${digits}`).toBe(true);
});

test('the page shows the token of a context as text, and the numbers made by hashing', () => {
  const token = encodeContextToken(EMPTY_CONTEXT, place, systemCrc32);
  expect(PAGE).toContain(contextToText(token));
  expect(PAGE).toContain(String(tokenOf(place.bucket, place.key, 0)));
  const hash = itemHash(header, 0xdeadbeef, 0x01234567, 0x89abcdef);
  for (const number of [...Object.values(secrets), hash.high, hash.low]) {
    expect(PAGE).toContain(number.toString(16).padStart(8, '0'));
  }
});
