/** Of large records one replica sends the record and the others no more than a digest of it. */
import { crc32 } from 'node:zlib';
import { expect, test } from 'vitest';
import { EMPTY_CONTEXT } from '../../../src/core/version/causal-context.ts';
import { createRecordCodec } from '../../../src/core/version/record-codec.ts';
import { watch } from '../../client/client-rig.ts';
import { getRequest } from '../requests.ts';
import { type Cluster, startCluster, startThree, valuesOf } from '../rig.ts';
import { putOn } from './half-written.ts';
import { startMembers } from './member-rig.ts';

const LARGE = 'L'.repeat(2_000);
const LARGER = 'M'.repeat(3_000);

function digests(cluster: Cluster, outcome: 'same' | 'different'): number {
  return cluster.node('n1').notes.number('coterie_read_digests_total', { outcome });
}

test('of large records that are equal one is read, the others are told by digest, nothing is written', async () => {
  await using cluster = await startThree();
  await cluster.put('n1', { key: 'k', value: LARGE, level: 'all' });
  const batches = cluster.nodes.map((node) => node.batchCount);
  const reply = await cluster.get('n1', { key: 'k', level: 'all', explain: true });
  expect(valuesOf(reply)).toEqual([LARGE]);
  expect(reply.quorum).toMatchObject({ received: 3, nodes: ['n1', 'n2', 'n3'] });
  const digest = { action: 'digest', outcome: 'the same record', counted: true };
  expect(reply.trace?.steps).toMatchObject([
    { node: 'n1', action: 'read', counted: true },
    { node: 'n2', ...digest },
    { node: 'n3', ...digest },
  ]);
  expect(digests(cluster, 'same')).toBe(2);
  expect(cluster.nodes.map((node) => node.batchCount)).toEqual(batches);
});

test('a record of no more than a KiB is sent whole', async () => {
  await using cluster = await startThree();
  await cluster.put('n1', { key: 'k', value: 'small', level: 'all' });
  const reply = await cluster.get('n1', { key: 'k', explain: true });
  expect(reply.trace?.steps).toMatchObject([{ action: 'read' }, { action: 'read' }]);
});

test('a digest of another record is followed by the record, and both are merged', async () => {
  await using cluster = await startThree();
  await putOn(cluster, ['n1'], 'k', { value: LARGE });
  await putOn(cluster, ['n2'], 'k', { value: LARGER });
  const reply = await cluster.get('n1', { key: 'k', explain: true });
  expect(valuesOf(reply).sort()).toEqual([LARGE, LARGER]);
  expect(reply.trace?.steps).toMatchObject([
    { node: 'n1', action: 'read', counted: true },
    { node: 'n2', action: 'digest', outcome: 'a record that is not known', counted: false },
    { node: 'n2', action: 'read', counted: true },
    { node: 'n1', action: 'repair' },
    { node: 'n2', action: 'repair' },
  ]);
  expect(digests(cluster, 'different')).toBe(1);
  for (const name of ['n1', 'n2']) {
    expect((await cluster.held(name, 'k')).sort()).toEqual([LARGE, LARGER]);
  }
});

test.each([
  ['has fallen behind', 'n1', 'n2'],
  ['is ahead', 'n2', 'n1'],
])('a replica whose digest differs because it %s is found out', async (_, writer, behind) => {
  await using cluster = await startThree();
  await cluster.put('n1', { key: 'k', value: LARGE, level: 'all' });
  await putOn(cluster, [writer], 'k', { value: LARGER, overwrite: true });
  expect(valuesOf(await cluster.get('n1', { key: 'k' }))).toEqual([LARGER]);
  expect(await cluster.held(behind, 'k')).toEqual([LARGER]);
});

test('of several replicas with one digest one is asked for the record', async () => {
  await using cluster = await startThree();
  await cluster.put('n1', { key: 'k', value: LARGE, level: 'all' });
  await putOn(cluster, ['n2', 'n3'], 'k', { value: LARGER, overwrite: true });
  const reply = await cluster.get('n1', { key: 'k', level: 'all', explain: true });
  expect(valuesOf(reply)).toEqual([LARGER]);
  const whole = reply.trace?.steps.filter(({ action }) => action === 'read') ?? [];
  expect(whole.map(({ node }) => node)).toEqual(['n1', 'n2']);
  const digest = reply.trace?.steps.filter(({ action }) => action === 'digest') ?? [];
  expect(digest).toMatchObject([
    { node: 'n2', counted: false },
    { node: 'n3', counted: true, outcome: 'the same record' },
  ]);
});

test('"no record" is told as such, and is no digest', async () => {
  await using cluster = await startThree();
  await putOn(cluster, ['n1'], 'k', { value: LARGE });
  const reply = await cluster.get('n1', { key: 'k', explain: true });
  expect(reply.trace?.steps).toMatchObject([
    { node: 'n1', action: 'read' },
    { node: 'n2', action: 'read', outcome: 'no record', counted: true },
    { node: 'n2', action: 'repair' },
  ]);
});

test('a digest is no "no record" either: who has none is brought what the other has', async () => {
  await using cluster = await startThree();
  await putOn(cluster, ['n2'], 'k', { value: LARGE });
  expect(valuesOf(await cluster.get('n1', { key: 'k' }))).toEqual([LARGE]);
  expect(await cluster.held('n1', 'k')).toEqual([LARGE]);
});

test('a replica that fails after its digest counts for nothing, and the next one is asked', async () => {
  await using cluster = await startThree();
  await cluster.put('n1', { key: 'k', value: LARGE, level: 'all' });
  await putOn(cluster, ['n2'], 'k', { value: LARGER });
  cluster.node('n2').replies.hold();
  const read = watch(cluster.node('n1').kv.get(getRequest({ key: 'k' })));
  await cluster.settle();
  cluster.node('n2').requests.hold();
  cluster.node('n2').replies.release();
  await cluster.settle();
  expect(digests(cluster, 'different')).toBe(1);
  expect(read.isSettled).toBe(false);
  await cluster.node('n2').kill();
  await cluster.settle();
  expect(read.value?.quorum?.nodes).toEqual(['n1', 'n3']);
  expect(read.value && valuesOf(read.value)).toEqual([LARGE]);
});

test('a replica that is silent after its digest is joined by the next one in time', async () => {
  await using cluster = await startThree();
  await cluster.put('n1', { key: 'k', value: LARGE, level: 'all' });
  await putOn(cluster, ['n2'], 'k', { value: LARGER });
  cluster.node('n2').replies.hold();
  const read = watch(cluster.node('n1').kv.get(getRequest({ key: 'k' })));
  await cluster.settle();
  cluster.node('n2').requests.hold();
  cluster.node('n2').replies.release();
  await cluster.advance(501);
  expect(read.value?.quorum?.nodes).toEqual(['n1', 'n3']);
  cluster.node('n2').requests.release();
  await cluster.settle();
  // What it says after all is not lost on the others.
  for (const name of ['n1', 'n3']) {
    expect((await cluster.held(name, 'k')).sort()).toEqual([LARGE, LARGER]);
  }
});

test('a replica whose record is damaged answers no digest of it', async () => {
  await using cluster = await startThree();
  await cluster.put('n1', { key: 'k', value: LARGE, level: 'all' });
  const node = cluster.node('n2');
  await node.stop();
  await node.damageRecords();
  await node.start();
  await cluster.untilServing();
  await cluster.untilLinked();
  const reply = await cluster.get('n1', { key: 'k', explain: true });
  expect(reply.quorum?.nodes).toEqual(['n1', 'n3']);
  expect(reply.trace?.steps[1]).toMatchObject({ outcome: 'CORRUPT_RECORD', counted: false });
});

test('a digest that comes before the record that was asked for waits for it', async () => {
  await using cluster = await startCluster({ nodes: ['n1', 'n2', 'n3', 'n4'], replicas: 3 });
  const key = cluster.keyWhere((replicas) => !replicas.includes('n1'));
  await cluster.put('n2', { key, value: LARGE, level: 'all' });
  const asked = await cluster.get('n1', { key, explain: true });
  const [first, second] = asked.trace?.steps ?? [];
  expect([first?.action, second?.action]).toEqual(['read', 'digest']);
  cluster.node(first?.node ?? '').replies.hold();
  const read = watch(cluster.node('n1').kv.get(getRequest({ key, explain: true })));
  await cluster.settle();
  expect(read.isSettled).toBe(false);
  cluster.node(first?.node ?? '').replies.release();
  await cluster.settle();
  expect(read.value?.trace?.steps).toMatchObject([
    { action: 'read', counted: true },
    { action: 'digest', outcome: 'the same record', counted: true },
  ]);
  expect(digests(cluster, 'different')).toBe(0);
});

test('records whose digests collide are not told apart, and never mixed: one is answered as it is', async () => {
  const codec = createRecordCodec((bytes, previous) => crc32(bytes, previous));
  const colliding = { ...codec, header: () => new Uint8Array(4) };
  const recordOf = (nodeIndex: number, value: string) => {
    const dot = { nodeIndex, epoch: 1, seq: 1 };
    const content = { meta: new Uint8Array(0), value: new TextEncoder().encode(value) };
    const sibling = { ...content, dot, isTombstone: false, contentHash: nodeIndex };
    return codec.encode({ ...EMPTY_CONTEXT, vector: [dot], siblings: [sibling] });
  };
  for (const [given, expected, repairs] of [
    [colliding, [LARGE], 0],
    [codec, [LARGE, LARGER], 1],
  ] as const) {
    await using rig = await startMembers(3, given);
    rig.node('n1').replica.record = recordOf(0, LARGE);
    for (const name of ['n2', 'n3']) rig.node(name).replica.record = recordOf(1, LARGER);
    const reply = await rig.run(rig.node('n1').coordinator.get(getRequest({ key: 'k' })));
    expect(valuesOf(reply).sort()).toEqual(expected);
    expect(rig.node('n1').replica.merges).toBe(repairs);
  }
});
