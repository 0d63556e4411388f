/** The bytes of a read between nodes, as docs/protocol.md shows them. */
import { expect, test } from 'vitest';
import { bytesToHex, hexToBytes } from '../../src/core/bytes.ts';
import { Read, ReadReply } from '../../src/wire/generated/coterie/v1/peer.ts';

const READ = '0a0764656661756c7412016b188008';
const RECORD = '0a01ff1001';
const DIGEST = '10011d59c5d66725396f7dbe';
const NONE = '1001';

test('a read says from which size on a digest will do', () => {
  const read = { bucket: 'default', key: Uint8Array.of(0x6b), digestAbove: 1_024 };
  expect(bytesToHex(Read.encode(read).finish())).toBe(READ);
  expect(Read.decode(hexToBytes(READ))).toEqual(read);
});

test('an answer is a record, a digest or neither', () => {
  const none = { record: new Uint8Array(0), verified: true, digestHigh: 0, digestLow: 0 };
  const record = { ...none, record: Uint8Array.of(0xff) };
  const digest = { ...none, digestHigh: 0x67d6c559, digestLow: 0xbe7d6f39 };
  for (const [text, reply] of [
    [RECORD, record],
    [DIGEST, digest],
    [NONE, none],
  ] as const) {
    expect(bytesToHex(ReadReply.encode(reply).finish())).toBe(text);
    const decoded = ReadReply.decode(hexToBytes(text));
    expect({ ...decoded, record: [...decoded.record] }).toEqual({
      ...reply,
      record: [...reply.record],
    });
  }
});

test('a read of an earlier version asks for records only', () => {
  expect(Read.decode(hexToBytes(READ.slice(0, -6))).digestAbove).toBe(0);
});
