import { describe, expect, it } from 'vitest';
import { makeRecordKey } from '../../../src/node/storage/record-key.ts';
import {
  chainRowKey,
  commitSeqOfRow,
  LEAF_KEY_BYTES,
  leafOfLeafRow,
  metaRowKey,
  partitionOfLeafRow,
  recordRange,
  recordRowKeyOfMarker,
  tableRange,
  tokenOfRow,
  unreadableRowKey,
  writeLeafRowKey,
} from '../../../src/node/storage/table-keys.ts';

const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString('hex');
const utf8 = (text: string) => new TextEncoder().encode(text);

describe('golden storage keys', () => {
  it('a record lies at D, token, bucket length, bucket, key', () => {
    const { storageKey } = makeRecordKey(0xdeadbeef, 'carts', utf8('k1'));
    expect(hex(storageKey)).toBe('44deadbeef0563617274736b31');
  });

  it('the marker of an unreadable record lies at X and leads back to the record', () => {
    const { storageKey } = makeRecordKey(0xdeadbeef, 'carts', utf8('k1'));
    const marker = unreadableRowKey(storageKey);
    expect(hex(marker)).toBe('58deadbeef0563617274736b31');
    expect(hex(recordRowKeyOfMarker(marker))).toBe(hex(storageKey));
    expect(tokenOfRow(marker)).toBe(0xdeadbeef);
  });

  it('a leaf lies at T, partition, leaf', () => {
    const key = new Uint8Array(LEAF_KEY_BYTES);
    writeLeafRowKey(key, 258, 1023);
    expect(hex(key)).toBe('54010203ff');
    writeLeafRowKey(key, 65_535, 7);
    expect(partitionOfLeafRow(key)).toBe(65_535);
    expect(leafOfLeafRow(key)).toBe(7);
  });

  it('a commit lies at B, commitSeq', () => {
    expect(hex(chainRowKey(1))).toBe('420000000000000001');
    expect(hex(chainRowKey(Number.MAX_SAFE_INTEGER))).toBe('42001fffffffffffff');
    expect(commitSeqOfRow(chainRowKey(2 ** 40 + 5))).toBe(2 ** 40 + 5);
  });

  it('a meta row lies at M, name', () => {
    expect(hex(metaRowKey('run'))).toBe('4d72756e');
  });

  it('a range of tokens is a range of rows, the last token included', () => {
    expect(hex(recordRange(0x100, 0x200).from)).toBe('4400000100');
    expect(hex(recordRange(0x100, 0x200).to)).toBe('4400000200');
    expect(hex(recordRange(0x100, 2 ** 32).to)).toBe('45');
    expect(hex(tableRange('records').from)).toBe('44');
  });
});
