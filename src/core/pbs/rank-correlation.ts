/** Are two things large together? Spearman's rank correlation: that of their ranks, so that a long
 *  tail counts for no more than its place in the order.
 *  Invariant: from -1 to 1; 0 when it cannot be told.
 *  Source: Spearman, "The Proof and Measurement of Association between Two Things", 1904. */

/** Of pairs at equal places; what is longer is cut. */
export function rankCorrelation(ones: readonly number[], others: readonly number[]): number {
  const count = Math.min(ones.length, others.length);
  const a = ranksOf(ones.slice(0, count));
  const b = ranksOf(others.slice(0, count));
  const mean = (count - 1) / 2;
  let together = 0;
  let ofOnes = 0;
  let ofOthers = 0;
  for (let at = 0; at < count; at += 1) {
    const one = (a[at] ?? 0) - mean;
    const other = (b[at] ?? 0) - mean;
    together += one * other;
    ofOnes += one * one;
    ofOthers += other * other;
  }
  const scale = Math.sqrt(ofOnes * ofOthers);
  return scale === 0 ? 0 : Math.max(-1, Math.min(1, together / scale));
}

/** From 0; equal values share the mean of their ranks. */
function ranksOf(values: readonly number[]): Float64Array {
  const order = values.map((_, at) => at).sort((x, y) => (values[x] ?? 0) - (values[y] ?? 0));
  const ranks = new Float64Array(values.length);
  for (let from = 0; from < order.length; ) {
    let end = from + 1;
    while (end < order.length && values[order[end] ?? 0] === values[order[from] ?? 0]) end += 1;
    for (let place = from; place < end; place += 1) {
      ranks[order[place] ?? 0] = (from + end - 1) / 2;
    }
    from = end;
  }
  return ranks;
}
