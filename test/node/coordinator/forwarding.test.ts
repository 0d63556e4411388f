/** Five nodes, three replicas: a node without a copy of the key sends writes on and reads from
 *  those that have one. */
import { expect, test } from 'vitest';
import { EMPTY_CONTEXT } from '../../../src/core/version/causal-context.ts';
import { encodeContextToken } from '../../../src/core/version/context-token.ts';
import { hlcFromUnixMs } from '../../../src/core/version/hlc.ts';
import { watch } from '../../client/client-rig.ts';
import { bytesOf, getRequest, putRequest, requestIdOf } from '../requests.ts';
import { type Cluster, checksum, startCluster, valuesOf } from '../rig.ts';
import type { NodeSpec } from '../rig-node.ts';

const NAMES = ['n1', 'n2', 'n3', 'n4', 'n5'];
const HOUR_MS = 3_600_000;

interface Gateway {
  readonly cluster: Cluster;
  readonly key: string;
  /** In the order in which they are asked. */
  readonly replicas: readonly string[];
}

/** n1 owns no replica of the key. */
async function startGateway(options: NodeSpec['options'] = {}): Promise<Gateway> {
  const cluster = await startCluster({ nodes: NAMES, replicas: 3, options });
  const key = cluster.keyWhere((replicas) => !replicas.includes('n1'));
  return { cluster, key, replicas: cluster.replicasOf(key) };
}

function forwards(cluster: Cluster, names: readonly string[]): number[] {
  return names.map((name) => cluster.node(name).receivedOf('forward').length);
}

test('a write through a node without a replica is minted by a replica and stored by replicas only', async () => {
  const { cluster, key, replicas } = await startGateway();
  await using _ = cluster;
  const reply = await cluster.put('n1', { key, value: 'v', level: 'all', explain: true });
  expect(replicas).toContain(reply.trace?.minter);
  expect(reply.trace?.coordinator).toBe(reply.trace?.minter);
  expect([...(reply.quorum?.nodes ?? [])].sort()).toEqual([...replicas].sort());
  expect(cluster.node('n1').recordWriteCount).toBe(0);
  expect(valuesOf(await cluster.get('n1', { key, level: 'all' }))).toEqual(['v']);
});

test('a delete through a node without a replica reads and deletes at a replica', async () => {
  const { cluster, key } = await startGateway();
  await using _ = cluster;
  await cluster.put('n1', { key });
  expect(await cluster.delete('n1', { key })).toMatchObject({ found: true, siblings: 0 });
  expect((await cluster.get('n1', { key, level: 'all' })).found).toBe(false);
  expect((await cluster.delete('n1', { key })).found).toBe(false);
});

test('a refusal by one replica alone moves the write to the next, with the same request id', async () => {
  const { cluster, key, replicas } = await startGateway();
  await using _ = cluster;
  cluster.node(replicas[0] ?? '').engine.pretendFree(1_024 * 1_024 * 100);
  await cluster.advance(1_500);
  const reply = await cluster.put('n1', { key, explain: true, requestId: requestIdOf(3) });
  expect(reply.trace?.minter).toBe(replicas[1]);
  expect(forwards(cluster, replicas)).toEqual([1, 1, 0]);
});

test('a replica that is overloaded or not recovered is passed over', async () => {
  const { cluster, key, replicas } = await startGateway({ rebuildExchangesMax: 0 });
  await using _ = cluster;
  const lost = cluster.node(replicas[0] ?? '');
  await lost.stop();
  lost.wipe();
  await lost.start();
  await cluster.until(() => lost.state === 'RECOVERING', 'RECOVERING');
  await cluster.untilLinked();
  const reply = await cluster.put('n1', { key, explain: true, level: 'all' });
  expect(reply.trace?.minter).toBe(replicas[1]);
  expect(reply.quorum?.nodes).toContain(replicas[0]);
});

test('a refusal that every replica would share is not tried at the next', async () => {
  const { cluster, key, replicas } = await startGateway();
  await using _ = cluster;
  const aheadMs = cluster.node('n1').clock.wallMs() + 25 * HOUR_MS;
  const event = { nodeIndex: 0, epoch: 1, seq: hlcFromUnixMs(aheadMs) };
  const context = encodeContextToken(
    { ...EMPTY_CONTEXT, vector: [event] },
    { bucket: 'default', key: bytesOf(key) },
    checksum,
  );
  const error = await cluster.failure(cluster.node('n1').kv.put(putRequest({ key, context })));
  expect(error).toMatchObject({ code: 'INVALID_CONTEXT', applied: 'no' });
  expect(forwards(cluster, replicas)).toEqual([1, 0, 0]);
});

test('a lost answer makes the write unknown, and it is not tried at the next replica', async () => {
  const { cluster, key, replicas } = await startGateway();
  await using _ = cluster;
  const first = cluster.node(replicas[0] ?? '');
  const others = replicas.slice(1).map((name) => cluster.node(name));
  first.replies.hold();
  const put = watch(cluster.node('n1').kv.put(putRequest({ key, requestId: requestIdOf(3) })));
  await cluster.settle();
  cluster.network.part('n1:7400', first.address);
  await cluster.settle();
  expect(put.error).toMatchObject({ code: 'UNREACHABLE', applied: 'unknown' });
  expect(forwards(cluster, replicas)).toEqual([1, 0, 0]);
  first.replies.release();
  for (const other of others) expect(other.receivedOf('replicate')).toHaveLength(1);
  expect(valuesOf(await cluster.get('n1', { key }))).toEqual(['v']);
});

test('a refusal after an unknown attempt leaves the write unknown', async () => {
  const { cluster, key, replicas } = await startGateway();
  await using _ = cluster;
  const [first = '', ...others] = replicas;
  for (const name of others) cluster.node(name).engine.pretendFree(0);
  cluster.node(first).requests.hold();
  await cluster.advance(1_500);
  const put = cluster.node('n1').kv.put(putRequest({ key, timeoutMs: 400 }));
  expect(await cluster.failure(put)).toMatchObject({
    code: 'DEADLINE_EXCEEDED',
    applied: 'unknown',
  });
  expect(forwards(cluster, others)).toEqual([0, 0]);
});

test('what the minter says of an unknown outcome reaches the client of the gateway as it is', async () => {
  const { cluster, key, replicas } = await startGateway();
  await using _ = cluster;
  for (const name of replicas.slice(1)) cluster.node(name).engine.pretendFree(0);
  await cluster.advance(1_500);
  const error = await cluster.failure(cluster.node('n1').kv.put(putRequest({ key })));
  expect(error).toMatchObject({ code: 'QUORUM_NOT_MET', applied: 'unknown' });
  expect(error.details).toMatchObject({ minter: replicas[0], nodes: [replicas[0]] });
});

test('with all replicas down a gateway refuses before it sends anything, and names them', async () => {
  const { cluster, key, replicas } = await startGateway();
  await using _ = cluster;
  for (const name of replicas) await cluster.node(name).stop();
  await cluster.advance(500);
  for (const request of [putRequest({ key, level: 'one' }), putRequest({ key })]) {
    const error = await cluster.failure(cluster.node('n1').kv.put(request));
    expect(error).toMatchObject({ code: 'NO_REPLICA', applied: 'no' });
    expect(error.details['down']).toEqual(replicas);
  }
  const read = cluster.node('n1').kv.get(getRequest({ key, level: 'one' }));
  expect(await cluster.failure(read)).toMatchObject({ code: 'NO_REPLICA' });
});

test('a forwarded write has what is left of the budget of its client', async () => {
  const { cluster, key, replicas } = await startGateway();
  await using _ = cluster;
  for (const name of replicas.slice(1)) cluster.node(name).requests.hold();
  const put = watch(cluster.node('n1').kv.put(putRequest({ key, timeoutMs: 250 })));
  await cluster.advance(200);
  expect(put.isSettled).toBe(false);
  await cluster.advance(60);
  expect(put.error).toMatchObject({ code: 'DEADLINE_EXCEEDED', applied: 'unknown' });
});

test('a retry through the gateway is answered with the first dot', async () => {
  const { cluster, key } = await startGateway();
  await using _ = cluster;
  const request = { key, requestId: requestIdOf(5) };
  const first = await cluster.put('n1', request);
  const again = await cluster.put('n1', { ...request, isRetry: true });
  expect(again.dot).toBe(first.dot);
  expect((await cluster.get('n1', { key })).siblings).toHaveLength(1);
});

test('every try of one request begins with the same replica, and requests are spread over all of them', async () => {
  const { cluster, key, replicas } = await startGateway();
  await using _ = cluster;
  const minters = new Set<string>();
  for (let id = 1; id <= 6; id += 1) {
    const request = { key, requestId: requestIdOf(id), explain: true };
    const first = await cluster.put('n1', request);
    const again = await cluster.put('n1', request);
    expect(again.trace?.minter).toBe(first.trace?.minter);
    minters.add(first.trace?.minter ?? '');
  }
  expect([...minters].sort()).toEqual([...replicas].sort());
});

test('of a write forwarded at a local level the minter is in the datacentre of the gateway', async () => {
  const nodes = ['a1', 'a2', 'a3', 'b1', 'b2', 'b3'].map((name) => ({
    name,
    datacentre: `dc-${name[0]}`,
  }));
  await using cluster = await startCluster({ nodes, replicas: 4, partitions: 32 });
  const key = cluster.keyWhere((replicas) => replicas[0]?.[0] === 'a' && !replicas.includes('b3'));
  for (const level of ['local_one', 'local_quorum'] as const) {
    const reply = await cluster.put('b3', { key, level, explain: true });
    expect(reply.trace?.minter).toMatch(/^b/);
    for (const name of reply.quorum?.nodes ?? []) expect(name).toMatch(/^b/);
  }
});
