/** A client's stream: who is let in, how requests are answered, and what a bad or slow client can
 *  do to the node. */
import { expect, test } from 'vitest';
import type { SessionRequest } from '../../../src/wire/generated/coterie/v1/kv.ts';
import { errorOf, RawSession } from '../raw-stream.ts';
import { type GetFields, getRequest, type PutFields, putRequest } from '../requests.ts';
import { Cluster, startThree } from '../rig.ts';

const MIB = 1_024 * 1_024;
const LAYOUT = { $case: 'layout', layout: {} } as const;

function get(id: number, fields: GetFields): SessionRequest {
  return { id, operation: { $case: 'get', get: getRequest(fields) } };
}

function put(id: number, fields: PutFields): SessionRequest {
  return { id, operation: { $case: 'put', put: putRequest(fields) } };
}

async function greeted(cluster: Cluster, at = 'n1'): Promise<RawSession> {
  const session = new RawSession(cluster, at);
  session.greet();
  await cluster.settle();
  expect(session.hello?.refused).toBeUndefined();
  return session;
}

test('the greeting tells a client the node, the cluster, its layout and how much it may send', async () => {
  await using cluster = await startThree({ sessionRequestsMax: 77 });
  const session = await greeted(cluster);
  expect(session.hello).toMatchObject({ protocol: 1, node: 'n1', inFlightMax: 77 });
  expect(session.hello?.clusterId).toEqual(cluster.ring.layout.clusterId);
  expect(session.hello?.layout.length).toBeGreaterThan(0);
});

test('the greeting tells a client where all members are and how they are, and later frames what changed', async () => {
  await using cluster = await startThree();
  await cluster.advance(3_000);
  const session = await greeted(cluster);
  const notes = session.frames[0]?.members ?? [];
  expect(notes.map(({ name, address }) => `${name} ${address}`)).toEqual([
    'n1 n1:7400',
    'n2 n2:7400',
    'n3 n3:7400',
  ]);
  expect(notes.map(({ state }) => state)).toEqual(['ALIVE', 'ALIVE', 'ALIVE']);
  await cluster.node('n3').kill();
  const later = () => session.frames.slice(1).flatMap(({ members }) => members);
  await cluster.until(() => later().some(({ state }) => state === 'DOWN'), 'DOWN', 10_000);
  expect(new Set(later().map(({ name }) => name))).toEqual(new Set(['n3']));
});

test('a client that takes nothing is told how members are once it does', async () => {
  await using cluster = await startThree({ sessionRequestsMax: 64 });
  await cluster.put('n1', { key: 'big', value: new Uint8Array(MIB), level: 'all' });
  await cluster.advance(3_000);
  const session = await greeted(cluster);
  session.stream.pause();
  for (let id = 0; id < 32; id += 1) {
    session.send([get(id, { key: 'big', level: 'one' })]);
    await cluster.settle();
  }
  await cluster.node('n3').kill();
  await cluster.advance(10_000);
  session.stream.resume();
  await cluster.settle();
  const last = session.frames.findLast(({ members }) => members.length > 0);
  expect(last?.members.find(({ name }) => name === 'n3')?.state).toBe('DOWN');
});

test('requests of one frame are answered under their ids, in one frame when they are done together', async () => {
  await using cluster = await startThree();
  const session = await greeted(cluster);
  const frames = session.frames.length;
  session.send([put(7, { key: 'a', value: 'x' }), put(9, { key: 'b', value: 'y' })]);
  await cluster.settle();
  expect(session.reply(7)?.$case).toBe('put');
  expect(session.reply(9)?.$case).toBe('put');
  expect(session.frames.length - frames).toBe(1);
  session.send([get(1, { key: 'a' }), { id: 2, operation: LAYOUT }]);
  await cluster.settle();
  expect(session.reply(1)).toMatchObject({ get: { found: true } });
  expect(session.reply(2)?.$case).toBe('layout');
});

test('a request is answered as soon as it is done, whatever came before it', async () => {
  await using cluster = await startThree();
  const session = await greeted(cluster);
  cluster.node('n1').engine.holdBatches();
  session.send([put(1, { key: 'a' }), get(2, { key: 'b' })]);
  await cluster.settle();
  expect(session.replies.map(({ id }) => id)).toEqual([2]);
  cluster.node('n1').engine.releaseBatches();
  await cluster.settle();
  expect(session.replies.map(({ id }) => id)).toEqual([2, 1]);
});

test('a request without an operation fails alone', async () => {
  await using cluster = await startThree();
  const session = await greeted(cluster);
  session.send([{ id: 1, operation: undefined }, get(2, { key: 'a' })]);
  await cluster.settle();
  expect(errorOf(session.reply(1))).toMatchObject({ code: 'MALFORMED_MESSAGE' });
  expect(session.reply(2)?.$case).toBe('get');
});

test('a cancelled write is done all the same, and the cancelling has no answer', async () => {
  await using cluster = await startThree();
  const session = await greeted(cluster);
  session.send([put(1, { key: 'a' }), { id: 2, operation: { $case: 'cancel', cancel: 1 } }]);
  await cluster.settle();
  expect(session.replies.map(({ id }) => id)).toEqual([1]);
});

test.each([
  ['CLUSTER_MISMATCH', { clusterId: new Uint8Array(16).fill(5) }],
  ['VERSION_UNSUPPORTED', { protocol: 2 }],
] as const)(
  'a greeting that earns %s is refused with it, and the stream ends',
  async (code, hello) => {
    await using cluster = await startThree();
    const session = new RawSession(cluster, 'n1');
    session.greet(hello);
    await cluster.settle();
    expect(session.hello?.refused?.code).toBe(code);
    expect(session.closed?.kind).toBe('ended');
  },
);

test('nothing that follows a refused greeting is served', async () => {
  await using cluster = await startThree();
  const session = new RawSession(cluster, 'n1');
  session.greet({ protocol: 2 });
  session.greet();
  session.send([put(1, { key: 'k' })]);
  await cluster.settle();
  expect(session.closed?.kind).toBe('ended');
  expect(session.replies).toEqual([]);
  expect((await cluster.get('n1', { key: 'k', level: 'all' })).found).toBe(false);
});

test('a request before the greeting ends the stream and is not served', async () => {
  await using cluster = await startThree();
  const session = new RawSession(cluster, 'n1');
  session.send([put(1, { key: 'k' })]);
  await cluster.settle();
  expect(session.hello?.refused?.code).toBe('MALFORMED_MESSAGE');
  expect(session.closed?.kind).toBe('ended');
  expect((await cluster.get('n1', { key: 'k', level: 'all' })).found).toBe(false);
});

test('an undecodable frame ends its own stream, with nothing behind it served; other sessions go on', async () => {
  await using cluster = await startThree();
  const [bad, good] = [await greeted(cluster), await greeted(cluster)];
  bad.sendBytes(Uint8Array.of(0xff, 0xff, 0xff));
  bad.send([put(1, { key: 'k' })]);
  good.send([get(1, { key: 'k' })]);
  await cluster.settle();
  expect(bad.frames.at(-1)?.hello?.refused?.code).toBe('MALFORMED_MESSAGE');
  expect(bad.closed?.kind).toBe('ended');
  expect(good.reply(1)).toMatchObject({ get: { found: false } });
  expect((await cluster.get('n1', { key: 'k', level: 'all' })).found).toBe(false);
});

test('a frame above the limit breaks its own stream; other sessions go on', async () => {
  await using cluster = await startThree();
  const [bad, good] = [await greeted(cluster), await greeted(cluster)];
  bad.sendBytes(new Uint8Array(20 * MIB + 1));
  good.send([get(1, { key: 'k' })]);
  await cluster.settle();
  expect(bad.closed?.kind).toBe('broken');
  expect(good.reply(1)?.$case).toBe('get');
});

test('beyond its bound a session is refused at once, request by request', async () => {
  await using cluster = await startThree({ sessionRequestsMax: 2 });
  const session = await greeted(cluster);
  cluster.node('n1').engine.holdBatches();
  session.send([1, 2, 3].map((id) => put(id, { key: `k${id}` })));
  await cluster.settle();
  expect(session.replies.map(({ id }) => id)).toEqual([3]);
  expect(errorOf(session.reply(3))).toMatchObject({ code: 'OVERLOADED', appliedUnknown: false });
  cluster.node('n1').engine.releaseBatches();
  await cluster.settle();
  session.send([put(4, { key: 'k4' })]);
  await cluster.settle();
  expect(session.reply(4)?.$case).toBe('put');
});

test('a stream that never greets is ended, one that has greeted may be silent for ever', async () => {
  await using cluster = await startThree();
  const silent = new RawSession(cluster, 'n1');
  const quiet = await greeted(cluster);
  await cluster.advance(60_000);
  expect(silent.closed).toBeDefined();
  expect(quiet.closed).toBeUndefined();
  quiet.send([get(1, { key: 'k' })]);
  await cluster.settle();
  expect(quiet.reply(1)?.$case).toBe('get');
});

test('sessions beyond the bound of the node are ended without a word', async () => {
  await using cluster = await startThree({ sessionsMax: 1 });
  const first = await greeted(cluster);
  const second = new RawSession(cluster, 'n1');
  second.greet();
  await cluster.settle();
  expect(second.hello).toBeUndefined();
  expect(second.closed).toBeDefined();
  first.stream.close();
  await cluster.settle();
  await greeted(cluster);
});

test('a client that takes no replies is not read from, so that it costs a bounded amount of memory', async () => {
  await using cluster = await startThree({ sessionRequestsMax: 4 });
  await cluster.put('n1', { key: 'big', value: new Uint8Array(MIB), level: 'all' });
  const session = await greeted(cluster);
  session.stream.pause();
  const served = (): number =>
    cluster
      .node('n1')
      .notes.number('coterie_requests_total', { operation: 'get', level: 'one', outcome: 'ok' });
  for (let id = 0; id < 64; id += 1) {
    session.send([get(id, { key: 'big', level: 'one' })]);
    await cluster.settle();
  }
  expect(served()).toBeGreaterThanOrEqual(8);
  expect(served()).toBeLessThan(16);
  session.stream.resume();
  await cluster.settle();
  expect(session.replies).toHaveLength(64);
});

test('a client learns of the first layout on the session that it opened before', async () => {
  const cluster = await new Cluster({ nodes: ['n1', 'n2', 'n3'] }).start();
  await using _ = cluster;
  const session = await greeted(cluster);
  expect(session.hello).toMatchObject({ clusterId: new Uint8Array(0), layout: new Uint8Array(0) });
  session.send([get(1, { key: 'k' })]);
  await cluster.settle();
  expect(errorOf(session.reply(1))).toMatchObject({
    code: 'NOT_INITIALISED',
    appliedUnknown: false,
  });
  await cluster.init();
  const ring = await cluster.learnRing();
  session.send([get(2, { key: 'k' })]);
  await cluster.settle();
  session.send([get(3, { key: 'k' })]);
  await cluster.settle();
  const hashes = session.frames.slice(-2).map(({ layoutHash }) => layoutHash);
  expect(hashes).toEqual([ring.hash, new Uint8Array(0)]);
});

test('a stream that the client ends takes no reply and leaves nothing', async () => {
  await using cluster = await startThree();
  const session = await greeted(cluster);
  cluster.node('n1').engine.holdBatches();
  session.send([put(1, { key: 'k' })]);
  await cluster.settle();
  session.stream.close();
  await cluster.settle();
  expect(session.closed).toBeDefined();
  expect(cluster.node('n1').notes.number('coterie_sessions')).toBe(0);
  cluster.node('n1').engine.releaseBatches();
  await cluster.settle();
  expect((await cluster.get('n2', { key: 'k' })).found).toBe(true);
});

test('a node that stops says so at once, answers what it took and refuses the rest as not applied', async () => {
  await using cluster = await startThree();
  const session = await greeted(cluster);
  cluster.node('n1').engine.holdBatches();
  session.send([put(1, { key: 'taken' })]);
  await cluster.settle();
  const stopped = cluster.node('n1').node.stop();
  await cluster.settle();
  expect(session.frames.at(-1)).toMatchObject({ leaving: true, last: false });
  session.send([put(2, { key: 'refused' })]);
  await cluster.settle();
  expect(errorOf(session.reply(2))).toMatchObject({ code: 'NOT_RUNNING', appliedUnknown: false });
  cluster.node('n1').engine.releaseBatches();
  // What is on its way when the stream ends is covered by the last frame.
  session.send([put(3, { key: 'too-late' })]);
  await cluster.run(stopped);
  expect(session.reply(1)?.$case).toBe('put');
  expect(session.frames.at(-1)).toMatchObject({ last: true });
  expect(session.closed?.kind).toBe('ended');
  for (const key of ['refused', 'too-late']) {
    expect((await cluster.get('n2', { key })).found).toBe(false);
  }
  expect((await cluster.get('n2', { key: 'taken' })).found).toBe(true);
});

test('a node that stops with a write still at work does not say that the rest was not taken', async () => {
  await using cluster = await startThree();
  const session = await greeted(cluster);
  cluster.node('n1').engine.holdBatches();
  session.send([put(1, { key: 'k', timeoutMs: 20_000 })]);
  await cluster.settle();
  const stopped = cluster.node('n1').node.stop();
  await cluster.advance(2_500);
  expect(session.closed).toBeDefined();
  expect(session.frames.some(({ last }) => last)).toBe(false);
  cluster.node('n1').engine.releaseBatches();
  await cluster.run(stopped);
});
