/** How often were two latencies met together? A grid of counts, coarser than those of each alone.
 *  Invariants: memory is fixed; the correlation is from -1 to 1, and 0 when it cannot be told.
 *  Not here: what is paired (leg-counts.ts).
 *  Source: Spearman, "The Proof and Measurement of Association between Two Things", 1904: the
 *  correlation of ranks, so that a long tail counts for no more than its place in the order. What
 *  lies in one row or column shares its mean rank. */
import { assert } from '../errors.ts';
import { BUCKETS, bucketOf, countedPlaces } from '../latency-counts.ts';

/** Buckets of latencies that one row or column holds: four for each doubling. */
const BUCKETS_PER_CELL = 8;
export const CELLS = BUCKETS / BUCKETS_PER_CELL;

/** Cells that are not empty, row * CELLS + column, in rising order, and the count of each. */
export interface EncodedPairCounts {
  readonly cells: readonly number[];
  readonly counts: readonly number[];
}

export class PairCounts {
  readonly #counts = new Float64Array(CELLS * CELLS);

  add(oneMs: number, otherMs: number): void {
    const cell = cellOf(oneMs) * CELLS + cellOf(otherMs);
    this.#counts[cell] = (this.#counts[cell] ?? 0) + 1;
  }

  /** `sign` -1 takes away what was counted before. */
  merge({ cells, counts }: EncodedPairCounts, sign: 1 | -1 = 1): void {
    for (const [at, cell] of cells.entries()) {
      assert(cell < this.#counts.length, `cell ${cell} of ${this.#counts.length}`);
      this.#counts[cell] = (this.#counts[cell] ?? 0) + sign * (counts[at] ?? 0);
    }
  }

  encode(): EncodedPairCounts {
    const { places, counts } = countedPlaces(this.#counts);
    return { cells: places, counts };
  }

  rankCorrelation(): number {
    const rows = new Float64Array(CELLS);
    const columns = new Float64Array(CELLS);
    for (const [cell, count] of this.#counts.entries()) {
      const row = Math.floor(cell / CELLS);
      const column = cell % CELLS;
      rows[row] = (rows[row] ?? 0) + count;
      columns[column] = (columns[column] ?? 0) + count;
    }
    const ones = centredRanks(rows);
    const others = centredRanks(columns);
    let together = 0;
    for (const [cell, count] of this.#counts.entries()) {
      if (count === 0) continue;
      const one = ones[Math.floor(cell / CELLS)] ?? 0;
      together += count * one * (others[cell % CELLS] ?? 0);
    }
    const scale = Math.sqrt(spread(rows, ones) * spread(columns, others));
    return scale === 0 ? 0 : Math.max(-1, Math.min(1, together / scale));
  }
}

function cellOf(ms: number): number {
  return Math.floor(bucketOf(ms) / BUCKETS_PER_CELL);
}

/** Mean rank of what is in each class, less the mean rank of all. */
function centredRanks(counts: Float64Array): Float64Array {
  const total = counts.reduce((sum, count) => sum + count, 0);
  let before = 0;
  return counts.map((count) => {
    const mean = before + (count - 1) / 2;
    before += count;
    return mean - (total - 1) / 2;
  });
}

function spread(counts: Float64Array, ranks: Float64Array): number {
  return counts.reduce((sum, count, at) => sum + count * (ranks[at] ?? 0) ** 2, 0);
}
