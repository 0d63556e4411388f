/** Every level over two datacentres of three nodes, all six of them replicas. */
import { expect, test } from 'vitest';
import type { ConsistencyLevel } from '../../../src/core/quorum/level.ts';
import { watch } from '../../client/client-rig.ts';
import { getRequest, putRequest } from '../requests.ts';
import { type Cluster, startCluster, valuesOf } from '../rig.ts';

const NODES = ['a1', 'a2', 'a3', 'b1', 'b2', 'b3'].map((name) => ({
  name,
  datacentre: `dc-${name[0]}`,
}));
const NAMES = NODES.map(({ name }) => name);
const FAR = ['b1', 'b2', 'b3'];

function startTwoDatacentres(): Promise<Cluster> {
  return startCluster({ nodes: NODES, replicas: 6 });
}

function silence(cluster: Cluster, names: readonly string[]): void {
  for (const name of names) cluster.node(name).requests.hold();
}

/** level, answers it needs, whether it needs one of the other datacentre. */
const LEVELS: readonly (readonly [ConsistencyLevel, number, boolean])[] = [
  ['one', 1, false],
  ['two', 2, false],
  ['three', 3, false],
  ['quorum', 4, true],
  ['all', 6, true],
  ['local_one', 1, false],
  ['local_quorum', 2, false],
  ['each_quorum', 4, true],
];

test.each(LEVELS)('a write and a read at %s count %i replicas', async (level, required) => {
  await using cluster = await startTwoDatacentres();
  const put = await cluster.put('a1', { key: 'k', level });
  expect(put.quorum).toMatchObject({ level, required });
  expect(put.quorum?.received).toBeGreaterThanOrEqual(required);
  const get = await cluster.get('a1', { key: 'k', level });
  expect(get.quorum).toMatchObject({ level, required });
  expect(get.quorum?.received).toBeGreaterThanOrEqual(required);
  expect(valuesOf(get)).toEqual(['v']);
});

test.each(LEVELS)('at %s only what is counted is waited for', async (level, required, isFar) => {
  await using cluster = await startTwoDatacentres();
  await cluster.put('a1', { key: 'k', level: 'all' });
  silence(cluster, FAR);
  const put = watch(cluster.node('a1').kv.put(putRequest({ key: 'k', level, timeoutMs: 900 })));
  await cluster.settle();
  expect(put.isSettled).toBe(!isFar);
  const get = watch(cluster.node('a1').kv.get(getRequest({ key: 'k', level, timeoutMs: 900 })));
  await cluster.advance(1_000);
  expect(put.error?.code).toBe(isFar ? 'DEADLINE_EXCEEDED' : undefined);
  expect(get.error?.code).toBe(isFar ? 'DEADLINE_EXCEEDED' : undefined);
  if (!isFar) expect(put.value?.quorum?.received).toBeGreaterThanOrEqual(required);
});

test.each(LEVELS)(
  'with the other datacentre down %s is refused if it needs it',
  async (level, required, isFar) => {
    await using cluster = await startTwoDatacentres();
    for (const name of FAR) await cluster.node(name).stop();
    await cluster.advance(500);
    const put = cluster.node('a1').kv.put(putRequest({ key: 'k', level }));
    if (!isFar) {
      expect((await cluster.run(put)).quorum?.received).toBeGreaterThanOrEqual(required);
      return;
    }
    const error = await cluster.failure(put);
    expect(error).toMatchObject({ code: 'NO_REPLICA', applied: 'no' });
    expect([...(error.details['down'] as string[])].sort()).toEqual(FAR);
  },
);

test.each([1, 4, 6])('raw numbers of %i count as many replicas', async (count) => {
  await using cluster = await startTwoDatacentres();
  const put = await cluster.put('a1', { key: 'k', w: count });
  expect(put.quorum).toMatchObject({ level: `w=${count}`, required: count });
  const get = await cluster.get('a1', { key: 'k', r: count });
  expect(get.quorum).toMatchObject({ level: `r=${count}`, required: count });
});

test('a write at ANY is on one replica, and a read cannot be at ANY', async () => {
  await using cluster = await startTwoDatacentres();
  silence(cluster, NAMES.slice(1));
  const put = await cluster.put('a1', { key: 'k', level: 'any' });
  expect(put.quorum).toMatchObject({ level: 'any', required: 1, nodes: ['a1'] });
});

test('a local quorum counts the replicas of the datacentre of the node that was asked', async () => {
  await using cluster = await startTwoDatacentres();
  for (const at of ['a2', 'b2']) {
    const put = await cluster.put(at, { key: 'k', level: 'local_quorum' });
    const get = await cluster.get(at, { key: 'k', level: 'local_quorum' });
    for (const name of [...(put.quorum?.nodes ?? []), ...(get.quorum?.nodes ?? [])]) {
      expect(name[0]).toBe(at[0]);
    }
  }
});

test('an each_quorum read asks a majority of every datacentre at once and waits for no timeout', async () => {
  await using cluster = await startTwoDatacentres();
  await cluster.put('a1', { key: 'k', level: 'all' });
  for (const at of NAMES) {
    const read = watch(cluster.node(at).kv.get(getRequest({ key: 'k', level: 'each_quorum' })));
    await cluster.settle();
    expect(read.value?.quorum?.received).toBe(4);
  }
});

test('an each_quorum read replaces a failing replica by one of the same datacentre', async () => {
  await using cluster = await startTwoDatacentres();
  await cluster.put('a1', { key: 'k', level: 'all' });
  await cluster.node('b1').stop();
  await cluster.node('b1').damageRecords();
  await cluster.node('b1').start();
  await cluster.untilServing();
  await cluster.untilLinked();
  for (const at of NAMES) {
    const read = watch(cluster.node(at).kv.get(getRequest({ key: 'k', level: 'each_quorum' })));
    await cluster.settle();
    expect(read.value?.quorum?.nodes.filter((name) => name.startsWith('b')).sort()).toEqual([
      'b2',
      'b3',
    ]);
  }
});

test('an each_quorum read repairs a majority of each datacentre, with spares of the same one', async () => {
  await using cluster = await startTwoDatacentres();
  for (const name of FAR) cluster.node(name).requests.hold();
  await cluster.put('a1', { key: 'k', level: 'local_quorum' });
  await cluster.advance(1_500);
  for (const name of FAR) cluster.node(name).requests.drop();
  cluster.node('b1').engine.pretendFree(0);
  await cluster.advance(1_500);
  const read = watch(
    cluster.node('a1').kv.get(getRequest({ key: 'k', level: 'each_quorum', timeoutMs: 5_000 })),
  );
  await cluster.advance(1_000);
  expect(read.value?.found).toBe(true);
  for (const name of ['b2', 'b3']) expect(await cluster.held(name, 'k')).toEqual(['v']);
});

test('a local level where no replica is local is refused with the datacentre named', async () => {
  await using cluster = await startCluster({
    nodes: [
      ...['a1', 'a2', 'a3'].map((name) => ({ name, datacentre: 'dc-a' })),
      { name: 'b1', datacentre: 'dc-b', options: { weight: 0 } },
    ],
    replicas: 3,
  });
  for (const level of ['local_one', 'local_quorum'] as const) {
    const put = await cluster.failure(cluster.node('b1').kv.put(putRequest({ key: 'k', level })));
    const get = await cluster.failure(cluster.node('b1').kv.get(getRequest({ key: 'k', level })));
    for (const error of [put, get]) {
      expect(error).toMatchObject({ code: 'NO_REPLICA', applied: 'no' });
      expect(error.message).toContain('dc-b');
    }
  }
  expect((await cluster.put('b1', { key: 'k' })).quorum?.received).toBeGreaterThanOrEqual(2);
  expect(cluster.node('b1').recordWriteCount).toBe(0);
});
