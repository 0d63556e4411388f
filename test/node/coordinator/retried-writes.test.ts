/** What a retry is told of its first try: by the node that knows it, by a majority, or, where the
 *  level needs no majority and there is none, not at all. */
import { expect, test } from 'vitest';
import { makeRecordKey } from '../../../src/node/storage/record-key.ts';
import { STORAGE_DEFAULTS } from '../../../src/node/storage/storage-options.ts';
import { watch } from '../../client/client-rig.ts';
import { bytesOf, deleteRequest, putRequest, requestIdOf } from '../requests.ts';
import { type Cluster, startThree, valuesOf } from '../rig.ts';

const ID = requestIdOf(9);
const RETRY = { key: 'k', requestId: ID, isRetry: true } as const;

async function killOthers(cluster: Cluster, at: string): Promise<void> {
  for (const node of cluster.nodes) if (node.name !== at) await node.kill();
  await cluster.advance(500);
}

/** A put that its minter alone has. */
async function putOnlyAt(cluster: Cluster, at: string, value: string): Promise<void> {
  const others = cluster.nodes.filter(({ name }) => name !== at);
  for (const other of others) other.requests.hold();
  await cluster.put(at, { key: 'k', value, requestId: ID, level: 'one' });
  await cluster.advance(1_500);
  for (const other of others) other.requests.drop();
  await cluster.settle();
}

/** The record of `k` at this node rots, and the next read notices it. */
async function loseRecord(cluster: Cluster, at: string): Promise<void> {
  const { engine, notes } = cluster.node(at);
  const { token } = cluster.ring.partitionOfKey('default', bytesOf('k'));
  const key = makeRecordKey(token, 'default', bytesOf('k')).storageKey;
  const [value] = await cluster.run(engine.getMany([key]));
  if (value === undefined) throw new Error('nothing is stored');
  value[value.length - 1] = ~(value.at(-1) ?? 0);
  await cluster.run(engine.batch([{ type: 'put', key, value }], { sync: true }));
  await cluster.get(at, { key: 'k', level: 'one' });
  expect(notes.number('coterie_unreadable_keys')).toBe(1);
}

test('with two of three nodes dead a retry at one is served', async () => {
  await using cluster = await startThree();
  await killOthers(cluster, 'n1');
  const reply = await cluster.put('n1', { ...RETRY, level: 'one' });
  expect(reply).toMatchObject({ siblings: 1, quorum: { received: 1 } });
});

test('with two of three nodes dead a retry at one is told the dot of its first try', async () => {
  await using cluster = await startThree();
  const first = await cluster.put('n1', { key: 'k', requestId: ID, level: 'one' });
  await killOthers(cluster, 'n1');
  const before = cluster.node('n1').recordWriteCount;
  const again = await cluster.put('n1', { ...RETRY, level: 'one' });
  expect(again).toMatchObject({ dot: first.dot, siblings: 1 });
  expect(cluster.node('n1').recordWriteCount).toBe(before);
});

test('a node that knows the first try answers a retry at one and asks nobody', async () => {
  await using cluster = await startThree();
  const first = await cluster.put('n1', { key: 'k', requestId: ID, level: 'one' });
  for (const name of ['n2', 'n3']) cluster.node(name).requests.hold();
  const again = watch(cluster.node('n1').kv.put(putRequest({ ...RETRY, level: 'one' })));
  await cluster.settle();
  expect(again.value?.dot).toBe(first.dot);
});

test('a retry at quorum that hears of no majority in time is told "unknown"', async () => {
  await using cluster = await startThree();
  for (const name of ['n2', 'n3']) cluster.node(name).requests.hold();
  const before = cluster.node('n1').recordWriteCount;
  const put = cluster.node('n1').kv.put(putRequest({ ...RETRY, timeoutMs: 300 }));
  expect(await cluster.failure(put)).toMatchObject({
    code: 'DEADLINE_EXCEEDED',
    applied: 'unknown',
  });
  expect(cluster.node('n1').recordWriteCount).toBe(before);
});

test('a retry at quorum with no majority alive is told "unknown"', async () => {
  await using cluster = await startThree();
  await killOthers(cluster, 'n1');
  const put = cluster.node('n1').kv.put(putRequest(RETRY));
  expect((await cluster.failure(put)).applied).toBe('unknown');
});

test.each(['n1', 'n2'])(
  'the retry through %s of a delete that was applied is told that it deleted, and what',
  async (at) => {
    await using cluster = await startThree();
    await cluster.put('n1', { key: 'k', level: 'all' });
    const first = await cluster.delete('n1', { key: 'k', requestId: ID, level: 'all' });
    expect(first.found).toBe(true);
    const again = await cluster.delete(at, { ...RETRY, level: 'all' });
    expect(again).toMatchObject({ found: true, siblings: 0 });
    expect(again.context).toEqual(first.context);
    expect((await cluster.get('n3', { key: 'k', level: 'all' })).found).toBe(false);
  },
);

test('the retry of a delete through a node that missed it is told that it deleted', async () => {
  await using cluster = await startThree();
  await cluster.put('n1', { key: 'k', level: 'all' });
  cluster.node('n2').requests.hold();
  await cluster.delete('n1', { key: 'k', requestId: ID });
  await cluster.advance(1_500);
  cluster.node('n2').requests.drop();
  const again = await cluster.delete('n2', RETRY);
  expect(again).toMatchObject({ found: true, siblings: 0 });
  expect((await cluster.get('n3', { key: 'k', level: 'all' })).found).toBe(false);
});

test('the retry of a delete that was applied leaves what was written since', async () => {
  await using cluster = await startThree();
  await cluster.put('n1', { key: 'k', value: 'old', level: 'all' });
  const first = await cluster.delete('n1', { key: 'k', requestId: ID, level: 'all' });
  await cluster.put('n2', { key: 'k', value: 'new', context: first.context, level: 'all' });
  const again = await cluster.delete('n1', { ...RETRY, level: 'all' });
  expect(again.found).toBe(true);
  expect(valuesOf(await cluster.get('n3', { key: 'k', level: 'all' }))).toEqual(['new']);
});

test('the retry of a delete is told of it although another has deleted since', async () => {
  await using cluster = await startThree();
  await cluster.put('n1', { key: 'k', level: 'all' });
  const first = await cluster.delete('n1', { key: 'k', requestId: ID, level: 'all' });
  const { context } = first;
  const next = await cluster.put('n2', { key: 'k', context, level: 'all' });
  await cluster.delete('n2', { key: 'k', context: next.context, level: 'all' });
  const again = await cluster.delete('n1', { ...RETRY, level: 'all' });
  expect(again).toMatchObject({ found: true, context: first.context });
});

test('the retry of a delete with no majority alive is told "unknown"', async () => {
  await using cluster = await startThree();
  await cluster.put('n1', { key: 'k' });
  await killOthers(cluster, 'n1');
  const retry = cluster.node('n1').kv.delete(deleteRequest(RETRY));
  expect(await cluster.failure(retry)).toMatchObject({ code: 'NO_REPLICA', applied: 'unknown' });
  const first = cluster.node('n1').kv.delete(deleteRequest({ key: 'k' }));
  expect(await cluster.failure(first)).toMatchObject({ code: 'NO_REPLICA', applied: 'no' });
});

test('a retry of a delete that has not been applied deletes', async () => {
  await using cluster = await startThree();
  await cluster.put('n1', { key: 'k', level: 'all' });
  const reply = await cluster.run(cluster.node('n2').kv.delete(deleteRequest(RETRY)));
  expect(reply.found).toBe(true);
  expect((await cluster.get('n3', { key: 'k', level: 'all' })).found).toBe(false);
});

test('a retry whose record was lost meanwhile is written again', async () => {
  await using cluster = await startThree({
    storage: { ...STORAGE_DEFAULTS, recordCacheBytesMax: 0 },
  });
  await putOnlyAt(cluster, 'n1', 'first');
  await loseRecord(cluster, 'n1');
  await cluster.put('n2', { key: 'k', value: 'other', level: 'all' });
  await cluster.put('n1', { ...RETRY, value: 'first' });
  const values = valuesOf(await cluster.get('n2', { key: 'k', level: 'quorum' }));
  expect(values).toContain('first');
  expect(values).toContain('other');
});
