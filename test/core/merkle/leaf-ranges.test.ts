import { expect, test } from 'vitest';
import { ALL_LEAVES, tokenRangesOf } from '../../../src/core/merkle/leaf-ranges.ts';

test('all leaves are the whole partition', () => {
  expect(tokenRangesOf(ALL_LEAVES, 3, 4)).toEqual([{ fromToken: 3 * 2 ** 30, toToken: 2 ** 32 }]);
});

test('what is no list of ranges is refused', () => {
  const refused = expect.objectContaining({ code: 'MALFORMED_MESSAGE' });
  for (const ranges of [[], [1], [1, 1], [2, 1], [0, 1_025], [0, 2, 2, 3], [0.5, 1], [-1, 1]]) {
    expect(() => tokenRangesOf(ranges, 0, 1), String(ranges)).toThrow(refused);
  }
});
