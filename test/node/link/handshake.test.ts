/** Who may link with a member, and what travels before and after the handshake. */
import { expect, test } from 'vitest';
import type { Hello, LinkRequest } from '../../../src/wire/generated/coterie/v1/peer.ts';
import { errorOf, helloOf, RawLink } from '../raw-stream.ts';
import { bytesOf } from '../requests.ts';
import { Cluster, startThree } from '../rig.ts';

const OTHER_16 = new Uint8Array(16).fill(9);
const NO_BYTES = new Uint8Array(0);

function read(key: string): LinkRequest['operation'] {
  return { $case: 'read', read: { bucket: 'default', key: bytesOf(key), digestAbove: 0 } };
}

/** n1 is linked with n3 and has lost n2: a place for a test to take. */
async function startWithout2(): Promise<Cluster> {
  const cluster = await startThree();
  await cluster.node('n2').kill();
  return cluster;
}

async function greet(cluster: Cluster, changes: Partial<Hello>): Promise<RawLink> {
  const link = new RawLink(cluster, 'n1');
  link.greet(helloOf(cluster, 'n2', 'n1', changes));
  await cluster.settle();
  return link;
}

test('a member with the hello it last gave is let in and answered', async () => {
  await using cluster = await startWithout2();
  const link = await greet(cluster, {});
  expect(link.hello).toMatchObject({ name: 'n1', refused: undefined, layoutVersion: 1 });
  expect(link.hello?.remembered?.run).toBe(1);
  link.send([{ id: 5, operation: read('k') }]);
  await cluster.settle();
  expect(link.reply(5)).toMatchObject({ $case: 'read', read: { verified: true } });
});

test.each([
  ['of another cluster', 'CLUSTER_MISMATCH', { clusterId: OTHER_16 }],
  ['with another number of partitions', 'CLUSTER_MISMATCH', { partitions: 16 }],
  ['that the layout does not name', 'CLUSTER_MISMATCH', { name: 'n9' }],
  ['with another layout', 'STALE_LAYOUT', { layoutHash: new Uint8Array(32) }],
  ['of another protocol version', 'VERSION_UNSUPPORTED', { protocol: 2 }],
  ['with the name of the node itself', 'CONFLICT', { name: 'n1' }],
] as const)('a node %s is refused with %s, and the link ends', async (_, code, changes) => {
  await using cluster = await startWithout2();
  const link = await greet(cluster, changes);
  expect(link.hello?.refused?.code).toBe(code);
  expect(link.closed?.kind).toBe('ended');
});

test('of two live stores with one name the later is refused, and comes in once the first is gone', async () => {
  await using cluster = await startThree();
  const twin = await greet(cluster, { storeId: OTHER_16 });
  expect(twin.hello?.refused).toMatchObject({ code: 'CONFLICT' });
  await cluster.node('n2').kill();
  const later = await greet(cluster, { storeId: OTHER_16 });
  expect(later.hello?.refused).toBeUndefined();
});

test('a copy of the folder of a live node is refused under its name', async () => {
  await using cluster = await startThree();
  const copy = await greet(cluster, { runIds: [OTHER_16] });
  expect(copy.hello?.refused).toMatchObject({ code: 'CONFLICT' });
});

test('a link that never greets is ended', async () => {
  await using cluster = await startWithout2();
  const link = new RawLink(cluster, 'n1');
  await cluster.advance(60_000);
  expect(link.closed).toBeDefined();
});

test('a link of the same store beside the old one is let in: the old one may be dead', async () => {
  await using cluster = await startThree();
  const link = await greet(cluster, {});
  expect(link.hello?.refused).toBeUndefined();
});

test.each([
  ['without a hello', undefined, [{ id: 1, operation: read('k') }]],
  ['with a hello and requests', {}, [{ id: 1, operation: read('k') }]],
] as const)('a first frame %s ends the link and is not served', async (_, changes, requests) => {
  await using cluster = await startWithout2();
  const link = new RawLink(cluster, 'n1');
  const before = cluster.node('n1').received.length;
  if (changes === undefined) link.send(requests);
  else link.greet(helloOf(cluster, 'n2', 'n1', changes), requests);
  await cluster.settle();
  expect(link.hello?.refused?.code).toBe('MALFORMED_MESSAGE');
  expect(link.replies).toEqual([]);
  expect(link.closed?.kind).toBe('ended');
  expect(cluster.node('n1').received.length).toBe(before + 1);
});

test('nothing that follows a refused handshake is served', async () => {
  await using cluster = await startWithout2();
  const link = new RawLink(cluster, 'n1');
  link.greet(helloOf(cluster, 'n2', 'n1', { clusterId: OTHER_16 }));
  link.greet(helloOf(cluster, 'n2', 'n1'));
  link.send([{ id: 1, operation: read('k') }]);
  await cluster.settle();
  expect(link.replies).toEqual([]);
  expect(link.closed?.kind).toBe('ended');
});

test('an undecodable frame ends its own link, and other links go on', async () => {
  await using cluster = await startWithout2();
  const link = await greet(cluster, {});
  link.sendBytes(Uint8Array.of(0xff, 0xff));
  link.send([{ id: 1, operation: read('k') }]);
  await cluster.settle();
  expect(link.closed?.kind).toBe('ended');
  expect(link.replies).toEqual([]);
  expect((await cluster.put('n3', { key: 'k' })).quorum?.nodes).toEqual(['n3', 'n1']);
});

test('requests stamped for another cluster or layout are refused one by one, and the link goes on', async () => {
  await using cluster = await startWithout2();
  const link = await greet(cluster, {});
  link.send([{ id: 1, operation: read('k') }], { clusterId: OTHER_16 });
  link.send([{ id: 2, operation: read('k') }], { layoutHash: new Uint8Array(32) });
  link.send([
    { id: 3, operation: read('k') },
    { id: 4, operation: undefined },
  ]);
  await cluster.settle();
  expect(errorOf(link.reply(1))?.code).toBe('CLUSTER_MISMATCH');
  expect(errorOf(link.reply(2))?.code).toBe('STALE_LAYOUT');
  expect(link.reply(3)?.$case).toBe('read');
  expect(errorOf(link.reply(4))?.code).toBe('MALFORMED_MESSAGE');
});

test('what a peer showed is durable before it is answered, and so before its requests', async () => {
  await using cluster = await startWithout2();
  cluster.node('n1').engine.holdBatches();
  const hello = helloOf(cluster, 'n2', 'n1');
  const runIds = [...hello.runIds, OTHER_16];
  const runCommits = [...hello.runCommits, hello.commitSeq + 10];
  const later = { run: hello.run + 1, previousRun: hello.run, runIds, runCommits };
  const link = await greet(cluster, later);
  expect(link.hello).toBeUndefined();
  cluster.node('n1').engine.releaseBatches();
  await cluster.settle();
  expect(link.hello?.refused).toBeUndefined();
  link.send([{ id: 1, operation: read('k') }]);
  await cluster.settle();
  expect(link.reply(1)?.$case).toBe('read');
});

test('a fresh node answers every handshake and serves nothing but the layout', async () => {
  await using members = await startThree();
  const cluster = await new Cluster({ nodes: ['n1', 'n2', 'n3'] }).start();
  await using _ = cluster;
  const fresh = new RawLink(cluster, 'n1', members.ring);
  fresh.greet(helloOf(members, 'n2', 'n1'));
  await cluster.settle();
  fresh.send([{ id: 1, operation: read('k') }]);
  await cluster.settle();
  expect(fresh.hello).toMatchObject({ name: 'n1', clusterId: NO_BYTES, refused: undefined });
  expect(errorOf(fresh.reply(1))?.code).toBe('NOT_INITIALISED');
});
