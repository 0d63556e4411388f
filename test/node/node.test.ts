/** The life of a node: start, failure, stop, and what is left of it. */
import { expect, test } from 'vitest';
import { watch } from '../client/client-rig.ts';
import { deleteRequest, getRequest, putRequest, requestIdOf } from './requests.ts';
import { Cluster, startThree, valuesOf } from './rig.ts';

test('a node that is not started refuses data calls', async () => {
  await using cluster = new Cluster({ nodes: ['n1'] });
  const node = cluster.node('n1').make();
  for (const call of [
    () => node.kv.get(getRequest({ key: 'k' })),
    () => node.kv.put(putRequest({ key: 'k' })),
    () => node.kv.delete(deleteRequest({ key: 'k' })),
  ]) {
    const error = await cluster.failure(call());
    expect(error).toMatchObject({ code: 'NOT_RUNNING', applied: 'no' });
  }
  expect(node.state).toBe('STARTING');
  expect(node.isServing()).toBe(false);
});

test('a node starts once', async () => {
  await using cluster = await startThree();
  const { node, address } = cluster.node('n1');
  expect(await cluster.failure(node.start(address))).toMatchObject({ code: 'NOT_RUNNING' });
});

test('a folder is of one node for ever: another name is refused, and the folder stays as it is', async () => {
  await using cluster = await startThree();
  await cluster.put('n1', { key: 'k', level: 'all' });
  const [n1, n2] = [cluster.node('n1'), cluster.node('n2')];
  await n1.stop();
  await n2.stop();
  const own = n2.disk;
  n2.disk = n1.disk;
  const error = await cluster.failure(n2.start());
  expect(error.code).toBe('CONFLICT');
  expect(error.message).toContain('n1');
  n2.disk = own;
  await n1.start();
  await n2.start();
  await cluster.untilServing();
});

test('a node without a name is named by the address that it first advertised, also at another one', async () => {
  await using cluster = new Cluster({ nodes: [{ name: 'n1', options: { name: undefined } }] });
  const rig = cluster.node('n1');
  await rig.start();
  expect(rig.node.name).toBe('n1:7400');
  await rig.stop();
  const node = rig.make();
  await cluster.run(node.start('elsewhere:7400'));
  expect(node.name).toBe('n1:7400');
});

test('health follows the node: serving after init, not after it has stopped', async () => {
  await using cluster = await startThree();
  const node = cluster.node('n1');
  expect(node.serving).toEqual([true]);
  await node.stop();
  expect(node.serving).toEqual([true, false]);
  expect(node.state).toBe('STOPPING');
});

test('a listener that ended its subscription is not called any more', async () => {
  await using cluster = await startThree();
  const calls: boolean[] = [];
  const { node } = cluster.node('n1');
  node.onServingChange((isServing) => calls.push(isServing))();
  await cluster.node('n1').stop();
  expect(calls).toEqual([]);
});

test('a failed batch makes its write unknown, ends all acknowledgements, and is told once', async () => {
  await using cluster = await startThree();
  const node = cluster.node('n1');
  node.engine.failNextBatch();
  const puts = ['a', 'b'].map((key) => watch(node.kv.put(putRequest({ key }))));
  await cluster.settle();
  for (const { error } of puts) {
    expect(error).toMatchObject({ code: 'STORAGE_IO', applied: 'unknown' });
  }
  expect(node.state).toBe('FAILED');
  expect(node.serving).toEqual([true, false]);
  expect(node.failures.map(({ code }) => code)).toEqual(['STORAGE_IO']);
  expect(node.notes.events('storage-failed').length).toBeGreaterThan(0);
  const written = node.recordWriteCount;
  const later = await cluster.failure(node.kv.put(putRequest({ key: 'c' })));
  expect(later).toMatchObject({ code: 'NOT_RUNNING', applied: 'no' });
  const read = await cluster.failure(node.kv.get(getRequest({ key: 'a', level: 'one' })));
  expect(read.code).toBe('NOT_RUNNING');
  await cluster.advance(5_000);
  expect(node.recordWriteCount).toBe(written);
  expect(node.failures).toHaveLength(1);
});

test('a failed node tells its state and reason to administration', async () => {
  await using cluster = await startThree();
  const node = cluster.node('n1');
  node.engine.failNextBatch();
  await cluster.failure(node.kv.put(putRequest({ key: 'a' })));
  const status = await cluster.run(node.admin.status({}));
  expect(status.state).toBe('FAILED');
  expect(status.reason).toContain('could not be written');
});

test('a replica whose batch fails acknowledges nothing and is out of reach; the others go on', async () => {
  await using cluster = await startThree();
  cluster.node('n3').engine.failNextBatch();
  const all = cluster.node('n1').kv.put(putRequest({ key: 'k', level: 'all' }));
  const error = await cluster.failure(all);
  expect(error).toMatchObject({ code: 'QUORUM_NOT_MET', applied: 'unknown' });
  expect(error.details['nodes']).not.toContain('n3');
  await cluster.advance(500);
  const next = cluster.node('n1').kv.put(putRequest({ key: 'k', level: 'all' }));
  expect(await cluster.failure(next)).toMatchObject({
    code: 'NO_REPLICA',
    details: { down: ['n3'] },
  });
  expect((await cluster.put('n1', { key: 'l' })).quorum?.nodes).toEqual(['n1', 'n2']);
});

test('a node that had failed starts again on its disk and serves what was durable', async () => {
  await using cluster = await startThree();
  await cluster.put('n1', { key: 'k', value: 'kept', level: 'all' });
  const node = cluster.node('n1');
  node.engine.failNextBatch();
  await cluster.failure(node.kv.put(putRequest({ key: 'k', value: 'lost?', level: 'one' })));
  await node.stop();
  await node.start();
  await cluster.untilServing();
  await cluster.untilLinked();
  expect(await cluster.held('n1', 'k')).toEqual(['kept']);
});

test('after a stop no timer and no stream of the node is left, and its disk may be opened again', async () => {
  await using cluster = await startThree();
  const client = cluster.client();
  await cluster.run(client.put('k', 'v'));
  const node = cluster.node('n1');
  await node.stop();
  await cluster.settle();
  expect(node.clock.timerCount).toBe(0);
  expect(cluster.network.transportOf(node.address).openCount).toBe(0);
  expect(node.acceptedCount).toBe(0);
  await node.start();
  await cluster.untilServing();
});

test('a stop in the middle of everything answers every request that is under way', async () => {
  await using cluster = await startThree();
  const node = cluster.node('n1');
  for (const name of ['n2', 'n3']) cluster.node(name).requests.hold();
  const put = watch(node.kv.put(putRequest({ key: 'a' })));
  const get = watch(node.kv.get(getRequest({ key: 'a' })));
  const removed = watch(node.kv.delete(deleteRequest({ key: 'a' })));
  await cluster.settle();
  await node.stop();
  await cluster.settle();
  expect(put.error).toMatchObject({ code: 'DEADLINE_EXCEEDED', applied: 'unknown' });
  expect(get.error).toMatchObject({ applied: 'no' });
  expect(removed.error).toMatchObject({ applied: 'no' });
  expect(node.clock.timerCount).toBe(0);
});

test('a clean stop waits for writes that are being committed', async () => {
  await using cluster = await startThree();
  const node = cluster.node('n1');
  node.engine.holdBatches();
  const put = watch(node.kv.put(putRequest({ key: 'k', level: 'one' })));
  await cluster.settle();
  const stopped = watch(node.node.stop());
  await cluster.settle();
  expect(stopped.isSettled).toBe(false);
  node.engine.releaseBatches();
  await cluster.settle();
  expect(stopped.isSettled).toBe(true);
  expect(put.value?.durable).toBe(1);
});

test('stopping twice, and stopping a node that never started, is harmless', async () => {
  await using cluster = new Cluster({ nodes: ['n1'] });
  const node = cluster.node('n1').make();
  await cluster.run(node.stop());
  await cluster.run(node.stop());
  expect(cluster.node('n1').clock.timerCount).toBe(0);
});

test('a stopped node is out of reach at once, and in reach of all again once it is settled after its start', async () => {
  await using cluster = await startThree();
  await cluster.advance(3_000);
  await cluster.node('n3').stop();
  await cluster.settle();
  const put = cluster.node('n1').kv.put(putRequest({ key: 'k', level: 'all' }));
  expect((await cluster.failure(put)).code).toBe('NO_REPLICA');
  await cluster.advance(20_000);
  const { node } = cluster.node('n1');
  const isDown = (name: string) =>
    node.members().some((member) => member.name === name && member.state === 'DOWN');
  expect(isDown('n3')).toBe(true);
  await cluster.node('n3').start();
  await cluster.until(() => cluster.node('n3').node.isSettled(), 'settled', 100);
  await cluster.until(() => !isDown('n3'), 'n3 is up again', 100);
  for (const name of ['n1', 'n2']) {
    expect((await cluster.put(name, { key: name, level: 'all' })).quorum?.received).toBe(3);
  }
});

test('a broken connection between two members heals without anyone noticing but the request under way', async () => {
  await using cluster = await startThree();
  cluster.node('n2').requests.hold();
  const put = watch(cluster.node('n1').kv.put(putRequest({ key: 'k', level: 'all' })));
  await cluster.settle();
  cluster.network.memory.cut('n2:7400');
  cluster.node('n2').requests.release();
  await cluster.settle();
  expect(put.error).toMatchObject({ code: 'QUORUM_NOT_MET', applied: 'unknown' });
  expect(put.error?.details['failures']).toEqual([{ node: 'n2', code: 'UNREACHABLE' }]);
  const retry = { key: 'k', level: 'all', requestId: requestIdOf(1) } as const;
  expect((await cluster.put('n1', retry)).quorum?.received).toBe(3);
});

test('a partition of one node leaves the other two a quorum, and it converges when they are read after healing', async () => {
  await using cluster = await startThree();
  for (const other of ['n2:7400', 'n3:7400']) cluster.network.part('n1:7400', other);
  await cluster.advance(200);
  await cluster.put('n2', { key: 'k', value: 'majority' });
  await cluster.put('n1', { key: 'k', value: 'minority', level: 'one' });
  expect((await cluster.failure(cluster.node('n1').kv.get(getRequest({ key: 'k' })))).code).toBe(
    'NO_REPLICA',
  );
  for (const other of ['n2:7400', 'n3:7400']) cluster.network.heal('n1:7400', other);
  await cluster.untilLinked();
  const read = await cluster.get('n1', { key: 'k', level: 'all' });
  expect(valuesOf(read).sort()).toEqual(['majority', 'minority']);
  for (const name of ['n1', 'n2', 'n3']) {
    expect((await cluster.held(name, 'k')).sort()).toEqual(['majority', 'minority']);
  }
});
