import { describe, expect, it } from 'vitest';
import { RandomStream } from '../../../src/sim/kernel/random-stream.ts';

describe('a random stream', () => {
  it('draws the same numbers on every machine', () => {
    const stream = new RandomStream(42, 'network');
    expect([stream.uint32(), stream.uint32(), stream.uint32()]).toEqual([
      622_823_791, 1_017_599_640, 2_349_125_606,
    ]);
    expect([...stream.bytes(4)]).toEqual([...new RandomStreamAfter(3).bytes(4)]);
  });

  it('differs from the stream of another label and of another seed', () => {
    const first = (seed: number, label: string) => new RandomStream(seed, label).uint32();
    const drawn = [first(1, 'a'), first(1, 'b'), first(2, 'a'), first(2 ** 40 + 1, 'a')];
    expect(new Set(drawn).size).toBe(4);
  });

  it('is spread evenly', () => {
    const stream = new RandomStream(7, 'even');
    const counts = new Array<number>(16).fill(0);
    for (let draw = 0; draw < 16_000; draw += 1) {
      const bin = stream.below(16);
      counts[bin] = (counts[bin] ?? 0) + 1;
    }
    expect(Math.min(...counts)).toBeGreaterThan(850);
    expect(Math.max(...counts)).toBeLessThan(1_150);
  });

  it('keeps to its ranges', () => {
    const stream = new RandomStream(9, 'ranges');
    let sum = 0;
    for (let draw = 0; draw < 10_000; draw += 1) {
      const value = stream.between(5, 6);
      expect(value >= 5 && value < 6).toBe(true);
      const delay = stream.exponential(10);
      expect(delay >= 0 && Number.isFinite(delay)).toBe(true);
      sum += delay;
    }
    expect(sum / 10_000).toBeGreaterThan(9.5);
    expect(sum / 10_000).toBeLessThan(10.5);
  });

  it('shuffles without losing anything, and leaves what it was given', () => {
    const items = [1, 2, 3, 4, 5, 6, 7, 8];
    const shuffled = new RandomStream(3, 'shuffle').shuffled(items);
    expect(shuffled).not.toEqual(items);
    expect([...shuffled].sort()).toEqual(items);
  });

  it('does not pick from nothing', () => {
    expect(() => new RandomStream(3, 'pick').pick([])).toThrow(RangeError);
  });
});

class RandomStreamAfter extends RandomStream {
  constructor(draws: number) {
    super(42, 'network');
    for (let draw = 0; draw < draws; draw += 1) this.uint32();
  }
}
