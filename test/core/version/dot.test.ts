import { expect, test } from 'vitest';
import {
  compareActors,
  compareDots,
  dotsEqual,
  formatDot,
  isSameActor,
  isSameDot,
} from '../../../src/core/version/dot.ts';

const dot = { nodeIndex: 2, epoch: 5, seq: 9 };

test('dots are ordered by node, then epoch, then seq', () => {
  const later = [
    { ...dot, seq: 10 },
    { nodeIndex: 2, epoch: 6, seq: 6 },
    { nodeIndex: 3, epoch: 1, seq: 1 },
  ];
  for (const other of later) {
    expect(compareDots(dot, other)).toBeLessThan(0);
    expect(compareDots(other, dot)).toBeGreaterThan(0);
  }
  expect(compareDots(dot, { ...dot })).toBe(0);
  expect(compareActors(dot, { nodeIndex: 2, epoch: 5 })).toBe(0);
});

test('a dot is shown as node, epoch and seq', () => {
  expect(formatDot({ nodeIndex: 2, epoch: 5, seq: 2 ** 53 - 1 })).toBe('2.5.9007199254740991');
});

test('an actor is a node in one epoch', () => {
  expect(isSameActor(dot, { nodeIndex: 2, epoch: 5 })).toBe(true);
  expect(isSameActor(dot, { ...dot, epoch: 1 })).toBe(false);
  expect(isSameActor(dot, { ...dot, nodeIndex: 1 })).toBe(false);
  expect(isSameDot(dot, { ...dot, seq: 1 })).toBe(false);
});

test('lists of dots are equal when they have the same dots in the same order', () => {
  const other = { ...dot, seq: 10 };
  expect(dotsEqual([dot, other], [{ ...dot }, { ...other }])).toBe(true);
  expect(dotsEqual([dot, other], [other, dot])).toBe(false);
  expect(dotsEqual([dot], [dot, other])).toBe(false);
  expect(dotsEqual([], [])).toBe(true);
});
