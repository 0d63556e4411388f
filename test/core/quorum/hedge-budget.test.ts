import { expect, it } from 'vitest';
import { HedgeBudget, READS_PER_HEDGE, SAVED_MAX } from '../../../src/core/quorum/hedge-budget.ts';

function after(reads: number): HedgeBudget {
  const budget = new HedgeBudget();
  for (let read = 0; read < reads; read += 1) budget.earn();
  return budget;
}

it('pays for one hedge with twenty reads', () => {
  expect(after(READS_PER_HEDGE - 1).spend()).toBe(false);
  const budget = after(READS_PER_HEDGE);
  expect(budget.spend()).toBe(true);
  expect(budget.spend()).toBe(false);
});

it('saves up a few and no more', () => {
  const budget = after(1_000 * READS_PER_HEDGE);
  let hedges = 0;
  while (budget.spend()) hedges += 1;
  expect(hedges).toBe(SAVED_MAX);
});
