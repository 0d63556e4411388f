/** What was published of N = 3, to hold predictions against.
 *  [1] P. Bailis, S. Venkataraman, M. J. Franklin, J. M. Hellerstein, I. Stoica: Probabilistically
 *      Bounded Staleness for Practical Partial Quorums. PVLDB 5(8), 2012: table 4, section 5.6.
 *  [2] The same: Quantifying Eventual Consistency with PBS. CACM 57(8), 2014: table of section 5.5
 *      (the same figures without WAN), section 5.4.
 *  Latencies are of 1,000,000 reads and writes; the times t of 50,000, so that t is only known to
 *  some 10 %: see docs/benchmark.md. */
import type { ProfileName } from '../../../src/core/pbs/profile.ts';

export const SETTINGS = [
  { r: 1, w: 1 },
  { r: 1, w: 2 },
  { r: 2, w: 1 },
  { r: 2, w: 2 },
  { r: 3, w: 1 },
  { r: 1, w: 3 },
] as const;

/** For each setting the 99.9th percentile of reads and writes, and the time after the write at
 *  which 99.9 % of reads are fresh; milliseconds. */
type Row = readonly [readMs: number, writeMs: number, t999Ms: number];

export const TABLE_4: Readonly<Record<ProfileName, readonly Row[]>> = {
  'lnkd-ssd': [
    [0.66, 0.66, 1.85],
    [0.66, 1.63, 1.79],
    [1.63, 0.65, 0],
    [1.62, 1.64, 0],
    [4.14, 0.65, 0],
    [0.65, 4.09, 0],
  ],
  'lnkd-disk': [
    [0.66, 10.99, 45.5],
    [0.65, 20.97, 43.3],
    [1.63, 10.9, 13.6],
    [1.64, 20.96, 0],
    [4.12, 10.89, 0],
    [0.65, 112.65, 0],
  ],
  ymmr: [
    [5.58, 10.83, 1364],
    [5.61, 427.12, 1352],
    [32.6, 10.73, 202],
    [33.18, 428.11, 0],
    [219.27, 10.79, 0],
    [5.63, 1870.86, 0],
  ],
  wan: [
    [3.4, 55.12, 113],
    [3.4, 167.64, 0],
    [151.3, 56.36, 30.2],
    [151.31, 167.72, 0],
    [153.86, 55.19, 0],
    [3.44, 241.55, 0],
  ],
};

/** R = W = 1, right after the write: section 5.6 of [1], 5.4 of [2]. */
export const FRESH_AT_ONCE: Readonly<Record<ProfileName, number>> = {
  'lnkd-ssd': 0.974,
  'lnkd-disk': 0.439,
  ymmr: 0.893,
  wan: 0.33,
};

/** R = W = 1, later. */
export const FRESH_LATER: readonly {
  readonly profile: ProfileName;
  readonly t: number;
  readonly share: number;
}[] = [{ profile: 'lnkd-disk', t: 10, share: 0.925 }];
