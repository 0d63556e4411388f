/** A quorum read that showed a value has brought it to a majority first. */
import { expect, test } from 'vitest';
import { watch } from '../../client/client-rig.ts';
import { getRequest, putRequest } from '../requests.ts';
import { startCluster, startThree, valuesOf } from '../rig.ts';
import { putOn } from './half-written.ts';

test('a stale replica has fsynced the repair before a quorum read is answered', async () => {
  await using cluster = await startThree();
  await putOn(cluster, ['n1'], 'k', { value: 'v' });
  cluster.node('n2').engine.holdBatches();
  const read = watch(cluster.node('n1').kv.get(getRequest({ key: 'k', explain: true })));
  await cluster.settle();
  expect(read.isSettled).toBe(false);
  cluster.node('n2').engine.releaseBatches();
  await cluster.settle();
  expect(read.value?.trace?.steps).toMatchObject([
    { node: 'n1', action: 'read' },
    { node: 'n2', action: 'read', outcome: 'no record' },
    { node: 'n2', action: 'repair', outcome: 'merged', counted: true },
  ]);
  const done = cluster.node('n2').engine.events.findLast(({ what }) => what === 'batch-done');
  expect(done).toMatchObject({ sync: true });
  expect(await cluster.held('n2', 'k')).toEqual(['v']);
  expect(await cluster.held('n3', 'k')).toEqual([]);
  const label = { mode: 'blocking' };
  expect(cluster.node('n1').notes.number('coterie_read_repairs_total', label)).toBe(1);
});

test('the coordinator repairs its own copy too', async () => {
  await using cluster = await startThree();
  await putOn(cluster, ['n2'], 'k', { value: 'v' });
  expect(valuesOf(await cluster.get('n1', { key: 'k' }))).toEqual(['v']);
  expect(await cluster.held('n1', 'k')).toEqual(['v']);
});

test('replicas that each hold another write both end with both', async () => {
  await using cluster = await startThree();
  await putOn(cluster, ['n1'], 'k', { value: 'a' });
  await putOn(cluster, ['n2'], 'k', { value: 'b' });
  expect(valuesOf(await cluster.get('n1', { key: 'k' })).sort()).toEqual(['a', 'b']);
  for (const name of ['n1', 'n2']) {
    expect((await cluster.held(name, 'k')).sort()).toEqual(['a', 'b']);
  }
});

test('when the stale replica cannot take the repair, a replica that was not asked gets it', async () => {
  await using cluster = await startThree();
  await putOn(cluster, ['n1'], 'k', { value: 'v' });
  cluster.node('n2').engine.pretendFree(0);
  await cluster.advance(1_500);
  expect(valuesOf(await cluster.get('n1', { key: 'k' }))).toEqual(['v']);
  expect(await cluster.held('n3', 'k')).toEqual(['v']);
});

test('a repair that cannot reach a majority fails the read in the phase repair', async () => {
  await using cluster = await startThree();
  await putOn(cluster, ['n1'], 'k', { value: 'v' });
  for (const name of ['n2', 'n3']) cluster.node(name).engine.pretendFree(0);
  await cluster.advance(1_500);
  const error = await cluster.failure(cluster.node('n1').kv.get(getRequest({ key: 'k' })));
  expect(error).toMatchObject({ code: 'QUORUM_NOT_MET', applied: 'no', retryable: true });
  expect(error.details).toMatchObject({
    phase: 'repair',
    required: 2,
    received: 1,
    nodes: ['n1'],
  });
  expect(valuesOf(await cluster.get('n1', { key: 'k', level: 'one' }))).toEqual(['v']);
});

test('a repair that hangs fails the read at its deadline', async () => {
  await using cluster = await startThree();
  await putOn(cluster, ['n1'], 'k', { value: 'v' });
  for (const name of ['n2', 'n3']) cluster.node(name).engine.holdBatches();
  const read = cluster.node('n1').kv.get(getRequest({ key: 'k', timeoutMs: 1_500 }));
  const error = await cluster.failure(read);
  expect(error).toMatchObject({ code: 'QUORUM_NOT_MET', details: { phase: 'repair' } });
});

test('a repair is accepted above the watermark that stops clients', async () => {
  await using cluster = await startThree();
  await putOn(cluster, ['n1'], 'k', { value: 'v' });
  const tenth = (1_024 * 1_024 * 1_024) / 10;
  cluster.node('n2').engine.pretendFree(tenth);
  await cluster.advance(1_500);
  const put = cluster.node('n2').kv.put(putRequest({ key: 'k', level: 'one' }));
  expect(await cluster.failure(put)).toMatchObject({ code: 'DISK_FULL' });
  await cluster.get('n1', { key: 'k' });
  expect(await cluster.held('n2', 'k')).toEqual(['v']);
});

test('once a quorum read showed a half-written value, every later quorum read shows it, whoever is lost', async () => {
  await using cluster = await startThree();
  await putOn(cluster, ['n1'], 'k', { value: 'v' });
  expect(valuesOf(await cluster.get('n1', { key: 'k' }))).toEqual(['v']);
  await cluster.node('n1').kill();
  await cluster.advance(200);
  for (const name of ['n3', 'n2']) {
    expect(valuesOf(await cluster.get(name, { key: 'k' }))).toEqual(['v']);
  }
});

test('a read below quorum repairs in the background and is not held up by it', async () => {
  await using cluster = await startCluster({
    nodes: ['n1', 'n2', 'n3', 'n4', 'n5'],
    replicas: 5,
  });
  await putOn(cluster, ['n1'], 'k', { value: 'v' });
  const others = cluster.nodes.filter(({ name }) => name !== 'n1');
  for (const { engine } of others) engine.holdBatches();
  const read = watch(cluster.node('n1').kv.get(getRequest({ key: 'k', level: 'two' })));
  await cluster.settle();
  expect(read.value?.found).toBe(true);
  for (const { engine } of others) engine.releaseBatches();
  await cluster.settle();
  const asked = read.value?.quorum?.nodes[1] ?? '';
  expect(await cluster.held(asked, 'k')).toEqual(['v']);
});

test('raw numbers of a majority repair as quorum does', async () => {
  await using cluster = await startThree();
  await putOn(cluster, ['n1'], 'k', { value: 'v' });
  await cluster.get('n1', { key: 'k', r: 2 });
  expect(await cluster.held('n2', 'k')).toEqual(['v']);
});

test('a copy is brought to the others only if its answer was read', async () => {
  await using cluster = await startThree();
  await putOn(cluster, ['n3'], 'k', { value: 'v' });
  expect((await cluster.get('n1', { key: 'k' })).found).toBe(false);
  expect(valuesOf(await cluster.get('n1', { key: 'k', level: 'all' }))).toEqual(['v']);
  for (const name of ['n1', 'n2']) expect(await cluster.held(name, 'k')).toEqual(['v']);
});
