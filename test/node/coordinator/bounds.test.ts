/** What a node refuses when it has too much to do: at once, with nothing applied. */
import { expect, test } from 'vitest';
import type { CoterieError } from '../../../src/core/errors.ts';
import { STORAGE_DEFAULTS } from '../../../src/node/storage/storage-options.ts';
import { watch } from '../../client/client-rig.ts';
import { getRequest, putRequest } from '../requests.ts';
import { startCluster, startThree, valuesOf } from '../rig.ts';

function expectOverloaded(error: CoterieError | undefined): void {
  expect(error).toMatchObject({ code: 'OVERLOADED', applied: 'no', retryable: true });
  expect(error?.details['retryAfterMs']).toBeGreaterThan(0);
}

test('beyond its bound of requests a node refuses at once, and takes new ones when some are done', async () => {
  await using cluster = await startThree({ requestsMax: 2 });
  const { kv, engine } = cluster.node('n1');
  engine.holdBatches();
  const taken = ['a', 'b'].map((key) => watch(kv.put(putRequest({ key }))));
  await cluster.settle();
  const refused = [
    watch(kv.put(putRequest({ key: 'c' }))),
    watch(kv.get(getRequest({ key: 'c' }))),
  ];
  await cluster.settle();
  for (const { error } of refused) expectOverloaded(error);
  engine.releaseBatches();
  await cluster.settle();
  for (const { value } of taken) expect(value?.dot).toBeDefined();
  expect((await cluster.get('n1', { key: 'c', level: 'all' })).found).toBe(false);
});

test('beyond its bound of bytes a node refuses, but one request alone is taken whatever its size', async () => {
  await using cluster = await startThree({ requestBytesMax: 10_000 });
  const { kv, engine } = cluster.node('n1');
  const large = new Uint8Array(20_000);
  engine.holdBatches();
  const alone = watch(kv.put(putRequest({ key: 'a', value: large })));
  await cluster.settle();
  const second = watch(kv.put(putRequest({ key: 'b', value: 'small' })));
  await cluster.settle();
  expectOverloaded(second.error);
  engine.releaseBatches();
  await cluster.settle();
  expect(alone.value?.siblings).toBe(1);
  expect((await cluster.put('n1', { key: 'b' })).siblings).toBe(1);
});

test('beyond the bound to one peer its copies are refused and counted as failures, and the other peer makes the quorum', async () => {
  await using cluster = await startThree({ peerRequestsMax: 2 });
  cluster.node('n3').requests.hold();
  for (const key of ['a', 'b', 'c', 'd']) {
    expect((await cluster.put('n1', { key })).quorum?.nodes).toEqual(['n1', 'n2']);
  }
  const all = cluster.node('n1').kv.put(putRequest({ key: 'e', level: 'all' }));
  const error = await cluster.failure(all);
  expect(error).toMatchObject({ code: 'QUORUM_NOT_MET', applied: 'unknown' });
  expect(error.details['failures']).toEqual([{ node: 'n3', code: 'OVERLOADED' }]);
});

test('beyond the bound of bytes to one peer its copies are refused', async () => {
  await using cluster = await startThree({ peerBytesMax: 10_000 });
  cluster.node('n3').requests.hold();
  const value = new Uint8Array(8_000);
  await cluster.put('n1', { key: 'a', value });
  const all = cluster.node('n1').kv.put(putRequest({ key: 'b', value, level: 'all' }));
  const error = await cluster.failure(all);
  expect(error.details['failures']).toEqual([{ node: 'n3', code: 'OVERLOADED' }]);
});

test('a gateway takes an overloaded replica for one that refused, and asks the next', async () => {
  await using cluster = await startCluster({
    nodes: ['n1', 'n2', 'n3', 'n4', 'n5'],
    replicas: 3,
    options: { requestsMax: 1 },
  });
  const key = cluster.keyWhere((replicas) => !replicas.includes('n1'));
  const [first = '', second] = cluster.replicasOf(key);
  cluster.node(first).engine.holdBatches();
  const other = cluster.keyWhere((replicas) => replicas.includes(first));
  const busy = watch(cluster.node(first).kv.put(putRequest({ key: other, level: 'one' })));
  await cluster.settle();
  const reply = await cluster.put('n1', { key, level: 'one', explain: true });
  expect(reply.trace?.minter).toBe(second);
  cluster.node(first).engine.releaseBatches();
  await cluster.settle();
  expect(busy.value?.siblings).toBe(1);
});

test('a storage that has too many updates waiting refuses clients and still takes copies', async () => {
  await using cluster = await startThree({
    storage: { ...STORAGE_DEFAULTS, waitingUpdatesMax: 2 },
  });
  const { kv, engine } = cluster.node('n1');
  engine.holdBatches();
  const taken = ['a', 'b'].map((key) => watch(kv.put(putRequest({ key, level: 'one' }))));
  await cluster.settle();
  const refused = watch(kv.put(putRequest({ key: 'c', level: 'one' })));
  await cluster.settle();
  expectOverloaded(refused.error);
  const copy = watch(cluster.node('n2').kv.put(putRequest({ key: 'd', level: 'all' })));
  await cluster.settle();
  engine.releaseBatches();
  await cluster.settle();
  expect(copy.value?.quorum?.received).toBe(3);
  expect(taken.every(({ value }) => value !== undefined)).toBe(true);
  expect(valuesOf(await cluster.get('n1', { key: 'd' }))).toEqual(['v']);
});
