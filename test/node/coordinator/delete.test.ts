/** What a delete covers: what it was shown, or what its context had seen, and nothing else. */
import { expect, test } from 'vitest';
import { watch } from '../../client/client-rig.ts';
import { deleteRequest, getRequest, requestIdOf } from '../requests.ts';
import { type Cluster, startThree, valuesOf } from '../rig.ts';

async function putApart(cluster: Cluster, at: string, value: string): Promise<void> {
  const { address } = cluster.node(at);
  const others = cluster.nodes.filter(({ name }) => name !== at);
  for (const other of others) cluster.network.part(address, other.address);
  await cluster.put(at, { key: 'k', value, level: 'one' });
  for (const other of others) cluster.network.heal(address, other.address);
  await cluster.untilLinked();
}

test('a delete of an absent key writes nothing and says that there was nothing', async () => {
  await using cluster = await startThree();
  const before = cluster.nodes.map((node) => node.batchCount);
  const reply = await cluster.delete('n1', { key: 'k' });
  expect(reply).toMatchObject({ found: false, siblings: 0, durable: 0 });
  expect(cluster.nodes.map((node) => node.batchCount)).toEqual(before);
});

test('a delete without context deletes also what its minter has missed', async () => {
  await using cluster = await startThree();
  cluster.node('n1').requests.hold();
  await cluster.put('n2', { key: 'k', value: 'unseen' });
  cluster.node('n1').requests.drop();
  await cluster.advance(1_500);
  const reply = await cluster.delete('n1', { key: 'k' });
  expect(reply).toMatchObject({ found: true, siblings: 0 });
  for (const name of ['n1', 'n2', 'n3']) {
    expect((await cluster.get(name, { key: 'k', level: 'all' })).found).toBe(false);
  }
});

test('a delete without context removes all siblings that it read', async () => {
  await using cluster = await startThree();
  await cluster.put('n1', { key: 'k', value: 'a' });
  await cluster.put('n2', { key: 'k', value: 'b' });
  const reply = await cluster.delete('n3', { key: 'k' });
  expect(reply).toMatchObject({ found: true, siblings: 0, quorum: { level: 'quorum' } });
  expect((await cluster.get('n1', { key: 'k' })).found).toBe(false);
});

test('a second delete finds nothing and writes nothing', async () => {
  await using cluster = await startThree();
  await cluster.put('n1', { key: 'k' });
  await cluster.delete('n1', { key: 'k', level: 'all' });
  const before = cluster.nodes.map((node) => node.recordWriteCount);
  expect((await cluster.delete('n2', { key: 'k' })).found).toBe(false);
  expect(cluster.nodes.map((node) => node.recordWriteCount)).toEqual(before);
});

test('a concurrent sibling that the read of a delete did not see survives it', async () => {
  await using cluster = await startThree();
  await cluster.put('n1', { key: 'k', value: 'seen', level: 'all' });
  await putApart(cluster, 'n3', 'unseen');
  const reply = await cluster.delete('n1', { key: 'k' });
  expect(reply.found).toBe(true);
  expect(valuesOf(await cluster.get('n1', { key: 'k', level: 'all' }))).toEqual(['unseen']);
});

test('a delete with a context removes what the context had seen and nothing newer', async () => {
  await using cluster = await startThree();
  await cluster.put('n1', { key: 'k', value: 'a' });
  const { context } = await cluster.get('n1', { key: 'k' });
  await cluster.put('n2', { key: 'k', value: 'b' });
  const reply = await cluster.delete('n3', { key: 'k', context });
  expect(reply).toMatchObject({ found: true, siblings: 1 });
  expect(valuesOf(await cluster.get('n1', { key: 'k', level: 'all' }))).toEqual(['b']);
});

test('a late copy of a deleted value does not come back', async () => {
  await using cluster = await startThree();
  cluster.node('n3').requests.hold();
  await cluster.put('n1', { key: 'k', value: 'old' });
  const { context } = await cluster.get('n1', { key: 'k' });
  await cluster.delete('n2', { key: 'k', context });
  cluster.node('n3').requests.release();
  await cluster.settle();
  expect(await cluster.held('n3', 'k')).toEqual([]);
  expect((await cluster.get('n3', { key: 'k', level: 'all' })).found).toBe(false);
});

test('a blind delete reads no other replica and removes what its minter has', async () => {
  await using cluster = await startThree();
  await cluster.put('n1', { key: 'k', value: 'here', level: 'all' });
  await putApart(cluster, 'n3', 'elsewhere');
  const reply = await cluster.delete('n1', { key: 'k', blind: true });
  expect(reply.found).toBe(true);
  expect(cluster.node('n2').receivedOf('read')).toEqual([]);
  expect(valuesOf(await cluster.get('n1', { key: 'k', level: 'all' }))).toEqual(['elsewhere']);
});

test('a delete cannot be both blind and of a context', async () => {
  await using cluster = await startThree();
  const request = deleteRequest({ key: 'k', blind: true, context: new Uint8Array(20) });
  const error = await cluster.failure(cluster.node('n1').kv.delete(request));
  expect(error).toMatchObject({ code: 'INVALID_ARGUMENT', applied: 'no' });
});

test('a delete at one still reads a quorum first', async () => {
  await using cluster = await startThree();
  cluster.node('n1').requests.hold();
  await cluster.put('n2', { key: 'k' });
  cluster.node('n1').requests.drop();
  await cluster.advance(1_500);
  expect((await cluster.delete('n1', { key: 'k', level: 'one' })).found).toBe(true);
  expect((await cluster.get('n2', { key: 'k', level: 'all' })).found).toBe(false);
});

test.each(['all', 'three'] as const)(
  'a delete at %s reads as many replicas as it writes',
  async (level) => {
    await using cluster = await startThree();
    await cluster.put('n1', { key: 'k', value: 'seen', level: 'all' });
    await putApart(cluster, 'n3', 'late');
    expect((await cluster.delete('n1', { key: 'k', level })).found).toBe(true);
    expect((await cluster.get('n1', { key: 'k', level: 'all' })).found).toBe(false);
  },
);

test('a delete whose read fails is not applied', async () => {
  await using cluster = await startThree();
  await cluster.put('n1', { key: 'k', level: 'all' });
  for (const name of ['n2', 'n3']) cluster.node(name).requests.hold();
  const error = await cluster.failure(
    cluster.node('n1').kv.delete(deleteRequest({ key: 'k', timeoutMs: 700 })),
  );
  expect(error).toMatchObject({ code: 'DEADLINE_EXCEEDED', applied: 'no' });
  for (const name of ['n2', 'n3']) cluster.node(name).requests.release();
  await cluster.settle();
  expect((await cluster.get('n1', { key: 'k', level: 'all' })).found).toBe(true);
});

test('a delete repeated under its request id gives no second tombstone', async () => {
  await using cluster = await startThree();
  const { context } = await cluster.put('n1', { key: 'k', level: 'all' });
  const request = { key: 'k', context, requestId: requestIdOf(3), level: 'all' } as const;
  await cluster.delete('n1', request);
  const before = cluster.nodes.map((node) => node.recordWriteCount);
  expect((await cluster.delete('n1', { ...request, isRetry: true })).found).toBe(true);
  expect(cluster.nodes.map((node) => node.recordWriteCount)).toEqual(before);
});

test('a delete goes on above the watermark that stops puts', async () => {
  await using cluster = await startThree();
  await cluster.put('n1', { key: 'k', level: 'all' });
  for (const { engine } of cluster.nodes) engine.pretendFree(1_024 * 1_024 * 100);
  await cluster.advance(1_500);
  expect((await cluster.delete('n1', { key: 'k' })).found).toBe(true);
});

test('a get during a delete shows the value until the tombstone is committed', async () => {
  await using cluster = await startThree();
  const { context } = await cluster.put('n1', { key: 'k', value: 'v', level: 'all' });
  for (const { engine } of cluster.nodes) engine.holdBatches();
  const removed = watch(cluster.node('n1').kv.delete(deleteRequest({ key: 'k', context })));
  await cluster.settle();
  const read = await cluster.run(cluster.node('n2').kv.get(getRequest({ key: 'k' })));
  expect(valuesOf(read)).toEqual(['v']);
  for (const { engine } of cluster.nodes) engine.releaseBatches();
  await cluster.settle();
  expect(removed.value?.found).toBe(true);
});
