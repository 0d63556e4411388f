import { expect, test } from 'vitest';
import {
  compareVectors,
  descends,
  EMPTY_VECTOR,
  joinVectors,
  seqOf,
} from '../../../src/core/version/version-vector.ts';

const entry = (nodeIndex: number, epoch: number, seq: number) => ({ nodeIndex, epoch, seq });
const low = [entry(1, 5, 7), entry(2, 1, 4)];
const high = [entry(1, 5, 9), entry(1, 8, 8), entry(2, 1, 4)];

test('an entry is found by node and epoch', () => {
  expect(seqOf(high, { nodeIndex: 1, epoch: 8 })).toBe(8);
  expect(seqOf(high, { nodeIndex: 1, epoch: 6 })).toBeUndefined();
  expect(seqOf(high, { nodeIndex: 9, epoch: 1 })).toBeUndefined();
  expect(seqOf(EMPTY_VECTOR, { nodeIndex: 1, epoch: 1 })).toBeUndefined();
});

test('vectors are equal, one ahead of the other, or concurrent', () => {
  expect(compareVectors(low, [...low])).toBe('equal');
  expect(compareVectors(high, low)).toBe('left');
  expect(compareVectors(low, high)).toBe('right');
  expect(compareVectors(low, [entry(1, 5, 9)])).toBe('concurrent');
  expect(compareVectors(low, EMPTY_VECTOR)).toBe('left');
  expect(descends(high, low)).toBe(true);
  expect(descends(low, high)).toBe(false);
  expect(descends(low, low)).toBe(true);
});

test('a join that adds nothing returns the vector it was given', () => {
  expect(joinVectors(high, low)).toBe(high);
  expect(joinVectors(low, high)).toBe(high);
  expect(joinVectors(low, [...low])).toBe(low);
});

test('a join holds the highest seq of each actor', () => {
  const other = [entry(1, 5, 8), entry(3, 1, 1)];
  expect(joinVectors(high, other)).toEqual([...high, entry(3, 1, 1)]);
  expect(joinVectors(low, other)).toEqual([entry(1, 5, 8), entry(2, 1, 4), entry(3, 1, 1)]);
});
