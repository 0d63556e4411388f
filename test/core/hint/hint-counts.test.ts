import { expect, test } from 'vitest';
import { HintCounts } from '../../../src/core/hint/hint-counts.ts';

const MARK = { bytes: 60, isCopy: false, firstAtMs: 1_000 };
const COPY = { bytes: 500, isCopy: true, firstAtMs: 500 };

test('hints are counted for each member, and a member without any is not listed', () => {
  const counts = new HintCounts();
  counts.added(2, MARK);
  counts.added(2, COPY);
  counts.added(1, MARK);
  expect(counts.targets).toEqual([1, 2]);
  expect(counts.of(2)).toEqual({ count: 2, bytes: 560, oldestMs: 500 });
  counts.removed(1, MARK);
  expect(counts.targets).toEqual([2]);
  expect(counts.of(1)).toEqual({ count: 0, bytes: 0, oldestMs: 0 });
});

test('a mark finds room below the bound of its own target', () => {
  const counts = new HintCounts();
  counts.added(1, MARK);
  expect(counts.hasRoomForMark(1, 1)).toBe(false);
  expect(counts.hasRoomForMark(1, 2)).toBe(true);
  expect(counts.hasRoomForMark(2, 1)).toBe(true);
});
