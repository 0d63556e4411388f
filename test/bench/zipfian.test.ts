import { describe, expect, it, test } from 'vitest';
import { fnvModulo, ScrambledZipfian, THETA, Zipfian, zetaSum } from '../../src/bench/zipfian.ts';
import { SeededRandom } from '../../src/core/seeded-random.ts';

const DRAWS = 200_000;

function countsOf(items: number, next: () => number): Float64Array {
  const counts = new Float64Array(items);
  for (let draw = 0; draw < DRAWS; draw += 1) {
    const at = next();
    counts[at] = (counts[at] ?? 0) + 1;
  }
  return counts;
}

/** Of a share `p` of the draws, what chance may add or take: five standard deviations. */
function slack(p: number): number {
  return 5 * Math.sqrt((p * (1 - p)) / DRAWS);
}

describe('zipfian ranks', () => {
  test('the first two come as often as the law says, within chance', () => {
    const items = 1_000;
    const zipfian = new Zipfian(new SeededRandom(7, 'ranks'), items);
    const counts = countsOf(items, () => zipfian.next());
    for (const rank of [0, 1]) {
      const p = 1 / (rank + 1) ** THETA / zetaSum(0, items, THETA);
      expect(Math.abs((counts[rank] ?? 0) / DRAWS - p)).toBeLessThan(slack(p));
    }
  });

  test('each doubling of ranks gets the share of the law, within what the approximation leaves out', () => {
    const items = 1_024;
    const zipfian = new Zipfian(new SeededRandom(8, 'ranks'), items);
    const counts = countsOf(items, () => zipfian.next());
    const whole = zetaSum(0, items, THETA);
    for (let from = 2; from < items; from *= 2) {
      const p = zetaSum(from, 2 * from, THETA) / whole;
      let drawn = 0;
      for (let rank = from; rank < 2 * from; rank += 1) drawn += counts[rank] ?? 0;
      expect(Math.abs(drawn / DRAWS - p)).toBeLessThan(0.15 * p + slack(p));
    }
  });

  it('grown by parts draws what one of the whole size draws', () => {
    const grown = new Zipfian(new SeededRandom(9, 'ranks'), 10);
    for (const items of [11, 50, 1_000]) grown.grow(items);
    const whole = new Zipfian(new SeededRandom(9, 'ranks'), 1_000);
    expect(grown.items).toBe(1_000);
    expect(Array.from({ length: 1_000 }, () => grown.next())).toEqual(
      Array.from({ length: 1_000 }, () => whole.next()),
    );
  });

  it.each([1, 2, 3])('of %i items are all within', (items) => {
    const zipfian = new Zipfian(new SeededRandom(1, 'ranks'), items);
    for (let draw = 0; draw < 1_000; draw += 1) {
      const rank = zipfian.next();
      expect(rank >= 0 && rank < items).toBe(true);
    }
  });
});

describe('scrambled zipfian', () => {
  it('has the hottest item where the hash puts rank 0, with the share of the large set', () => {
    const items = 1_000;
    const scrambled = new ScrambledZipfian(new SeededRandom(3, 'ranks'), items);
    const counts = countsOf(items, () => scrambled.next());
    const hottest = counts.indexOf(Math.max(...counts));
    expect(hottest).toBe(fnvModulo(0, items));
    // 1 / zeta of YCSB's ten thousand million, and its part of the ranks that fall on it by chance.
    expect((counts[hottest] ?? 0) / DRAWS).toBeGreaterThan(1 / 26.46902820178302 - slack(0.04));
  });

  it('spreads the ten hottest ranks over the range, and misses no tenth of it', () => {
    const items = 10_000;
    const hottest = Array.from({ length: 10 }, (_, rank) => fnvModulo(rank, items));
    expect(new Set(hottest.map((item) => Math.floor(item / 1_000))).size).toBeGreaterThan(4);
    const scrambled = new ScrambledZipfian(new SeededRandom(4, 'ranks'), items);
    const counts = countsOf(items, () => scrambled.next());
    for (let from = 0; from < items; from += 1_000) {
      const share = counts.slice(from, from + 1_000).reduce((sum, count) => sum + count) / DRAWS;
      expect(share).toBeGreaterThan(0.04);
    }
  });
});

describe('the hash', () => {
  it.each([0, 1, 2, 255, 256, 65_535, 4_294_967_296, 9_999_999_999, 2 ** 53 - 1])(
    'of %d is that of 64-bit arithmetic',
    (value) => {
      const mask = (1n << 64n) - 1n;
      let hash = 0xcbf29ce484222325n;
      for (let octet = 0n; octet < 8n; octet += 1n) {
        hash ^= (BigInt(value) >> (8n * octet)) & 255n;
        hash = (hash * 1_099_511_628_211n) & mask;
      }
      const signed = BigInt.asIntN(64, hash);
      const absolute = signed < 0n ? -signed : signed;
      for (const count of [1, 2, 1_000, 10_007, 2 ** 32 + 1]) {
        expect(fnvModulo(value, count)).toBe(Number(absolute % BigInt(count)));
      }
    },
  );
});
