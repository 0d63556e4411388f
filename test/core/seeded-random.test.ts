import { expect, it } from 'vitest';
import { SeededRandom } from '../../src/core/seeded-random.ts';

it('draws the same numbers on every machine', () => {
  const random = new SeededRandom(42, 'network');
  expect([random.uint32(), random.uint32(), random.uint32()]).toEqual([
    622_823_791, 1_017_599_640, 2_349_125_606,
  ]);
  expect(random.float()).toBe(new SeededAfter(3).uint32() / 2 ** 32);
});

it('differs from the stream of another label and of another seed, beyond 32 bits too', () => {
  const first = (seed: number, label: string) => new SeededRandom(seed, label).uint32();
  const drawn = [first(1, 'a'), first(1, 'b'), first(2, 'a'), first(2 ** 40 + 1, 'a')];
  expect(new Set(drawn).size).toBe(4);
});

it('is spread evenly', () => {
  const values = new Float64Array(160_000);
  new SeededRandom(7, 'even').fill(values);
  const counts = new Array<number>(16).fill(0);
  for (const value of values) {
    const bin = Math.floor(value * 16);
    counts[bin] = (counts[bin] ?? 0) + 1;
  }
  expect(Math.min(...counts)).toBeGreaterThan(9_500);
  expect(Math.max(...counts)).toBeLessThan(10_500);
});

class SeededAfter extends SeededRandom {
  constructor(draws: number) {
    super(42, 'network');
    for (let draw = 0; draw < draws; draw += 1) this.uint32();
  }
}
