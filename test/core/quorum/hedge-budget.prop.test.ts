import fc from 'fast-check';
import { expect, it } from 'vitest';
import { HedgeBudget, READS_PER_HEDGE } from '../../../src/core/quorum/hedge-budget.ts';

it('never pays for more than one in twenty of the reads so far, whenever it is asked', () => {
  fc.assert(
    fc.property(fc.array(fc.boolean(), { maxLength: 2_000 }), (steps) => {
      const budget = new HedgeBudget();
      let reads = 0;
      let hedges = 0;
      for (const isRead of steps) {
        if (isRead) {
          budget.earn();
          reads += 1;
        } else if (budget.spend()) {
          hedges += 1;
        }
        expect(hedges * READS_PER_HEDGE).toBeLessThanOrEqual(reads);
      }
    }),
  );
});
