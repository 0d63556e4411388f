import fc from 'fast-check';
import { expect, it } from 'vitest';
import { bucketOf, LatencyCounts } from '../../src/core/latency-counts.ts';

const times = fc.array(fc.double({ min: 0, max: 4e6, noNaN: true }), {
  minLength: 1,
  maxLength: 60,
});

it('a quantile is in the bucket of the time that has its rank', () => {
  fc.assert(
    fc.property(times, fc.double({ min: 0, max: 1, noNaN: true }), (all, share) => {
      const counts = new LatencyCounts();
      for (const ms of all) counts.add(ms);
      const sorted = [...all].sort((a, b) => a - b);
      const rank = share * (all.length - 1);
      const [found = 0] = counts.quantilesMs([share]);
      const least = bucketOf(sorted[Math.floor(rank)] ?? 0);
      const most = bucketOf(sorted[Math.ceil(rank)] ?? 0);
      expect(bucketOf(found)).toBeGreaterThanOrEqual(least);
      // The end of a bucket is the begin of the next one.
      expect(bucketOf(found)).toBeLessThanOrEqual(most + 1);
    }),
  );
});

it('a larger time is in no lower bucket, and merging is counting all', () => {
  fc.assert(
    fc.property(times, times, (ones, others) => {
      const sorted = [...ones].sort((a, b) => a - b).map(bucketOf);
      expect([...sorted].sort((a, b) => a - b)).toEqual(sorted);
      const [one, other, all] = [new LatencyCounts(), new LatencyCounts(), new LatencyCounts()];
      for (const ms of ones) one.add(ms);
      for (const ms of others) other.add(ms);
      for (const ms of [...ones, ...others]) all.add(ms);
      one.merge(other.encode());
      expect(one.encode()).toEqual(all.encode());
      one.merge(other.encode(), -1);
      one.merge(one.encode(), -1);
      expect([one.count, one.encode().buckets]).toEqual([0, []]);
    }),
  );
});
