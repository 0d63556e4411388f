/** How many versions may a read be behind, and do reads of one client go back?
 *  Invariants: all results are probabilities; within more versions is never less likely; the laws
 *  of random quorums are a lower bound for quorums that grow after the acknowledgement, as all do.
 *  Not here: how likely one read is stale (trials.ts). Versions are taken to be independent of each
 *  other, and all of them to be as young as the last one: real writes are further apart, so the
 *  truth is better.
 *  Source: Bailis et al., "Probabilistically Bounded Staleness", VLDB 2012, equations 1 to 3 and
 *  section 3.5. */
import { assert } from '../errors.ts';

/** P(a read at R sees none of the replicas that a write at W has reached), quorums being drawn at
 *  random and not growing: (N - W over R) / (N over R). */
export function missOfRandomQuorums(n: number, r: number, w: number): number {
  assert(r >= 1 && r <= n && w >= 1 && w <= n, `no quorums: n ${n}, r ${r}, w ${w}`);
  let miss = 1;
  for (let asked = 0; asked < r; asked += 1) miss *= Math.max(0, n - w - asked) / (n - asked);
  return miss;
}

/** P(a read returns one of the last k versions) for k = 1 to `versions`; `miss`: P(it does not
 *  return the last one). */
export function withinVersions(miss: number, versions: number): number[] {
  const within: number[] = [];
  let allMissed = 1;
  for (let version = 0; version < versions; version += 1) {
    allMissed *= miss;
    within.push(1 - allMissed);
  }
  return within;
}

/** P(a read is not older than the one before it of the same client), others writing the key
 *  `writesPerRead` times between the two: the second must miss that many versions and one more to
 *  be older. A whole number, 0 or more. */
export function monotonicReads(miss: number, writesPerRead: number): number {
  return withinVersions(miss, writesPerRead + 1).at(-1) ?? 1;
}
