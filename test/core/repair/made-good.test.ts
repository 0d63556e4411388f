/** How many others a copy is made good from, and what an operator's word changes. */
import { expect, test } from 'vitest';
import { MadeGood, neededOthers } from '../../../src/core/repair/made-good.ts';

const down = (): 'down' => 'down';

test('three replicas need both others, and a single one never has enough', () => {
  expect([1, 2, 3, 4, 5].map(neededOthers)).toEqual([1, 1, 2, 3, 3]);
  expect(new MadeGood([], 0).isWhole(false, down)).toBe(false);
  expect(new MadeGood([], 0).isWhole(true, down)).toBe(true);
});

test('an accepted loss still asks whoever can be reached, once', () => {
  const madeGood = new MadeGood([1, 2], 0);
  const reach = (peer: number) => (peer === 1 ? 'up' : 'down');
  expect(madeGood.isWhole(true, reach)).toBe(false);
  expect(madeGood.took({ peer: 1, beganMs: 5, isComplete: false, wasVerified: false })).toBe(false);
  expect(madeGood.isWhole(true, reach)).toBe(true);
  expect(madeGood.isWhole(false, reach)).toBe(false);
});

test('an exchange that began before the loss, or did not see everything, counts for nothing', () => {
  const madeGood = new MadeGood([1, 2], 10);
  expect(madeGood.took({ peer: 1, beganMs: 9, isComplete: true, wasVerified: true })).toBe(false);
  expect(madeGood.took({ peer: 1, beganMs: 10, isComplete: true, wasVerified: false })).toBe(false);
  expect(madeGood.left).toEqual([1, 2]);
  expect(madeGood.took({ peer: 1, beganMs: 10, isComplete: true, wasVerified: true })).toBe(true);
  expect(madeGood.left).toEqual([2]);
});
