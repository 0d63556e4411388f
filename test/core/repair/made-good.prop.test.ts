/** Whatever a majority acknowledged is on one of those that a copy was merged from. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { MadeGood } from '../../../src/core/repair/made-good.ts';

const replicas = fc.integer({ min: 2, max: 9 });
const mergedFrom = fc.record({
  peer: fc.integer({ min: 1, max: 8 }),
  beganMs: fc.integer({ min: 0, max: 20 }),
  isComplete: fc.boolean(),
  wasVerified: fc.boolean(),
});
const down = (): 'down' => 'down';

test('a whole copy has merged from a holder of every write that a majority acknowledged', () => {
  fc.assert(
    fc.property(
      replicas,
      fc.array(mergedFrom, { maxLength: 30 }),
      fc.array(fc.boolean(), { minLength: 9, maxLength: 9 }),
      (count, merges, isHolder) => {
        const others = Array.from({ length: count - 1 }, (_, index) => index + 1);
        const madeGood = new MadeGood(others, 10);
        for (const merge of merges) if (merge.peer < count) madeGood.took(merge);
        const holders = others.filter((peer) => isHolder[peer] === true);
        const isAcknowledged = holders.length + 1 >= Math.floor(count / 2) + 1;
        if (!madeGood.isWhole(false, down) || !isAcknowledged) return;
        const counted = merges.filter(
          ({ beganMs, isComplete, wasVerified }) => beganMs >= 10 && isComplete && wasVerified,
        );
        expect(counted.some(({ peer }) => holders.includes(peer))).toBe(true);
      },
    ),
  );
});
