import { describe, expect, it } from 'vitest';
import {
  checkStoreFormat,
  decodeDamage,
  decodeMarker,
  decodeNumber,
  decodePartitioning,
  decodeRun,
  encodeDamage,
  encodeMark,
  encodeMarker,
  encodeNumber,
  encodePartitioning,
  encodeRun,
  floorName,
  metaOperation,
  partitionOfName,
  unreadableName,
} from '../../../src/node/storage/meta-rows.ts';
import { hexOf } from './storage-rig.ts';

describe('golden rows', () => {
  it('run', () => {
    const row = {
      isClean: true,
      run: 3,
      cleanCommitSeq: 2 ** 32 + 1,
      storeId: Uint8Array.from({ length: 16 }, (_, index) => index),
    };
    const bytes = encodeRun(row);
    expect(hexOf(bytes)).toBe(
      '010100000000000000030000000100000001000102030405060708090a0b0c0d0e0f',
    );
    expect(decodeRun(bytes)).toEqual(row);
  });

  it('numbers: ceiling, floors, chain start, format', () => {
    expect(hexOf(encodeNumber(2 ** 53 - 1))).toBe('01001fffffffffffff');
    expect(decodeNumber('hlcCeiling', encodeNumber(2 ** 53 - 1))).toBe(2 ** 53 - 1);
  });

  it('marks', () => {
    expect(hexOf(encodeMark())).toBe('01');
    expect(hexOf(encodeMarker('lost'))).toBe('0100');
    expect(hexOf(encodeMarker('partial'))).toBe('0101');
    expect(decodeMarker(encodeMarker('partial'))).toBe('partial');
    expect(decodeMarker(encodeMarker('lost'))).toBe('lost');
  });

  it('damage', () => {
    const row = { hasGap: true, engineDamage: 'bad' };
    expect(hexOf(encodeDamage(row))).toBe('0101626164');
    expect(decodeDamage(encodeDamage(row))).toEqual(row);
  });

  it('partitioning', () => {
    const row = { partitions: 256, clusterKeyHigh: 0xdeadbeef, clusterKeyLow: 1 };
    expect(hexOf(encodePartitioning(row))).toBe('0100000100deadbeef00000001');
    expect(decodePartitioning(encodePartitioning(row))).toEqual(row);
  });
});

describe('names', () => {
  it('of floors and unreadable partitions lead back to the partition', () => {
    expect(floorName(17)).toBe('floor/17');
    expect(partitionOfName(floorName(17))).toEqual({ kind: 'floor', partition: 17 });
    expect(partitionOfName(unreadableName(65_535))).toEqual({
      kind: 'unreadable',
      partition: 65_535,
    });
    expect(partitionOfName('floor/x')).toBeUndefined();
    expect(partitionOfName('layout/1')).toBeUndefined();
  });

  it('of the storage service are told from those of others', () => {
    for (const name of ['run', 'floor/3']) {
      expect(() => metaOperation({ name, value: undefined })).toThrow('belongs to the storage');
    }
    expect(metaOperation({ name: 'layout', value: undefined })).toMatchObject({ type: 'del' });
  });
});

describe('rows that cannot be read', () => {
  it('of a later format are refused, of a wrong length as well', () => {
    const later = encodeNumber(1);
    later[0] = 2;
    expect(() => decodeNumber('floorAll', later)).toThrow(/format 2/);
    expect(() => checkStoreFormat(later)).toThrow(/format unknown/);
    expect(() => decodeNumber('floorAll', Uint8Array.of(1, 2))).toThrow(/2 bytes instead of 9/);
    expect(() => checkStoreFormat(encodeNumber(1))).not.toThrow();
  });
});
