/** A read whose replicas are later than they use to be asks one more, if reads before it saved up
 *  for that. */
import { expect, test } from 'vitest';
import { type Watched, watch } from '../../client/client-rig.ts';
import { getRequest, putRequest } from '../requests.ts';
import { type Cluster, startCluster, startThree } from '../rig.ts';

const USUAL_MS = 4;

/** A read during which the others answer after so long. */
async function read(
  cluster: Cluster,
  fields: { key?: string; level?: 'quorum' | 'each_quorum'; tookMs?: number } = {},
): Promise<void> {
  const { key = 'k', level = 'quorum', tookMs = USUAL_MS } = fields;
  const others = cluster.nodes.filter(({ name }) => name !== cluster.nodes[0]?.name);
  for (const other of others) other.requests.hold();
  const get = watch(cluster.nodes[0]!.kv.get(getRequest({ key, level })));
  await cluster.advance(tookMs);
  for (const other of others) other.requests.release();
  await cluster.settle();
  expect(get.error).toBeUndefined();
  expect(get.isSettled).toBe(true);
}

/** So many that whoever is asked is known to answer within USUAL_MS, and that two hedges are saved
 *  up: once that is known no answer takes as long. */
async function learn(cluster: Cluster, level: 'quorum' | 'each_quorum' = 'quorum'): Promise<void> {
  await cluster.put(cluster.nodes[0]!.name, { key: 'k', level: 'all' });
  for (let count = 0; count < 45; count += 1) {
    await read(cluster, { level, tookMs: count < 20 ? USUAL_MS : USUAL_MS - 1 });
  }
}

function hedges(cluster: Cluster, outcome: string): number {
  return cluster.nodes[0]!.notes.number('coterie_read_hedges_total', { outcome });
}

test('a replica that is later than nineteen of twenty answers is joined by one more, whose answer counts', async () => {
  await using cluster = await startThree();
  await learn(cluster);
  cluster.node('n2').requests.hold();
  const get = watch(cluster.node('n1').kv.get(getRequest({ key: 'k', explain: true })));
  await cluster.advance(USUAL_MS - 1);
  expect(get.isSettled).toBe(false);
  await cluster.advance(2);
  expect(get.value?.quorum?.nodes).toEqual(['n1', 'n3']);
  expect(get.value?.trace?.steps).toMatchObject([
    { node: 'n1', counted: true },
    { node: 'n2', counted: false },
    { node: 'n3', counted: true },
  ]);
  expect(hedges(cluster, 'counted')).toBe(1);
});

test('a hedge that comes second is counted for nothing', async () => {
  await using cluster = await startThree();
  await learn(cluster);
  for (const name of ['n2', 'n3']) cluster.node(name).requests.hold();
  const get = watch(cluster.node('n1').kv.get(getRequest({ key: 'k' })));
  await cluster.advance(USUAL_MS + 1);
  cluster.node('n2').requests.release();
  await cluster.settle();
  expect(get.value?.quorum).toMatchObject({ received: 2, nodes: ['n1', 'n2'] });
  cluster.node('n3').requests.release();
  await cluster.settle();
  expect(hedges(cluster, 'late')).toBe(1);
  expect(hedges(cluster, 'counted')).toBe(0);
});

test('of all reads no more than one in twenty is hedged, however late all are', async () => {
  await using cluster = await startThree();
  await learn(cluster);
  const before = hedges(cluster, 'counted') + hedges(cluster, 'late');
  const readsSoFar = 45;
  const reads = 155;
  // Later than usual, each time by more.
  for (let count = 0; count < reads; count += 1) await read(cluster, { tookMs: 6 + 2 * count });
  const sent = hedges(cluster, 'counted') + hedges(cluster, 'late') - before;
  expect(sent).toBeGreaterThanOrEqual(5);
  expect(sent).toBeLessThanOrEqual((readsSoFar + reads) / 20);
  expect(hedges(cluster, 'no_budget')).toBeGreaterThan(50);
});

test('before there were enough answers nobody is late', async () => {
  await using cluster = await startThree();
  await cluster.put('n1', { key: 'k', level: 'all' });
  cluster.node('n2').requests.hold();
  const get = watch(cluster.node('n1').kv.get(getRequest({ key: 'k' })));
  await cluster.advance(400);
  expect(get.isSettled).toBe(false);
  expect(cluster.node('n3').receivedOf('read')).toEqual([]);
});

test('where every datacentre must answer, a late one is not made up for by asking more', async () => {
  const nodes = ['a1', 'a2', 'a3', 'b1', 'b2', 'b3'].map((name) => {
    return { name, datacentre: `dc-${name[0]}` };
  });
  await using cluster = await startCluster({ nodes, replicas: 6 });
  await learn(cluster, 'each_quorum');
  const others = cluster.nodes.slice(1);
  const asked = () => others.reduce((sum, node) => sum + node.receivedOf('read').length, 0);
  const before = asked();
  for (const other of others) other.requests.hold();
  const get = watch(cluster.node('a1').kv.get(getRequest({ key: 'k', level: 'each_quorum' })));
  await cluster.advance(100);
  for (const other of others) other.requests.release();
  await cluster.settle();
  expect(get.value?.quorum?.received).toBe(4);
  expect(asked() - before).toBe(3);
});

test('a node with much else to do hedges nothing', async () => {
  await using cluster = await startThree({ requestsMax: 8 });
  await learn(cluster);
  cluster.node('n1').engine.holdBatches();
  const puts: Watched<unknown>[] = [];
  for (let count = 0; count < 5; count += 1) {
    const request = putRequest({ key: `p${count}`, level: 'one' });
    puts.push(watch(cluster.node('n1').kv.put(request)));
  }
  await cluster.settle();
  await read(cluster, { tookMs: 40 });
  expect(hedges(cluster, 'busy')).toBe(1);
  expect(hedges(cluster, 'counted') + hedges(cluster, 'late')).toBe(0);
  cluster.node('n1').engine.releaseBatches();
  await cluster.settle();
  expect(puts.every(({ isSettled }) => isSettled)).toBe(true);
});
