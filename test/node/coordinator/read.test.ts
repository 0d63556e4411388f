/** Whom a read asks, whose answer counts, and what the client is told. */
import { expect, test } from 'vitest';
import { watch } from '../../client/client-rig.ts';
import { getRequest, putRequest } from '../requests.ts';
import { type Cluster, startThree, valuesOf } from '../rig.ts';

/** The node comes back with a bad sector under every record. */
async function damage(cluster: Cluster, name: string): Promise<void> {
  const node = cluster.node(name);
  await node.stop();
  await node.damageRecords();
  await node.start();
  await cluster.untilServing();
  await cluster.untilLinked();
}

test('a quorum read of equal replicas asks two, answers, and writes nothing', async () => {
  await using cluster = await startThree();
  await cluster.put('n1', { key: 'k', level: 'all' });
  const batches = cluster.nodes.map((node) => node.batchCount);
  const reply = await cluster.get('n1', { key: 'k', explain: true });
  expect(reply.quorum).toEqual({
    level: 'quorum',
    required: 2,
    received: 2,
    nodes: ['n1', 'n2'],
  });
  expect(reply.trace?.steps).toMatchObject([
    { node: 'n1', action: 'read', counted: true },
    { node: 'n2', action: 'read', counted: true },
  ]);
  expect(cluster.nodes.map((node) => node.batchCount)).toEqual(batches);
});

test('a key that nobody has is not found, which is an answer like any other', async () => {
  await using cluster = await startThree();
  const reply = await cluster.get('n1', { key: 'nothing', level: 'all' });
  expect(reply).toMatchObject({ found: false, siblings: [], quorum: { received: 3 } });
});

test('a replica whose record is damaged counts for nothing, and the others answer in its place', async () => {
  await using cluster = await startThree();
  await cluster.put('n1', { key: 'k', value: 'good', level: 'all' });
  await damage(cluster, 'n1');
  const reply = await cluster.get('n1', { key: 'k', explain: true });
  expect(valuesOf(reply)).toEqual(['good']);
  expect(reply.quorum?.nodes).toEqual(['n2', 'n3']);
  expect(reply.trace?.steps[0]).toMatchObject({ outcome: 'CORRUPT_RECORD', counted: false });
  const all = cluster.node('n1').kv.get(getRequest({ key: 'k', level: 'all' }));
  const error = await cluster.failure(all);
  expect(error).toMatchObject({ code: 'QUORUM_NOT_MET', applied: 'no' });
  expect(error.details['failures']).toEqual([{ node: 'n1', code: 'CORRUPT_RECORD' }]);
});

test('a replica with a damaged record takes new writes and acknowledges them, and still answers no reads of the key', async () => {
  await using cluster = await startThree();
  await cluster.put('n2', { key: 'k', value: 'old', level: 'all' });
  await damage(cluster, 'n1');
  await cluster.get('n1', { key: 'k' });
  const put = await cluster.put('n2', { key: 'k', value: 'new', level: 'all' });
  expect(put.quorum?.received).toBe(3);
  const reply = await cluster.get('n1', { key: 'k' });
  expect(valuesOf(reply)).toEqual(['old', 'new']);
  expect(reply.quorum?.nodes).toEqual(['n2', 'n3']);
});

test('a replica that fails is replaced at once, without any wait', async () => {
  await using cluster = await startThree();
  await cluster.put('n1', { key: 'k', level: 'all' });
  await damage(cluster, 'n2');
  const startedMs = cluster.world.monotonicMs();
  const read = watch(cluster.node('n1').kv.get(getRequest({ key: 'k' })));
  await cluster.settle();
  expect(read.value?.quorum?.nodes).toEqual(['n1', 'n3']);
  expect(cluster.world.monotonicMs()).toBe(startedMs);
});

test('a silent replica is joined by the next one after the read timeout, long before the deadline', async () => {
  await using cluster = await startThree();
  await cluster.put('n1', { key: 'k', level: 'all' });
  cluster.node('n2').requests.hold();
  const read = watch(cluster.node('n1').kv.get(getRequest({ key: 'k' })));
  await cluster.advance(499);
  expect(read.isSettled).toBe(false);
  await cluster.advance(2);
  expect(read.value?.quorum?.nodes).toEqual(['n1', 'n3']);
});

test('the late answer of a replica that was replaced still counts', async () => {
  await using cluster = await startThree();
  await cluster.put('n1', { key: 'k', level: 'all' });
  for (const name of ['n2', 'n3']) cluster.node(name).requests.hold();
  const read = watch(cluster.node('n1').kv.get(getRequest({ key: 'k' })));
  await cluster.advance(600);
  cluster.node('n2').requests.release();
  await cluster.settle();
  expect(read.value?.quorum?.nodes).toEqual(['n1', 'n2']);
});

test('a read without enough answers fails at its deadline, says who answered, and is never "applied"', async () => {
  await using cluster = await startThree();
  for (const name of ['n2', 'n3']) cluster.node(name).requests.hold();
  const read = cluster.node('n1').kv.get(getRequest({ key: 'k', timeoutMs: 1_200 }));
  const error = await cluster.failure(read);
  expect(error).toMatchObject({ code: 'DEADLINE_EXCEEDED', applied: 'no' });
  expect(error.details).toMatchObject({ phase: 'read', required: 2, received: 1, nodes: ['n1'] });
});

test('a read with too few members in reach is refused before anyone is asked', async () => {
  await using cluster = await startThree();
  for (const name of ['n2', 'n3']) await cluster.node(name).stop();
  await cluster.advance(500);
  const error = await cluster.failure(cluster.node('n1').kv.get(getRequest({ key: 'k' })));
  expect(error).toMatchObject({ code: 'NO_REPLICA', details: { down: ['n2', 'n3'] } });
});

test.each([
  ['ANY', getRequest({ key: 'k', level: 'any' })],
  ['r = 4 of 3', getRequest({ key: 'k', r: 4 })],
  ['a level and r', getRequest({ key: 'k', level: 'one', r: 1 })],
  ['an empty key', getRequest({ key: '' })],
  ['a level of a later version', { ...getRequest({ key: 'k' }), level: 99 as 1 }],
])('a read at %s is a usage error', async (_, request) => {
  await using cluster = await startThree();
  const error = await cluster.failure(cluster.node('n1').kv.get(request));
  expect(error).toMatchObject({ code: 'INVALID_ARGUMENT', applied: 'no' });
});

test('a budget above the maximum of the node is cut to it', async () => {
  await using cluster = await startThree({ timeoutMaxMs: 1_000 });
  for (const name of ['n2', 'n3']) cluster.node(name).requests.hold();
  const read = watch(cluster.node('n1').kv.get(getRequest({ key: 'k', timeoutMs: 3_600_000 })));
  await cluster.advance(1_001);
  expect(read.error?.code).toBe('DEADLINE_EXCEEDED');
});

test('a read at one asks this node alone', async () => {
  await using cluster = await startThree();
  await cluster.put('n1', { key: 'k', level: 'all' });
  const reply = await cluster.get('n1', { key: 'k', level: 'one' });
  expect(reply.quorum).toMatchObject({ level: 'one', nodes: ['n1'] });
  for (const name of ['n2', 'n3']) expect(cluster.node(name).receivedOf('read')).toEqual([]);
});

test('an uncommitted write is shown to nobody', async () => {
  await using cluster = await startThree();
  await cluster.put('n1', { key: 'k', value: 'old', level: 'all' });
  cluster.node('n1').engine.holdBatches();
  const put = watch(
    cluster
      .node('n1')
      .kv.put(putRequest({ key: 'k', value: 'new', overwrite: true, level: 'one' })),
  );
  await cluster.settle();
  expect(valuesOf(await cluster.get('n1', { key: 'k', level: 'one' }))).toEqual(['old']);
  cluster.node('n1').engine.releaseBatches();
  await cluster.settle();
  expect(put.isSettled).toBe(true);
  expect(valuesOf(await cluster.get('n1', { key: 'k', level: 'one' }))).toEqual(['new']);
});
