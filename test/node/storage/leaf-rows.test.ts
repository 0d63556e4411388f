import { describe, expect, it } from 'vitest';
import {
  decodeLeafChanges,
  decodeLeafPage,
  encodeLeafChanges,
  encodeLeafPage,
  LEAF_PAGE_BYTES,
} from '../../../src/node/storage/leaf-rows.ts';
import { hexOf } from './storage-rig.ts';

describe('golden rows of leaves', () => {
  it('a page is its commit and high, low and count of 1,024 leaves', () => {
    const leaves = new Uint32Array(3 * 1_024);
    leaves.set([0xdeadbeef, 2, 3], 0);
    leaves.set([4, 5, 6], 3 * 1_023);
    const bytes = encodeLeafPage(258, leaves);
    expect(bytes.length).toBe(12_297);
    expect(hexOf(bytes.subarray(0, 25))).toBe('010000000000000102deadbeef000000020000000300000000');
    expect(hexOf(bytes.subarray(-12))).toBe('000000040000000500000006');
    expect(decodeLeafPage(bytes)).toEqual({ commitSeq: 258, leaves });
  });

  it('changes are the number, high, low and count of each leaf', () => {
    const leaf = { high: 0xdeadbeef, low: 2, count: 3 };
    const bytes = encodeLeafChanges(new Set([258, 1]), (index) => ({ ...leaf, count: index }));
    expect(hexOf(bytes)).toBe('0100000102deadbeef000000020000010200000001deadbeef0000000200000001');
    expect([...decodeLeafChanges(bytes)]).toEqual([
      [258, { ...leaf, count: 258 }],
      [1, { ...leaf, count: 1 }],
    ]);
  });

  it('of a later format are refused, of a wrong length as well', () => {
    const later = Uint8Array.of(2);
    expect(() => decodeLeafPage(later)).toThrow(/format 2/);
    expect(() => decodeLeafChanges(later)).toThrow(/format 2/);
    expect(() => decodeLeafPage(Uint8Array.of(1, 2))).toThrow(`instead of ${LEAF_PAGE_BYTES}`);
    expect(() => decodeLeafChanges(new Uint8Array(20).fill(1))).toThrow(/20 bytes instead of 17/);
  });
});
