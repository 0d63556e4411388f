import { expect, it } from 'vitest';
import { BUCKETS, bucketOf, LatencyCounts } from '../../src/core/latency-counts.ts';

it.each([
  // Microseconds one by one, then 32 buckets for each doubling.
  [0, 0],
  [0.000_9, 0],
  [0.001, 1],
  [0.063, 63],
  [0.064, 64],
  [0.065, 64],
  [0.066, 65],
  [0.127, 95],
  [0.128, 96],
  [1, 190],
  [1_000, 509],
  [4_294_967, 895],
  [1e12, 895],
  [-3, 0],
])('%f ms is in bucket %i', (ms, bucket) => {
  expect(bucketOf(ms)).toBe(bucket);
  expect(bucket).toBeLessThan(BUCKETS);
});

it('quantiles are the times that were met, as near as a bucket is wide', () => {
  const counts = new LatencyCounts();
  for (let ms = 1; ms <= 1_000; ms += 1) counts.add(ms);
  const shares = [0, 0.5, 0.99, 1];
  const found = counts.quantilesMs(shares);
  for (const [at, share] of shares.entries()) {
    const exact = 1 + share * 999;
    expect(Math.abs((found[at] ?? 0) / exact - 1)).toBeLessThan(1 / 32);
  }
});

it('what came between two looks is their difference', () => {
  const counts = new LatencyCounts();
  for (const ms of [1, 1, 5]) counts.add(ms);
  const before = counts.encode();
  for (const ms of [5, 9]) counts.add(ms);
  const between = new LatencyCounts();
  between.merge(counts.encode());
  between.merge(before, -1);
  expect(between.count).toBe(2);
  expect(between.encode()).toEqual({ buckets: [bucketOf(5), bucketOf(9)], counts: [1, 1] });
});

it('of nothing all quantiles are 0', () => {
  expect(new LatencyCounts().quantilesMs([0, 1])).toEqual([0, 0]);
});
