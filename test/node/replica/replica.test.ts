/** What a member does with its own copies when another asks: fences, damage, repeats, deadlines. */
import { expect, test } from 'vitest';
import type { VersionedRecord } from '../../../src/core/version/record.ts';
import { createRecordCodec } from '../../../src/core/version/record-codec.ts';
import type { LinkRequest, Replicate } from '../../../src/wire/generated/coterie/v1/peer.ts';
import { errorOf, helloOf, RawLink } from '../raw-stream.ts';
import { bytesOf } from '../requests.ts';
import { type Cluster, checksum, startCluster, startThree, valuesOf } from '../rig.ts';

const codec = createRecordCodec(checksum);

function record(nodeIndex: number, seq: number, text: string): Uint8Array {
  const dot = { nodeIndex, epoch: 1, seq };
  const sibling = {
    dot,
    isTombstone: false,
    contentHash: text.charCodeAt(0),
    meta: new Uint8Array(0),
    value: bytesOf(text),
  };
  const whole: VersionedRecord = { vector: [dot], dots: [], siblings: [sibling] };
  return codec.encode(whole);
}

function replicate(bytes: Uint8Array, changes: Partial<Replicate> = {}): LinkRequest['operation'] {
  const fields = { bucket: 'default', key: bytesOf('k'), record: bytes, sync: true, repair: false };
  return { $case: 'replicate', replicate: { ...fields, ...changes } };
}

/** A link in the place of n2's, which is dead. */
async function linkTo(cluster: Cluster, at: string): Promise<RawLink> {
  await cluster.node('n2').kill();
  const link = new RawLink(cluster, at);
  link.greet(helloOf(cluster, 'n2', at));
  await cluster.settle();
  expect(link.hello?.refused).toBeUndefined();
  return link;
}

test('a copy is merged, and the same copy again changes nothing and is as durable', async () => {
  await using cluster = await startThree();
  const link = await linkTo(cluster, 'n1');
  link.send([{ id: 1, operation: replicate(record(1, 5, 'a')) }]);
  await cluster.settle();
  const before = cluster.node('n1').recordWriteCount;
  link.send([{ id: 2, operation: replicate(record(1, 5, 'a')) }]);
  link.send([{ id: 3, operation: replicate(record(1, 4, 'older')) }]);
  await cluster.settle();
  expect(link.reply(1)).toMatchObject({ replicate: { durable: true, changed: true } });
  for (const id of [2, 3]) {
    expect(link.reply(id)).toMatchObject({ replicate: { durable: true, changed: false } });
  }
  expect(cluster.node('n1').recordWriteCount).toBe(before);
});

test('two copies that know nothing of each other are both kept', async () => {
  await using cluster = await startThree();
  const link = await linkTo(cluster, 'n1');
  link.send([
    { id: 1, operation: replicate(record(1, 5, 'a')) },
    { id: 2, operation: replicate(record(2, 7, 'b')) },
  ]);
  await cluster.settle();
  const read = await cluster.get('n1', { key: 'k', level: 'one' });
  expect(valuesOf(read)).toEqual(['a', 'b']);
});

test('a copy planned with another version of the replicas is refused, and nothing is stored', async () => {
  await using cluster = await startThree();
  const link = await linkTo(cluster, 'n1');
  const before = cluster.node('n1').recordWriteCount;
  link.send([{ id: 1, operation: replicate(record(1, 5, 'a')) }], {}, { peCur: 2 });
  link.send([{ id: 2, operation: replicate(record(1, 5, 'a')) }], {}, { peMin: 0 });
  await cluster.settle();
  for (const id of [1, 2]) expect(errorOf(link.reply(id))?.code).toBe('STALE_LAYOUT');
  expect(cluster.node('n1').recordWriteCount).toBe(before);
});

test('a member without a replica of the key neither stores nor answers', async () => {
  await using cluster = await startCluster({ nodes: ['n1', 'n2', 'n3', 'n4'], replicas: 2 });
  const key = cluster.keyWhere((replicas) => !replicas.includes('n1'));
  const link = await linkTo(cluster, 'n1');
  const read = { bucket: 'default', key: bytesOf(key), digestAbove: 0 };
  link.send([
    { id: 1, operation: replicate(record(1, 5, 'a'), { key: bytesOf(key) }) },
    { id: 2, operation: { $case: 'read', read } },
  ]);
  await cluster.settle();
  for (const id of [1, 2]) expect(errorOf(link.reply(id))?.code).toBe('NOT_OWNER');
  expect(cluster.node('n1').recordWriteCount).toBe(0);
});

test('a copy that was damaged on its way is refused and never stored', async () => {
  await using cluster = await startThree();
  const link = await linkTo(cluster, 'n1');
  const damaged = record(1, 5, 'abc').map((byte, index) => (index === 20 ? ~byte : byte));
  link.send([{ id: 1, operation: replicate(damaged) }]);
  await cluster.settle();
  expect(errorOf(link.reply(1))?.code).toBe('CORRUPT_RECORD');
  expect((await cluster.get('n1', { key: 'k', level: 'one' })).found).toBe(false);
});

test('one event with two contents is reported, and every replica keeps the same one', async () => {
  await using cluster = await startThree();
  const link = await linkTo(cluster, 'n1');
  const twins = [record(1, 5, 'a'), record(1, 5, 'b')];
  for (const [id, bytes] of twins.entries())
    link.send([{ id: id + 1, operation: replicate(bytes) }]);
  await cluster.settle();
  const { notes } = cluster.node('n1');
  expect(notes.number('coterie_dot_collisions_total')).toBe(1);
  expect(notes.events('dot-collision')).toHaveLength(1);
  const read = await cluster.get('n1', { key: 'k', level: 'one' });
  expect(read.siblings).toHaveLength(1);
});

test('what another member asks is dropped when its time is over before it began', async () => {
  await using cluster = await startThree();
  const link = await linkTo(cluster, 'n1');
  link.send([{ id: 1, operation: replicate(record(1, 5, 'a')) }], {}, { timeoutMs: 0 });
  await cluster.settle();
  expect(errorOf(link.reply(1))).toMatchObject({
    code: 'DEADLINE_EXCEEDED',
    appliedUnknown: false,
  });
  expect((await cluster.get('n1', { key: 'k', level: 'one' })).found).toBe(false);
});

test('a forwarded request that is neither a put nor a delete is refused', async () => {
  await using cluster = await startThree();
  const link = await linkTo(cluster, 'n1');
  link.send([{ id: 1, operation: { $case: 'forward', forward: { operation: undefined } } }]);
  await cluster.settle();
  expect(errorOf(link.reply(1))?.code).toBe('MALFORMED_MESSAGE');
});

test('an epoch goes on through a restart, so that a key written by one node for ever has one entry', async () => {
  await using cluster = await startThree();
  const first = await cluster.put('n1', { key: 'k', overwrite: true });
  await cluster.node('n1').stop();
  await cluster.node('n1').start();
  await cluster.untilServing();
  await cluster.untilLinked();
  const second = await cluster.put('n1', { key: 'k', overwrite: true });
  expect(second.dot.split('.')[1]).toBe(first.dot.split('.')[1]);
});

test('a node that was killed after mints in memory begins a new epoch', async () => {
  await using cluster = await startThree();
  const first = await cluster.put('n1', { key: 'k', durability: 'memory' });
  await cluster.node('n1').kill();
  await cluster.node('n1').start();
  await cluster.untilServing();
  await cluster.untilLinked();
  const { context } = await cluster.get('n1', { key: 'k' });
  const second = await cluster.put('n1', { key: 'k', context });
  expect(second.dot.split('.')[1]).not.toBe(first.dot.split('.')[1]);
  expect((await cluster.get('n2', { key: 'k', level: 'all' })).siblings).toHaveLength(1);
});
