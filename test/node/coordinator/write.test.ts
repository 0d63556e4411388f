/** What a write does at its minter and its replicas, and what its client is told. */
import { expect, test } from 'vitest';
import { watch } from '../../client/client-rig.ts';
import { putRequest, requestIdOf } from '../requests.ts';
import { type Cluster, startThree } from '../rig.ts';

const NAMES = ['n1', 'n2', 'n3'];

function recordWrites(cluster: Cluster): number[] {
  return cluster.nodes.map((node) => node.recordWriteCount);
}

async function fillDisks(cluster: Cluster, names: readonly string[]): Promise<void> {
  for (const name of names) cluster.node(name).engine.pretendFree(0);
  await cluster.advance(1_500);
}

test('no replica is sent a write before the minter has committed it', async () => {
  await using cluster = await startThree();
  const { engine } = cluster.node('n1');
  engine.holdBatches();
  const reply = cluster.node('n1').kv.put(putRequest({ key: 'k' }));
  await cluster.settle();
  expect(cluster.node('n2').receivedOf('replicate')).toEqual([]);
  expect(cluster.node('n3').receivedOf('replicate')).toEqual([]);
  engine.releaseBatches();
  await cluster.run(reply);
  expect(cluster.node('n2').receivedOf('replicate')).toHaveLength(1);
  expect(cluster.node('n3').receivedOf('replicate')).toHaveLength(1);
});

test('a quorum write is acknowledged when two replicas have fsynced it, and not before', async () => {
  await using cluster = await startThree();
  for (const name of ['n2', 'n3']) cluster.node(name).engine.holdBatches();
  const put = watch(cluster.node('n1').kv.put(putRequest({ key: 'k' })));
  await cluster.settle();
  expect(put.isSettled).toBe(false);
  cluster.node('n3').engine.releaseBatches();
  await cluster.settle();
  expect(put.value).toMatchObject({
    durable: 2,
    quorum: { level: 'quorum', required: 2, received: 2, nodes: ['n1', 'n3'] },
  });
  const done = cluster.node('n3').engine.events.findLast(({ what }) => what === 'batch-done');
  expect(done).toMatchObject({ sync: true });
});

test('a silent replica gets its copy after the client was answered', async () => {
  await using cluster = await startThree();
  cluster.node('n3').requests.hold();
  const reply = await cluster.put('n1', { key: 'k', value: 'late' });
  expect(reply.quorum?.nodes).toEqual(['n1', 'n2']);
  expect(cluster.node('n3').recordWriteCount).toBe(0);
  cluster.node('n3').requests.release();
  await cluster.settle();
  expect(await cluster.held('n3', 'k')).toEqual(['late']);
});

test('a replica that is slow to commit gets its copy although the client has gone', async () => {
  await using cluster = await startThree();
  for (const name of ['n2', 'n3']) cluster.node(name).engine.holdBatches();
  const put = watch(cluster.node('n1').kv.put(putRequest({ key: 'k', timeoutMs: 50 })));
  await cluster.advance(60);
  expect(put.error).toMatchObject({ code: 'DEADLINE_EXCEEDED', applied: 'unknown' });
  for (const name of ['n2', 'n3']) cluster.node(name).engine.releaseBatches();
  await cluster.settle();
  expect(await cluster.held('n2', 'k')).toEqual(['v']);
  expect(await cluster.held('n3', 'k')).toEqual(['v']);
});

test('a deadline after the commit is unknown and says who acknowledged', async () => {
  await using cluster = await startThree();
  for (const name of ['n2', 'n3']) cluster.node(name).requests.hold();
  const put = cluster.node('n1').kv.put(putRequest({ key: 'k', timeoutMs: 300 }));
  const error = await cluster.failure(put);
  expect(error).toMatchObject({ code: 'DEADLINE_EXCEEDED', applied: 'unknown', retryable: true });
  expect(error.details).toMatchObject({
    phase: 'write',
    required: 2,
    received: 1,
    nodes: ['n1'],
    minter: 'n1',
  });
});

test('refusals by replicas after the commit are details of an unknown QUORUM_NOT_MET', async () => {
  await using cluster = await startThree();
  await fillDisks(cluster, ['n2', 'n3']);
  const error = await cluster.failure(cluster.node('n1').kv.put(putRequest({ key: 'k' })));
  expect(error).toMatchObject({ code: 'QUORUM_NOT_MET', applied: 'unknown' });
  expect(error.details).toMatchObject({ received: 1, nodes: ['n1'], minter: 'n1' });
  expect(error.details['failures']).toEqual([
    { node: 'n2', code: 'DISK_FULL' },
    { node: 'n3', code: 'DISK_FULL' },
  ]);
  expect(await cluster.held('n1', 'k')).toEqual(['v']);
});

test('every replica is sent the record also when the level can no longer be met', async () => {
  await using cluster = await startThree();
  await fillDisks(cluster, ['n2']);
  const put = cluster.node('n1').kv.put(putRequest({ key: 'k', level: 'all' }));
  expect(await cluster.failure(put)).toMatchObject({ code: 'QUORUM_NOT_MET' });
  await cluster.settle();
  expect(await cluster.held('n3', 'k')).toEqual(['v']);
});

test.each([
  ['INVALID_ARGUMENT', putRequest({ key: 'k', w: 4 })],
  ['INVALID_ARGUMENT', putRequest({ key: 'k', w: 1, dw: 2 })],
  ['INVALID_ARGUMENT', putRequest({ key: 'k', level: 'one', w: 1 })],
  ['INVALID_ARGUMENT', putRequest({ key: '' })],
  ['INVALID_ARGUMENT', putRequest({ key: 'k', bucket: 'No Such' })],
  ['INVALID_ARGUMENT', putRequest({ key: 'k', requestId: new Uint8Array(15) })],
  ['INVALID_ARGUMENT', putRequest({ key: 'k', overwrite: true, context: new Uint8Array(20) })],
  ['KEY_TOO_LARGE', putRequest({ key: new Uint8Array(1_025) })],
  ['VALUE_TOO_LARGE', putRequest({ key: 'k', value: new Uint8Array(4 * 1_024 * 1_024 + 1) })],
] as const)(
  'a put refused with %s is not applied and reaches no replica',
  async (code, request) => {
    await using cluster = await startThree();
    const before = recordWrites(cluster);
    const error = await cluster.failure(cluster.node('n1').kv.put(request));
    expect(error).toMatchObject({ code, applied: 'no' });
    expect(recordWrites(cluster)).toEqual(before);
    for (const name of NAMES) expect(cluster.node(name).receivedOf('replicate')).toEqual([]);
  },
);

test('the largest key and the largest value are taken', async () => {
  await using cluster = await startThree();
  const key = new Uint8Array(1_024).fill(1);
  const value = new Uint8Array(4 * 1_024 * 1_024).fill(2);
  await cluster.put('n1', { key, value });
  const reply = await cluster.get('n2', { key });
  expect(reply.siblings[0]?.value.length).toBe(value.length);
});

test('a put that the full disk of its minter refuses is not applied', async () => {
  await using cluster = await startThree();
  await fillDisks(cluster, ['n1']);
  const error = await cluster.failure(cluster.node('n1').kv.put(putRequest({ key: 'k' })));
  expect(error).toMatchObject({ code: 'DISK_FULL', applied: 'no' });
  expect(cluster.node('n2').receivedOf('replicate')).toEqual([]);
  expect((await cluster.get('n2', { key: 'k', level: 'quorum' })).found).toBe(false);
});

test('with too few members in reach a write is refused before anything is sent or stored, and they are named', async () => {
  await using cluster = await startThree();
  for (const name of ['n2', 'n3']) await cluster.node(name).stop();
  await cluster.advance(500);
  const before = cluster.node('n1').recordWriteCount;
  const error = await cluster.failure(cluster.node('n1').kv.put(putRequest({ key: 'k' })));
  expect(error).toMatchObject({ code: 'NO_REPLICA', applied: 'no', retryable: true });
  expect(error.details).toMatchObject({ required: 2, reachable: 1, down: ['n2', 'n3'] });
  expect(error.message).toContain('n2, n3');
  expect(cluster.node('n1').recordWriteCount).toBe(before);
  expect((await cluster.put('n1', { key: 'k', level: 'one' })).quorum?.nodes).toEqual(['n1']);
});

test('a write whose own commit hangs is answered at its deadline, and replicated once it is there', async () => {
  await using cluster = await startThree();
  cluster.node('n1').engine.holdBatches();
  const put = watch(cluster.node('n1').kv.put(putRequest({ key: 'k', timeoutMs: 300 })));
  await cluster.advance(400);
  expect(put.error).toMatchObject({ code: 'DEADLINE_EXCEEDED', applied: 'unknown' });
  expect(put.error?.details).toMatchObject({ received: 0, nodes: [], minter: 'n1' });
  cluster.node('n1').engine.releaseBatches();
  await cluster.settle();
  expect(await cluster.held('n2', 'k')).toEqual(['v']);
});

test('durability memory answers without an fsync and says so', async () => {
  await using cluster = await startThree();
  // The first such mint of a run notes durably that there are unsynced ones.
  await cluster.put('n1', { key: 'other', durability: 'memory' });
  const synced = cluster.nodes.map(({ engine }) => engine.events.length);
  const reply = await cluster.put('n1', { key: 'k', durability: 'memory', level: 'all' });
  expect(reply).toMatchObject({ durable: 0, quorum: { received: 3 } });
  for (const [index, { engine }] of cluster.nodes.entries()) {
    const since = engine.events.slice(synced[index]);
    expect(since.filter((event) => event.what === 'batch-done' && event.sync)).toEqual([]);
  }
});

test.each([
  [1, ['n1']],
  [2, ['n1', 'n2', 'n3']],
] as const)('dw=%i waits for so many fsyncs of a write in memory', async (dw, syncing) => {
  await using cluster = await startThree();
  await cluster.put('n1', { key: 'other', durability: 'memory' });
  await cluster.settle();
  for (const { engine } of cluster.nodes) engine.events.length = 0;
  const reply = await cluster.put('n1', { key: 'k', durability: 'memory', w: 2, dw });
  await cluster.settle();
  expect(reply.durable).toBeGreaterThanOrEqual(dw);
  expect(reply.quorum).toMatchObject({ level: 'w=2', required: 2, received: 2 });
  const synced = cluster.nodes.filter(({ engine }) =>
    engine.events.some((event) => event.what === 'batch-done' && event.sync),
  );
  expect(synced.map(({ name }) => name)).toEqual(syncing);
});

test('a durable retry of a write in memory is acknowledged only after fsyncs, although nothing changes', async () => {
  await using cluster = await startThree();
  await cluster.put('n1', { key: 'other', durability: 'memory' });
  const request = { key: 'k', requestId: requestIdOf(1), level: 'all' } as const;
  const first = await cluster.put('n1', { ...request, durability: 'memory' });
  expect(first.durable).toBe(0);
  cluster.node('n3').engine.holdBatches();
  const retry = watch(cluster.node('n1').kv.put(putRequest(request)));
  await cluster.settle();
  expect(retry.isSettled).toBe(false);
  cluster.node('n3').engine.releaseBatches();
  await cluster.settle();
  expect(retry.value).toMatchObject({ dot: first.dot, durable: 3 });
});

test('the trace of a write names the minter and every replica, answered or not', async () => {
  await using cluster = await startThree();
  cluster.node('n3').requests.hold();
  const { trace } = await cluster.put('n1', { key: 'k', explain: true });
  expect(trace).toMatchObject({ coordinator: 'n1', minter: 'n1', layoutVersion: 1 });
  expect(trace?.steps).toMatchObject([
    { node: 'n1', action: 'mint', counted: true },
    { node: 'n2', action: 'replicate', outcome: 'merged, durable', counted: true },
    { node: 'n3', action: 'replicate', outcome: '', answeredAtMs: 0, counted: false },
  ]);
  cluster.node('n3').requests.release();
  await cluster.settle();
  expect(trace?.steps[2]).toMatchObject({ outcome: '', counted: false });
});

test('each request is counted once, by operation, level and outcome', async () => {
  await using cluster = await startThree();
  await cluster.put('n1', { key: 'k' });
  await cluster.put('n1', { key: 'k', w: 3 });
  await cluster.get('n1', { key: 'k', level: 'one' });
  await cluster.failure(cluster.node('n1').kv.put(putRequest({ key: '' })));
  const { notes } = cluster.node('n1');
  const count = (operation: string, level: string, outcome: string): number =>
    notes.number('coterie_requests_total', { operation, level, outcome });
  expect(count('put', 'quorum', 'ok')).toBe(1);
  expect(count('put', 'raw', 'ok')).toBe(1);
  expect(count('get', 'one', 'ok')).toBe(1);
  expect(count('put', 'quorum', 'INVALID_ARGUMENT')).toBe(1);
  expect(notes.number('coterie_requests_in_flight')).toBe(0);
});
