import { describe, expect, it } from 'vitest';
import { Latencies } from '../../src/bench/latencies.ts';
import { Outcomes } from '../../src/bench/outcomes.ts';
import { SeededRandom } from '../../src/core/seeded-random.ts';

function sample(count: number, seed: number): number[] {
  const random = new SeededRandom(seed, 'latencies');
  return Array.from({ length: count }, () => 0.05 + 200 * random.float() ** 6);
}

function of(samples: readonly number[]): Latencies {
  const latencies = new Latencies();
  for (const ms of samples) latencies.add(ms);
  return latencies;
}

describe('latencies', () => {
  it.each([0.5, 0.9, 0.99, 0.999])(
    'has the %d percentile of the sample, within 0.1 percent',
    (share) => {
      const samples = sample(20_000, 1);
      const exact = samples.toSorted((a, b) => a - b)[Math.ceil(share * samples.length) - 1] ?? 0;
      const measured = of(samples).percentileMs(share) ?? 0;
      expect(Math.abs(measured - exact)).toBeLessThanOrEqual(exact * 0.001 + 0.001);
    },
  );

  it('keeps the largest and the mean as they are', () => {
    const samples = sample(5_000, 2);
    const { maxMs, meanMs, count } = of(samples).summary();
    expect(maxMs).toBe(Math.max(...samples));
    expect(meanMs).toBeCloseTo(samples.reduce((a, b) => a + b) / samples.length, 9);
    expect(count).toBe(5_000);
  });

  it('of parts, sent and put together, are those of the whole', () => {
    const parts = [sample(3_000, 3), sample(10, 4), [], sample(2_000, 5)];
    const merged = new Latencies();
    for (const part of parts) {
      merged.merge(Latencies.decode(JSON.parse(JSON.stringify(of(part).encode()))));
    }
    const whole = of(parts.flat()).summary();
    expect(merged.summary()).toEqual({ ...whole, meanMs: expect.closeTo(whole.meanMs ?? 0, 9) });
  });

  it('has no percentiles of nothing', () => {
    expect(new Latencies().summary()).toEqual({
      count: 0,
      p50Ms: null,
      p99Ms: null,
      p999Ms: null,
      maxMs: null,
      meanMs: null,
    });
  });

  it('counts what took no time or longer than an hour', () => {
    const { count, maxMs } = of([0, 5_000_000]).summary();
    expect({ count, maxMs }).toEqual({ count: 2, maxMs: 5_000_000 });
  });
});

describe('outcomes', () => {
  it('of several clients add up, errors by code and the most frequent first', () => {
    const one = new Outcomes();
    one.took('read', 1);
    one.operations = 3;
    one.succeeded = 1;
    one.failed('OVERLOADED');
    one.failed('NO_REPLICA');
    const other = new Outcomes();
    other.took('write', 2);
    other.operations = 2;
    other.succeeded = 1;
    other.notFound = 1;
    other.failed('OVERLOADED');
    one.merge(Outcomes.decode(JSON.parse(JSON.stringify(other.encode()))));
    expect(one).toMatchObject({ operations: 5, succeeded: 2, notFound: 1, errorCount: 3 });
    expect(Object.entries(one.errors)).toEqual([
      ['OVERLOADED', 2],
      ['NO_REPLICA', 1],
    ]);
    expect([one.read.count, one.write.count, one.rmw.count]).toEqual([1, 1, 0]);
  });

  it('tell the p99 of what came since it was last asked for', () => {
    const outcomes = new Outcomes();
    outcomes.took('read', 100);
    expect(outcomes.takeRecentP99Ms()).toBe(100);
    outcomes.took('write', 1);
    expect(outcomes.takeRecentP99Ms()).toBe(1);
    expect(outcomes.takeRecentP99Ms()).toBeNull();
    expect(outcomes.read.count).toBe(1);
  });
});
