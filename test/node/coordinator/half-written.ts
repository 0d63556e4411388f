/** Replicas that differ, as failed and unlucky writes leave them. */
import { untilAllAlive } from '../gossip/members-rig.ts';
import type { Cluster } from '../rig.ts';

interface Content {
  readonly value: string;
  /** Replaces what the holder has. */
  readonly overwrite?: boolean;
}

/** The value is on these alone, the first of which minted it: the others were out of reach. */
export async function putOn(
  cluster: Cluster,
  holders: readonly string[],
  key: string,
  { value, overwrite = false }: Content,
): Promise<void> {
  const [minter = ''] = holders;
  const others = cluster.nodes.filter(({ name }) => !holders.includes(name));
  const { address } = cluster.node(minter);
  for (const other of others) cluster.network.part(address, other.address);
  await cluster.put(minter, { key, value, overwrite, w: holders.length });
  for (const other of others) cluster.network.heal(address, other.address);
  await cluster.untilLinked();
  // Who was out of reach is avoided until gossip has heard of it again.
  await untilAllAlive(cluster);
}
