/** How long the legs of requests took between two looks at the nodes of a cluster.
 *  Not here: looking (client/node-legs.ts). */
import type { NodeLegs } from '../client/node-legs.ts';
import { LegCounts } from '../core/pbs/leg-counts.ts';

/** What the nodes that are in both have counted in between. */
export function legsBetween(before: readonly NodeLegs[], after: readonly NodeLegs[]): LegCounts {
  const sum = new LegCounts();
  for (const { start, counts } of after) {
    const earlier = before.find((found) => found.start === start);
    if (earlier === undefined) continue;
    sum.merge(counts);
    sum.merge(earlier.counts, -1);
  }
  return sum;
}
