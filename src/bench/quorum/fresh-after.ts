/** From which time on is a share of the reads fresh, and do the reads that were counted show it?
 *  Invariant: a time is told only when the reads that began until then show the share, by the
 *  statistics of `coterie advise`: a few reads that all happened to be fresh show nothing.
 *  Not here: counting (freshness-counts.ts). */
import { shareInterval } from '../../core/pbs/advice.ts';
import type { FreshnessPoint } from './freshness-counts.ts';

export const FRESH_SHARE = 0.999;
/** So many reads of which none is stale show a share of 99.9 %, roughly. */
const READS_NEEDED = 4_000;
const NAMES_SHOWN = 3;

export type FreshVerdict = 'measured' | 'too few reads' | 'not reached';

export type FreshAfter =
  | { readonly verdict: 'measured'; readonly ms: number }
  | { readonly verdict: Exclude<FreshVerdict, 'measured'> };

/** The earliest measured time by which the reads show the share. Reads are only fresher later:
 *  those of the times just before speak for it too, those of later times may speak against it. */
export function freshAfter(points: readonly FreshnessPoint[], share: number): FreshAfter {
  for (const [at, { tMs }] of points.entries()) {
    const isShown = points.slice(0, at + 1).some((_, from) => {
      const [low] = shareInterval(sumOf(points.slice(from, at + 1)));
      return low >= share;
    });
    const later = points.slice(at + 1);
    const isDenied = later.length > 0 && shareInterval(sumOf(later))[1] < share;
    if (isShown && !isDenied) return { verdict: 'measured', ms: tMs };
  }
  const last = points.at(-1);
  const isMissed = last !== undefined && shareInterval(last)[1] < share;
  return { verdict: isMissed ? 'not reached' : 'too few reads' };
}

function sumOf(points: readonly FreshnessPoint[]): Pick<FreshnessPoint, 'fresh' | 'reads'> {
  let fresh = 0;
  let reads = 0;
  for (const point of points) {
    fresh += point.fresh;
    reads += point.reads;
  }
  return { fresh, reads };
}

/** For the settings of which it cannot be told; without those that promise it. */
export function tooFewReadsNotes(names: readonly string[]): readonly string[] {
  if (names.length === 0) return [];
  const shown = names.slice(0, NAMES_SHOWN).join('; ');
  const more = names.length > NAMES_SHOWN ? ` and ${names.length - NAMES_SHOWN} more` : '';
  return [
    `Not enough reads to say from when on 99.9 % are fresh at ${shown}${more}: it takes some ` +
      `${READS_NEEDED.toLocaleString('en-US')} until then of which none is stale. More --rounds, ` +
      'longer --slice-seconds or more --lanes give more.',
  ];
}
