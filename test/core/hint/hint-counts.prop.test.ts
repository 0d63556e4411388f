import fc from 'fast-check';
import { expect, test } from 'vitest';
import { HintCounts } from '../../../src/core/hint/hint-counts.ts';

const hint = fc.record({
  target: fc.nat(3),
  bytes: fc.nat(1_000),
  isCopy: fc.boolean(),
  firstAtMs: fc.nat(1_000),
});

test('counts and bytes are those of the hints that are there', () => {
  fc.assert(
    fc.property(fc.array(fc.tuple(hint, fc.boolean()), { maxLength: 40 }), (all) => {
      const counts = new HintCounts();
      const there = [];
      for (const [each, isRemoved] of all) {
        counts.added(each.target, each);
        if (isRemoved) counts.removed(each.target, each);
        else there.push(each);
      }
      for (let target = 0; target < 4; target += 1) {
        const own = there.filter((each) => each.target === target);
        const { count, bytes, oldestMs } = counts.of(target);
        expect(count).toBe(own.length);
        expect(bytes).toBe(own.reduce((sum, each) => sum + each.bytes, 0));
        if (own.length > 0) {
          expect(oldestMs).toBeLessThanOrEqual(Math.min(...own.map((each) => each.firstAtMs)));
        }
      }
    }),
  );
});
