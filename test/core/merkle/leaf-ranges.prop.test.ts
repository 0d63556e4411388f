import fc from 'fast-check';
import { expect, test } from 'vitest';
import { rangesOf, tokenRangesOf } from '../../../src/core/merkle/leaf-ranges.ts';
import { LEAVES_PER_PARTITION, leafOf, partitionOf } from '../../../src/core/ring/token.ts';

const leaves = fc
  .uniqueArray(fc.nat(LEAVES_PER_PARTITION - 1), { minLength: 1, maxLength: 60 })
  .map((ids) => ids.sort((a, b) => a - b));

const partitionings = fc
  .integer({ min: 0, max: 16 })
  .chain((bits) => fc.tuple(fc.nat(2 ** bits - 1), fc.constant(2 ** bits)));

test('a token is in the ranges of some leaves exactly when its leaf is one of them', () => {
  const tokens = fc.integer({ min: 0, max: 2 ** 32 - 1 });
  fc.assert(
    fc.property(leaves, partitionings, tokens, (ids, [partition, partitions], token) => {
      const ranges = tokenRangesOf(rangesOf(ids), partition, partitions);
      const isIn = ranges.some(({ fromToken, toToken }) => token >= fromToken && token < toToken);
      const isOurs = partitionOf(token, partitions) === partition;
      expect(isIn).toBe(isOurs && ids.includes(leafOf(token, partitions)));
    }),
  );
});

test('ranges increase and no two of them touch', () => {
  fc.assert(
    fc.property(leaves, (ids) => {
      const ranges = rangesOf(ids);
      expect(ranges.every((bound, at) => at === 0 || bound > (ranges[at - 1] ?? 0))).toBe(true);
      let count = 0;
      for (let at = 0; at < ranges.length; at += 2) {
        count += (ranges[at + 1] ?? 0) - (ranges[at] ?? 0);
      }
      expect(count).toBe(ids.length);
    }),
  );
});
