import { expect, it } from 'vitest';
import { GroupCount } from '../../../src/core/quorum/group-count.ts';

it('counts a replica once, as its first word says', () => {
  const count = new GroupCount([{ members: [1, 2, 3], need: 2 }]);
  expect(count.answer(1)).toBe(true);
  expect(count.answer(1)).toBe(false);
  expect(count.fail(1)).toBe(false);
  expect(count.isMet).toBe(false);
  expect(count.missing).toBe(1);
  expect(count.answer(3)).toBe(true);
  expect(count.isMet).toBe(true);
});

it('takes no notice of a node that is in no group', () => {
  const count = new GroupCount([{ members: [1, 2], need: 1 }]);
  expect(count.answer(9)).toBe(false);
  expect(count.answered).toEqual([]);
});

it('is impossible as soon as too few are left, in any one group', () => {
  const count = new GroupCount([
    { members: [1, 2, 3], need: 2 },
    { members: [4, 5], need: 2 },
  ]);
  count.fail(1);
  expect(count.isImpossible).toBe(false);
  count.fail(5);
  expect(count.isImpossible).toBe(true);
});

it('calls a replica useful only while its group still needs one', () => {
  const count = new GroupCount([
    { members: [1, 2], need: 1 },
    { members: [3, 4], need: 1 },
  ]);
  count.answer(1);
  expect(count.isUseful(2)).toBe(false);
  expect(count.isUseful(3)).toBe(true);
});
