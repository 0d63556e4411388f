/** Equal dots with different contents, met while the answers to a read were merged: a cloned disk
 *  or a fault, told to whoever runs the cluster.
 *  Not here: what is kept of the two (core/version/record.ts). */
import type { Dot } from '../../core/version/dot.ts';
import type { CoordinatorParts } from './parts.ts';
import type { Plan } from './plan.ts';

export function reportCollisions(
  { metrics, log }: Pick<CoordinatorParts, 'metrics' | 'log'>,
  { partition }: Plan,
  collisions: readonly Dot[],
): void {
  for (const { nodeIndex, seq } of collisions) {
    metrics.add('coterie_dot_collisions_total', {});
    log.error('dot-collision', { nodeIndex, seq, partition });
  }
}
