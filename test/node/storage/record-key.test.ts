import { describe, expect, it } from 'vitest';
import { makeRecordKey } from '../../../src/node/storage/record-key.ts';
import {
  chainRowKey,
  commitSeqOfRow,
  leafChangesRowKey,
  leafPageRowKey,
  metaRowKey,
  partitionOfLeafPage,
  recordRange,
  recordRowKeyOfMarker,
  tableRange,
  tokenOfRow,
  unreadableRowKey,
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

  it('the leaves of a partition lie at T, partition', () => {
    expect(hex(leafPageRowKey(258))).toBe('540102');
    expect(partitionOfLeafPage(leafPageRowKey(258))).toBe(258);
    expect(partitionOfLeafPage(leafPageRowKey(65_535))).toBe(65_535);
  });

  it('changes of leaves lie at L, commitSeq', () => {
    expect(hex(leafChangesRowKey(258))).toBe('4c0000000000000102');
    expect(commitSeqOfRow(leafChangesRowKey(2 ** 40 + 5))).toBe(2 ** 40 + 5);
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
