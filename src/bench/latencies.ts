/** Latencies in an HdrHistogram: microseconds up to an hour with three significant digits, in
 *  memory that does not grow with their number. The largest one is kept as it is. */
import {
  build,
  decodeFromCompressedBase64,
  encodeIntoCompressedBase64,
  type Histogram,
} from 'hdr-histogram-js';

/** As it travels between processes: base64 of the compressed HdrHistogram V2 format. */
export interface EncodedLatencies {
  readonly histogram: string;
  readonly sumMs: number;
  readonly maxMs: number;
}

export interface LatencySummary {
  readonly count: number;
  /** null when there are none; so are the others. */
  readonly p50Ms: number | null;
  readonly p99Ms: number | null;
  readonly p999Ms: number | null;
  readonly maxMs: number | null;
  readonly meanMs: number | null;
}

const HIGHEST_US = 3_600_000_000;
const US_PER_MS = 1_000;

export class Latencies {
  #histogram: Histogram | undefined;
  #sumMs = 0;
  #maxMs = 0;

  get count(): number {
    return this.#histogram?.totalCount ?? 0;
  }

  add(latencyMs: number): void {
    const us = Math.round(latencyMs * US_PER_MS);
    this.#counts().recordValue(Math.min(HIGHEST_US, Math.max(1, us)));
    this.#sumMs += latencyMs;
    if (latencyMs > this.#maxMs) this.#maxMs = latencyMs;
  }

  merge(other: Latencies): void {
    if (other.#histogram === undefined) return;
    this.#counts().add(other.#histogram);
    this.#sumMs += other.#sumMs;
    this.#maxMs = Math.max(this.#maxMs, other.#maxMs);
  }

  /** `share` from 0 to 1; undefined when there are none. */
  percentileMs(share: number): number | undefined {
    if (this.count === 0) return undefined;
    return Math.min(this.#maxMs, this.#counts().getValueAtPercentile(share * 100) / US_PER_MS);
  }

  summary(): LatencySummary {
    const at = (share: number): number | null => this.percentileMs(share) ?? null;
    const isEmpty = this.count === 0;
    return {
      count: this.count,
      p50Ms: at(0.5),
      p99Ms: at(0.99),
      p999Ms: at(0.999),
      maxMs: isEmpty ? null : this.#maxMs,
      meanMs: isEmpty ? null : this.#sumMs / this.count,
    };
  }

  encode(): EncodedLatencies {
    const histogram = this.count === 0 ? '' : encodeIntoCompressedBase64(this.#counts());
    return { histogram, sumMs: this.#sumMs, maxMs: this.#maxMs };
  }

  static decode({ histogram, sumMs, maxMs }: EncodedLatencies): Latencies {
    const latencies = new Latencies();
    if (histogram === '') return latencies;
    // Into one of our range: what is decoded has the range of its largest value.
    latencies.#counts().add(decodeFromCompressedBase64(histogram));
    latencies.#sumMs = sumMs;
    latencies.#maxMs = maxMs;
    return latencies;
  }

  reset(): void {
    this.#histogram?.reset();
    this.#sumMs = 0;
    this.#maxMs = 0;
  }

  /** Made when the first one comes: many stay empty. */
  #counts(): Histogram {
    this.#histogram ??= build({
      bitBucketSize: 32,
      lowestDiscernibleValue: 1,
      highestTrackableValue: HIGHEST_US,
      numberOfSignificantValueDigits: 3,
      autoResize: false,
    });
    return this.#histogram;
  }
}
