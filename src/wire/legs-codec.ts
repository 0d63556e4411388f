/** Counts of leg times between the message and the type of core.
 *  Invariant: what is decoded has buckets and cells that exist, and a count for each; legs of later
 *  software are left out. */
import { CoterieError } from '../core/errors.ts';
import { BUCKETS } from '../core/latency-counts.ts';
import { type EncodedLegCounts, LEGS } from '../core/pbs/leg-counts.ts';
import { CELLS } from '../core/pbs/pair-counts.ts';
import type { LegsReply } from './generated/coterie/v1/admin.ts';

export function legsToWire({ legs, pairs }: EncodedLegCounts): Pick<LegsReply, 'legs' | 'pairs'> {
  return {
    legs: LEGS.flatMap((leg) => {
      const counts = legs[leg];
      return counts === undefined
        ? []
        : [{ leg, buckets: [...counts.buckets], counts: [...counts.counts] }];
    }),
    pairs: { cells: [...pairs.cells], counts: [...pairs.counts] },
  };
}

/** Errors: MALFORMED_MESSAGE. */
export function legsFromWire({ legs, pairs }: LegsReply): EncodedLegCounts {
  const cells = pairs?.cells ?? [];
  const counts = pairs?.counts ?? [];
  checkCounts(cells, counts, CELLS * CELLS);
  const known = LEGS.flatMap((leg) => {
    const times = legs.find((found) => found.leg === leg);
    if (times === undefined) return [];
    checkCounts(times.buckets, times.counts, BUCKETS);
    return [[leg, { buckets: times.buckets, counts: times.counts }] as const];
  });
  return { legs: Object.fromEntries(known), pairs: { cells, counts } };
}

function checkCounts(places: readonly number[], counts: readonly number[], end: number): void {
  const areThere = places.every((place) => place < end);
  const areCounts = counts.every((count) => Number.isSafeInteger(count) && count >= 0);
  if (areThere && areCounts && places.length === counts.length) return;
  throw new CoterieError('MALFORMED_MESSAGE', 'Counts of leg times that cannot be');
}
