/** How often was each latency met? A histogram that never forgets, so that what came between two
 *  looks at it is their difference.
 *  Buckets are of whole microseconds: one each below 64, and 32 of equal width for each doubling
 *  from there on, so a bucket is at most a thirty-second part of its latency wide.
 *  Invariants: memory is fixed (BUCKETS counts); a count is exact up to 2^53; a quantile lies in
 *  the bucket of the latency that has that rank.
 *  Not here: what is timed (core/pbs/leg-counts.ts).
 *  Source: the bucketing of HdrHistogram (G. Tene, hdrhistogram.org). */
import { assert } from './errors.ts';

/** Up to 2^32 microseconds, some 71 minutes; what took longer counts as that. */
export const BUCKETS = 896;
const SUB_BUCKET_BITS = 5;
const SUB_BUCKETS = 2 ** SUB_BUCKET_BITS;
const MICROSECONDS_MAX = 2 ** 32 - 1;

/** Buckets that are not empty, in rising order, and the count of each. */
export interface EncodedLatencyCounts {
  readonly buckets: readonly number[];
  readonly counts: readonly number[];
}

export class LatencyCounts {
  readonly #counts = new Float64Array(BUCKETS);
  #total = 0;

  get count(): number {
    return this.#total;
  }

  /** Below 0 counts as 0: clocks that are compared may disagree. */
  add(ms: number): void {
    const bucket = bucketOf(ms);
    this.#counts[bucket] = (this.#counts[bucket] ?? 0) + 1;
    this.#total += 1;
  }

  /** `sign` -1 takes away what was counted before. */
  merge({ buckets, counts }: EncodedLatencyCounts, sign: 1 | -1 = 1): void {
    for (const [at, bucket] of buckets.entries()) {
      assert(bucket < BUCKETS, `bucket ${bucket} of ${BUCKETS}`);
      const count = sign * (counts[at] ?? 0);
      this.#counts[bucket] = (this.#counts[bucket] ?? 0) + count;
      this.#total += count;
    }
  }

  encode(): EncodedLatencyCounts {
    const { places, counts } = countedPlaces(this.#counts);
    return { buckets: places, counts };
  }

  /** Of each share, 0 to 1 and rising; latencies of one bucket are held to lie evenly in it. Zeros
   *  when nothing was counted. Costs O(BUCKETS + shares). */
  quantilesMs(shares: readonly number[]): number[] {
    const last = Math.max(0, this.#total - 1);
    let bucket = 0;
    let before = 0;
    return shares.map((share) => {
      if (this.#total === 0) return 0;
      const rank = share * last;
      while (bucket < BUCKETS - 1 && before + (this.#counts[bucket] ?? 0) <= rank) {
        before += this.#counts[bucket] ?? 0;
        bucket += 1;
      }
      const part = (rank - before + 0.5) / Math.max(1, this.#counts[bucket] ?? 1);
      return (lowestUs(bucket) + Math.min(1, part) * widthUs(bucket)) / 1_000;
    });
  }
}

/** Where something was counted, in rising order, and how much of it. */
export function countedPlaces(all: Float64Array): { places: number[]; counts: number[] } {
  const places: number[] = [];
  const counts: number[] = [];
  for (const [place, count] of all.entries()) {
    if (count === 0) continue;
    places.push(place);
    counts.push(count);
  }
  return { places, counts };
}

export function bucketOf(ms: number): number {
  const us = Math.floor(Math.max(0, Math.min(MICROSECONDS_MAX, ms * 1_000)));
  const shift = Math.max(0, 31 - Math.clz32(us) - SUB_BUCKET_BITS);
  return shift * SUB_BUCKETS + (us >>> shift);
}

function lowestUs(bucket: number): number {
  const shift = shiftOf(bucket);
  return (bucket - shift * SUB_BUCKETS) * 2 ** shift;
}

function widthUs(bucket: number): number {
  return 2 ** shiftOf(bucket);
}

function shiftOf(bucket: number): number {
  return Math.max(0, Math.floor(bucket / SUB_BUCKETS) - 1);
}
