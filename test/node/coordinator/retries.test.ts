/** A write sent again under its request id is the same write. */
import { expect, test } from 'vitest';
import { watch } from '../../client/client-rig.ts';
import { putRequest, requestIdOf } from '../requests.ts';
import { type Cluster, startThree, valuesOf } from '../rig.ts';

const ID = requestIdOf(9);

/** A put at `at` that reached no other node: its client was told "unknown". */
async function putUnknown(cluster: Cluster, at: string, value: string): Promise<void> {
  const others = cluster.nodes.filter(({ name }) => name !== at);
  for (const other of others) other.requests.hold();
  const put = cluster
    .node(at)
    .kv.put(putRequest({ key: 'k', value, requestId: ID, timeoutMs: 200 }));
  const error = await cluster.failure(put);
  expect(error).toMatchObject({ code: 'DEADLINE_EXCEEDED', applied: 'unknown' });
  await cluster.advance(1_500);
  for (const other of others) other.requests.drop();
  await cluster.settle();
}

test('a retry through the same node is answered with the first dot and stores nothing', async () => {
  await using cluster = await startThree();
  const first = await cluster.put('n1', { key: 'k', requestId: ID, level: 'all' });
  const before = cluster.nodes.map((node) => node.recordWriteCount);
  const again = await cluster.put('n1', { key: 'k', requestId: ID, level: 'all' });
  expect(again).toMatchObject({ dot: first.dot, siblings: 1 });
  expect(cluster.nodes.map((node) => node.recordWriteCount)).toEqual(before);
});

test('a retry brings a write that reached only its minter to the level asked for', async () => {
  await using cluster = await startThree();
  await putUnknown(cluster, 'n1', 'v');
  expect(await cluster.held('n2', 'k')).toEqual([]);
  const retry = await cluster.put('n1', { key: 'k', value: 'v', requestId: ID, level: 'all' });
  expect(retry).toMatchObject({ siblings: 1, durable: 3 });
  expect(await cluster.held('n2', 'k')).toEqual(['v']);
});

test('two tries at the same time are one write', async () => {
  await using cluster = await startThree();
  const tries = [1, 2].map(() =>
    watch(cluster.node('n1').kv.put(putRequest({ key: 'k', requestId: ID }))),
  );
  await cluster.settle();
  const [one, two] = tries.map(({ value }) => value);
  expect(one?.dot).toBeDefined();
  expect(two?.dot).toBe(one?.dot);
  expect((await cluster.get('n1', { key: 'k', level: 'all' })).siblings).toHaveLength(1);
});

test('a retry of a write that was replaced meanwhile does not bring it back', async () => {
  await using cluster = await startThree();
  const first = await cluster.put('n1', { key: 'k', value: 'old', requestId: ID });
  await cluster.put('n1', { key: 'k', value: 'new', context: first.context });
  const again = await cluster.put('n1', { key: 'k', value: 'old', requestId: ID });
  expect(again.dot).toBe(first.dot);
  expect(valuesOf(await cluster.get('n1', { key: 'k', level: 'all' }))).toEqual(['new']);
});

test('a request id used again with another value is refused and nothing changes', async () => {
  await using cluster = await startThree();
  await cluster.put('n1', { key: 'k', value: 'a', requestId: ID, level: 'all' });
  for (const [at, isRetry] of [
    ['n1', false],
    ['n1', true],
    ['n2', true],
  ] as const) {
    const put = putRequest({ key: 'k', value: 'b', requestId: ID, isRetry });
    const error = await cluster.failure(cluster.node(at).kv.put(put));
    expect(error).toMatchObject({ code: 'INVALID_ARGUMENT', applied: 'no' });
  }
  expect(valuesOf(await cluster.get('n1', { key: 'k', level: 'all' }))).toEqual(['a']);
});

test('the same request id on another key is another write', async () => {
  await using cluster = await startThree();
  const one = await cluster.put('n1', { key: 'k', value: 'a', requestId: ID });
  const two = await cluster.put('n1', { key: 'l', value: 'b', requestId: ID });
  expect(two.dot).not.toBe(one.dot);
});

test('a retry through another node finds the first try and makes no second event', async () => {
  await using cluster = await startThree();
  await putUnknown(cluster, 'n1', 'v');
  // The majority that is asked for the first try is then n2 and n1.
  cluster.network.part('n2:7400', 'n3:7400');
  const retry = await cluster.put('n2', { key: 'k', value: 'v', requestId: ID, isRetry: true });
  cluster.network.heal('n2:7400', 'n3:7400');
  await cluster.untilLinked();
  expect(retry.dot).toMatch(new RegExp(`^${cluster.indexOf('n1')}\\.`));
  expect((await cluster.get('n3', { key: 'k', level: 'all' })).siblings).toHaveLength(1);
});

test('a retry that could not see the first try makes a second event, but one value is shown and one context removes both', async () => {
  await using cluster = await startThree();
  await putUnknown(cluster, 'n1', 'v');
  for (const other of ['n2:7400', 'n3:7400']) cluster.network.part('n1:7400', other);
  await cluster.advance(200);
  const retry = { key: 'k', value: 'v', requestId: ID, isRetry: true };
  const second = await cluster.put('n2', retry);
  expect(second.dot).toMatch(new RegExp(`^${cluster.indexOf('n2')}\\.`));
  for (const other of ['n2:7400', 'n3:7400']) cluster.network.heal('n1:7400', other);
  await cluster.untilLinked();
  const read = await cluster.get('n3', { key: 'k', level: 'all' });
  expect(valuesOf(read)).toEqual(['v']);
  await cluster.put('n3', { key: 'k', value: 'next', context: read.context });
  expect(valuesOf(await cluster.get('n1', { key: 'k', level: 'all' }))).toEqual(['next']);
});

test('a retry that cannot look for its first try writes nothing, and stays unknown', async () => {
  await using cluster = await startThree();
  for (const name of ['n2', 'n3']) cluster.node(name).requests.hold();
  const before = cluster.node('n1').recordWriteCount;
  const request = putRequest({ key: 'k', requestId: ID, isRetry: true, timeoutMs: 300 });
  const error = await cluster.failure(cluster.node('n1').kv.put(request));
  expect(error).toMatchObject({ code: 'DEADLINE_EXCEEDED', applied: 'unknown' });
  expect(cluster.node('n1').recordWriteCount).toBe(before);
});

test('a retry at one is not held up past its deadline by replicas that it can do without', async () => {
  await using cluster = await startThree();
  for (const name of ['n2', 'n3']) cluster.node(name).requests.hold();
  const request = { key: 'k', requestId: ID, isRetry: true, level: 'one', timeoutMs: 300 } as const;
  expect((await cluster.put('n1', request)).quorum?.nodes).toEqual(['n1']);
});

test('a retry at the node of its first try needs nobody else to be answered', async () => {
  await using cluster = await startThree();
  const request = { key: 'k', requestId: ID, level: 'one' } as const;
  const first = await cluster.put('n1', request);
  for (const name of ['n2', 'n3']) cluster.node(name).requests.hold();
  const startedMs = cluster.world.monotonicMs();
  const retry = watch(cluster.node('n1').kv.put(putRequest({ ...request, isRetry: true })));
  await cluster.settle();
  expect(retry.value?.dot).toBe(first.dot);
  expect(cluster.world.monotonicMs()).toBe(startedMs);
});

test.each(['n1', 'n2'])(
  'the retry of a delete at %s is told that there was something to delete',
  async (at) => {
    await using cluster = await startThree();
    await cluster.put('n1', { key: 'k', level: 'all' });
    await cluster.delete('n1', { key: 'k', requestId: ID, level: 'all' });
    const before = cluster.nodes.map((node) => node.recordWriteCount);
    const retry = await cluster.delete(at, { key: 'k', requestId: ID, isRetry: true });
    expect(retry).toMatchObject({ found: true, siblings: 0 });
    expect(cluster.nodes.map((node) => node.recordWriteCount)).toEqual(before);
  },
);

test('the SDK repeats a write of unknown outcome under its id, and it is there once', async () => {
  await using cluster = await startThree();
  const client = cluster.client(['n1'], { retry: 'any', timeoutMs: 4_000 });
  await cluster.run(client.put('warm', 'up'));
  for (const name of ['n1', 'n2', 'n3']) cluster.node(name).requests.hold();
  const put = watch(client.put('k', 'v', { timeoutMs: 8_000 }));
  await cluster.advance(1_000);
  for (const name of ['n1', 'n2', 'n3']) cluster.node(name).requests.release();
  await cluster.advance(4_000);
  expect(put.value?.siblings).toBe(1);
  const read = await cluster.get('n2', { key: 'k', level: 'all' });
  expect(valuesOf(read)).toEqual(['v']);
});
