import { expect, it } from 'vitest';
import { PairCounts } from '../../../src/core/pbs/pair-counts.ts';
import { SeededRandom } from '../../../src/core/seeded-random.ts';

function correlationOf(pairs: readonly (readonly [number, number])[]): number {
  const counts = new PairCounts();
  for (const [one, other] of pairs) counts.add(one, other);
  return counts.rankCorrelation();
}

it('is 1 when both rise together, however, and -1 when one falls', () => {
  expect(correlationOf([1, 2, 4, 8].map((ms) => [ms, ms ** 3]))).toBe(1);
  expect(correlationOf([1, 2, 4, 8].map((ms) => [ms, 1 / ms]))).toBe(-1);
});

it('is 0 when it cannot be told', () => {
  expect(correlationOf([])).toBe(0);
  expect(correlationOf([[3, 5]])).toBe(0);
  expect(correlationOf([1, 2, 3].map((ms) => [ms, 7]))).toBe(0);
});

it('is about the share of the pairs that are equal when the others are independent', () => {
  const random = new SeededRandom(3, 'pairs');
  const tail = (): number => 1 / (1 - random.float());
  for (const share of [0, 0.4, 1]) {
    const pairs = Array.from({ length: 8_000 }, () => {
      const one = tail();
      return [one, random.float() < share ? one : tail()] as const;
    });
    expect(Math.abs(correlationOf(pairs) - share)).toBeLessThan(0.05);
  }
});
