import { expect, test } from 'vitest';
import {
  compareEntries,
  isSameItem,
  packMarks,
  stampOf,
  unpackEntries,
} from '../../../src/core/merkle/entries.ts';
import { entryOf } from './model.ts';

test('marks are as the protocol writes them', () => {
  const key = Uint8Array.of(0x44, 1);
  const entry = { key, high: 0x01020304, low: 0xfffefdfc, stamp: 0x8000_0001 };
  const marks = packMarks([entry]);
  expect(Buffer.from(marks).toString('hex')).toBe('01020304fffefdfc80000001');
  expect(unpackEntries([key], marks, new Uint8Array(0))).toEqual([entry]);
});

test('entries out of order, behind where they should begin, or without a mark are refused', () => {
  const two = [entryOf(1, 1), entryOf(2, 1)];
  const keys = two.map(({ key }) => key);
  const marks = packMarks(two);
  const none = new Uint8Array(0);
  const refused = expect.objectContaining({ code: 'MALFORMED_MESSAGE' });
  expect(() => unpackEntries([...keys].reverse(), marks, none)).toThrow(refused);
  expect(() => unpackEntries([keys[0] ?? none, keys[0] ?? none], marks, none)).toThrow(refused);
  expect(() => unpackEntries(keys, marks, keys[0] ?? none)).toThrow(refused);
  expect(() => unpackEntries(keys, marks.subarray(1), none)).toThrow(refused);
});

test('a stamp is a time in milliseconds that wraps, and still says which is newer', () => {
  expect(stampOf(4_096 * 7)).toBe(7);
  expect(stampOf(4_096 * 2 ** 32 + 4_096 * 5)).toBe(5);
  const before = { ...entryOf(1, 1), stamp: 2 ** 32 - 1 };
  const after = { ...entryOf(1, 2), stamp: 3 };
  expect(isSameItem(before, after)).toBe(false);
  expect(compareEntries([before], [after])).toEqual({ fetch: [after], push: [] });
  expect(compareEntries([after], [before])).toEqual({ fetch: [], push: [after] });
});
