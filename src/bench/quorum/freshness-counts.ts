/** How many of the reads that began so long after the acknowledgement of a write returned it, and
 *  how many versions the others were behind.
 *  Invariant: each read is in one bin, by when it really began, not by when it was meant to.
 *  Not here: writing and reading (freshness-probe.ts). */

/** Ends of the bins in milliseconds; the last bin has none. */
const ENDS_MS: readonly number[] = [0.5, 1.5, 2.5, 4, 6, 10, 15, 25, 40, 70];
const VERSIONS = 10;
const DECIMALS = 1_000;

/** As it travels between processes. */
export interface EncodedFreshness {
  /** For each bin: sum of the times, reads, and fresh ones among them. */
  readonly bins: readonly (readonly [number, number, number])[];
  /** Of reads in the first bin: by how many versions they were behind; the last is that many or
   *  more. */
  readonly behind: readonly number[];
}

/** `tMs` is the mean of the times in its bin. */
export interface FreshnessPoint {
  readonly tMs: number;
  readonly fresh: number;
  readonly reads: number;
}

export class FreshnessCounts {
  readonly #bins = Array.from({ length: ENDS_MS.length + 1 }, () => ({
    sumMs: 0,
    reads: 0,
    fresh: 0,
  }));
  readonly #behind: number[] = Array.from({ length: VERSIONS + 1 }, () => 0);

  /** A read that began `tMs` after the acknowledgement; `behind`: so many versions, 0 is fresh. */
  add(tMs: number, behind: number): void {
    const at = ENDS_MS.findIndex((endMs) => tMs < endMs);
    const bin = this.#bins.at(at);
    if (bin === undefined) return;
    bin.sumMs += tMs;
    bin.reads += 1;
    if (behind === 0) bin.fresh += 1;
    if (at !== 0) return;
    const slot = Math.min(VERSIONS, behind);
    this.#behind[slot] = (this.#behind[slot] ?? 0) + 1;
  }

  merge({ bins, behind }: EncodedFreshness): void {
    for (const [at, bin] of this.#bins.entries()) {
      const [sumMs, reads, fresh] = bins[at] ?? [0, 0, 0];
      bin.sumMs += sumMs;
      bin.reads += reads;
      bin.fresh += fresh;
    }
    for (const [at, count] of behind.entries()) {
      this.#behind[at] = (this.#behind[at] ?? 0) + count;
    }
  }

  encode(): EncodedFreshness {
    return {
      bins: this.#bins.map(({ sumMs, reads, fresh }) => [sumMs, reads, fresh] as const),
      behind: [...this.#behind],
    };
  }

  get reads(): number {
    return this.#bins.reduce((sum, { reads }) => sum + reads, 0);
  }

  get stale(): number {
    return this.#bins.reduce((sum, { reads, fresh }) => sum + reads - fresh, 0);
  }

  /** Fresh reads and reads of the first bin. */
  get atOnce(): readonly [fresh: number, reads: number] {
    const { fresh, reads } = this.#bins[0] ?? { fresh: 0, reads: 0 };
    return [fresh, reads];
  }

  /** Of bins that have reads, by rising time. */
  get points(): FreshnessPoint[] {
    return this.#bins
      .filter(({ reads }) => reads > 0)
      .map(({ sumMs, reads, fresh }) => ({
        tMs: Math.round((sumMs / reads) * DECIMALS) / DECIMALS,
        fresh,
        reads,
      }));
  }

  /** P(a read right after the write returns one of the last k versions), k from 1 on; empty when
   *  there were none. */
  get kStale(): number[] {
    const total = this.#behind.reduce((sum, count) => sum + count, 0);
    if (total === 0) return [];
    let within = 0;
    return this.#behind.slice(0, VERSIONS).map((count) => {
      within += count;
      return within / total;
    });
  }
}
