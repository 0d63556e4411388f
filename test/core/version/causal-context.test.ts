import { expect, test } from 'vitest';
import {
  addDot,
  contextsEqual,
  covers,
  coversContext,
  EMPTY_CONTEXT,
  joinContexts,
  joinDots,
  vectorCovers,
} from '../../../src/core/version/causal-context.ts';

const dot = (seq: number, nodeIndex = 1) => ({ nodeIndex, epoch: 1, seq });
const threeNotTwo = { vector: [dot(1)], dots: [dot(3)] };

test('a context can know 3 and not 2', () => {
  expect([1, 2, 3, 4].map((seq) => covers(threeNotTwo, dot(seq)))).toEqual([
    true,
    false,
    true,
    false,
  ]);
  expect(vectorCovers(threeNotTwo.vector, dot(3))).toBe(false);
  expect(covers(threeNotTwo, { ...dot(1), epoch: 0 })).toBe(false);
});

test('a single dot leaves when the vector covers it', () => {
  const joined = joinContexts(threeNotTwo, { vector: [dot(3)], dots: [dot(5)] });
  expect(joined).toEqual({ vector: [dot(3)], dots: [dot(5)] });
  expect(joinDots([dot(3)], [], [dot(4)])).toEqual([]);
});

test('adding an event adds nothing below it, and nothing that is known', () => {
  const added = addDot(EMPTY_CONTEXT, dot(7));
  expect(added).toEqual({ vector: [], dots: [dot(7)] });
  expect(addDot(added, dot(7))).toBe(added);
  expect(addDot(threeNotTwo, dot(1))).toBe(threeNotTwo);
  expect(addDot(threeNotTwo, dot(2)).dots).toEqual([dot(2), dot(3)]);
});

test('a join that adds nothing returns the context it was given', () => {
  const more = { vector: [dot(1), dot(9, 2)], dots: [dot(3)] };
  expect(joinContexts(more, threeNotTwo)).toBe(more);
  expect(joinContexts(threeNotTwo, more)).toBe(more);
  expect(joinContexts(threeNotTwo, EMPTY_CONTEXT)).toBe(threeNotTwo);
});

test('a context covers another when its vector and its events do', () => {
  expect(coversContext({ vector: [dot(3)], dots: [] }, threeNotTwo)).toBe(true);
  expect(coversContext(threeNotTwo, { vector: [dot(3)], dots: [] })).toBe(false);
  expect(coversContext(threeNotTwo, { vector: [dot(1)], dots: [dot(2)] })).toBe(false);
  expect(coversContext(threeNotTwo, EMPTY_CONTEXT)).toBe(true);
  expect(contextsEqual(threeNotTwo, structuredClone(threeNotTwo))).toBe(true);
  expect(contextsEqual(threeNotTwo, EMPTY_CONTEXT)).toBe(false);
});
