/** A blocking repair over two datacentres: whoever fails is replaced by a replica that can stand in
 *  for it. */
import { expect, test } from 'vitest';
import { watch } from '../../client/client-rig.ts';
import { getRequest } from '../requests.ts';
import { type Cluster, startCluster } from '../rig.ts';

const NODES = ['a1', 'a2', 'a3', 'b1', 'b2', 'b3'].map((name) => ({
  name,
  datacentre: `dc-${name[0]}`,
}));

/** Of each datacentre, in the order in which they are asked; the one that is asked goes first. */
function inOrder(cluster: Cluster, key: string): { near: string[]; far: string[] } {
  const replicas = cluster.replicasOf(key);
  const near = replicas.filter((name) => name.startsWith('a') && name !== 'a1');
  return { near, far: replicas.filter((name) => name.startsWith('b')) };
}

test('in a repair a failed replica is replaced by one of its datacentre', async () => {
  await using cluster = await startCluster({ nodes: NODES, replicas: 6, partitions: 64 });
  // The spare of the near datacentre stands before that of the far one.
  const key = cluster.keyWhere((replicas) => replicas.at(-1)?.startsWith('b') ?? false);
  const { near, far } = inOrder(cluster, key);
  const others = cluster.nodes.filter(({ name }) => name !== 'a1');
  for (const other of others) other.requests.hold();
  await cluster.put('a1', { key, value: 'v', level: 'one' });
  await cluster.advance(1_500);
  for (const other of others) other.requests.drop();
  const [slow = '', nearSpare = ''] = near;
  const [failing = '', ...rest] = far;
  cluster.node(failing).engine.pretendFree(0);
  await cluster.advance(1_500);
  cluster.node(slow).engine.holdBatches();
  const request = getRequest({ key, level: 'each_quorum', timeoutMs: 900 });
  const read = watch(cluster.node('a1').kv.get(request));
  await cluster.settle();
  expect(read.isSettled).toBe(false);
  cluster.node(slow).engine.releaseBatches();
  await cluster.advance(1_000);
  expect(read.value?.found).toBe(true);
  for (const name of rest) expect(await cluster.held(name, key)).toEqual(['v']);
  expect(await cluster.held(nearSpare, key)).toEqual([]);
});
