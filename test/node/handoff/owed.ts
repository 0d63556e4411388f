/** How the hints of a node are spoken of in tests. */
import type { Cluster } from '../rig.ts';

/** Hints that a node holds for others, as `n3: 2`. */
export function owed(cluster: Cluster, holder: string): string[] {
  const hints = cluster.node(holder).node.repairs?.hints() ?? [];
  return hints.map(({ target, count }) => {
    const name = cluster.nodes.find(({ name: each }) => cluster.indexOf(each) === target)?.name;
    return `${name}: ${count}`;
  });
}
