/** Who may stand in for the replicas of a partition that do not answer, and in which order are they
 *  asked?
 *  Invariants: every member that owns no replica of the partition is named once; members of zones
 *  that the replicas are not in come first, for what took a replica away may have taken its zone;
 *  the order is the same at every node that has the layout.
 *  Not here: who of them is alive (node/coordinator/stand-ins.ts).
 *  Source: DeCandia et al. 2007 §4.6: the next nodes on the ring. Here these are the owners of the
 *  partitions that follow, so that neighbours of one partition are not those of the next. */
import type { Ring } from './ring.ts';

/** Cost: as many partitions as it takes to meet every member. */
export function fallbackOrder(ring: Ring, partition: number): number[] {
  const replicas = ring.replicasOf(partition);
  const others = ring.layout.roles.length - replicas.length;
  const met = new Set<number>();
  const { partitions } = ring.layout;
  for (let step = 1; step < partitions && met.size < others; step += 1) {
    for (const nodeIndex of ring.replicasOf((partition + step) % partitions)) {
      if (!replicas.includes(nodeIndex)) met.add(nodeIndex);
    }
  }
  // Those that own nothing.
  for (const { nodeIndex } of ring.layout.roles) {
    if (!replicas.includes(nodeIndex)) met.add(nodeIndex);
  }
  const zones = new Set(replicas.map((nodeIndex) => zoneOf(ring, nodeIndex)));
  const order = [...met];
  const isElsewhere = (nodeIndex: number): boolean => !zones.has(zoneOf(ring, nodeIndex));
  return [...order.filter(isElsewhere), ...order.filter((nodeIndex) => !isElsewhere(nodeIndex))];
}

function zoneOf(ring: Ring, nodeIndex: number): string {
  const role = ring.role(nodeIndex);
  return role === undefined ? '' : `${role.datacentre}/${role.zone}`;
}
