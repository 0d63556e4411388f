import { expect, test } from 'vitest';
import { HintCounts, hasRoom } from '../../../src/core/hint/hint-counts.ts';

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

test.each([
  [9, 900, true],
  [10, 0, false],
  [0, 951, false],
  [0, 950, true],
])('with %i hints of %i bytes there is room for 50 bytes more: %s', (count, bytes, isThere) => {
  const bounds = { hintsPerTargetMax: 10, hintBytesPerTargetMax: 1_000 };
  expect(hasRoom({ count, bytes }, { count: 1, bytes: 50 }, bounds)).toBe(isThere);
});
