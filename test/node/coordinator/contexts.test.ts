/** What a context covers: what its holder was shown, never more. */
import { expect, test } from 'vitest';
import { EMPTY_CONTEXT } from '../../../src/core/version/causal-context.ts';
import { contextFromText, encodeContextToken } from '../../../src/core/version/context-token.ts';
import { hlcFromUnixMs } from '../../../src/core/version/hlc.ts';
import { bytesOf, deleteRequest, getRequest, putRequest } from '../requests.ts';
import { type Cluster, checksum, startThree, valuesOf } from '../rig.ts';

const HOUR_MS = 3_600_000;

function tokenAhead(cluster: Cluster, aheadMs: number): Uint8Array {
  const seq = hlcFromUnixMs(cluster.node('n1').clock.wallMs() + aheadMs);
  const vector = [{ nodeIndex: 1, epoch: 1, seq }];
  const place = { bucket: 'default', key: bytesOf('k') };
  return encodeContextToken({ ...EMPTY_CONTEXT, vector }, place, checksum);
}

test('client 1 puts a1, client 2 puts b1, client 1 puts a2 and a3 with its own contexts: b1 and a3 remain', async () => {
  await using cluster = await startThree();
  const one = cluster.client();
  const two = cluster.client();
  const a1 = await cluster.run(one.put('k', 'a1'));
  await cluster.run(two.put('k', 'b1'));
  const a2 = await cluster.run(one.put('k', 'a2', { context: a1.context }));
  expect(a2.siblings).toBe(2);
  await cluster.run(one.put('k', 'a3', { context: a2.context }));
  const read = await cluster.run(two.get('k', { consistency: 'all' }));
  const values = read.siblings.map(({ value }) => new TextDecoder().decode(value));
  expect(values.sort()).toEqual(['a3', 'b1']);
});

test('99 writes that two clients interleave through one node, each with its own last context, leave exactly 2 siblings', async () => {
  await using cluster = await startThree();
  const contexts: Uint8Array[] = [new Uint8Array(0), new Uint8Array(0)];
  for (let write = 0; write < 99; write += 1) {
    const client = write % 2;
    const context = contexts[client]!;
    const put = await cluster.put('n1', { key: 'k', value: `${client}:${write}`, context });
    contexts[client] = put.context;
    expect(put.siblings).toBe(Math.min(write + 1, 2));
  }
  const read = await cluster.get('n2', { key: 'k', level: 'all' });
  expect(valuesOf(read).sort()).toEqual(['0:98', '1:97']);
});

test('the same story through one minter: a put shows its writer no sibling that it never read', async () => {
  await using cluster = await startThree();
  const a1 = await cluster.put('n1', { key: 'k', value: 'a1' });
  await cluster.put('n1', { key: 'k', value: 'b1' });
  const a2 = await cluster.put('n1', { key: 'k', value: 'a2', context: a1.context });
  await cluster.put('n1', { key: 'k', value: 'a3', context: a2.context });
  const read = await cluster.get('n2', { key: 'k', level: 'all' });
  expect(valuesOf(read).sort()).toEqual(['a3', 'b1']);
});

test('a write with the context of a read replaces all that the read showed', async () => {
  await using cluster = await startThree();
  for (const [at, value] of [
    ['n1', 'a'],
    ['n2', 'b'],
    ['n3', 'c'],
  ] as const) {
    await cluster.put(at, { key: 'k', value });
  }
  const { context, siblings } = await cluster.get('n2', { key: 'k', level: 'all' });
  expect(siblings).toHaveLength(3);
  const merged = await cluster.put('n3', { key: 'k', value: 'abc', context });
  expect(merged.siblings).toBe(1);
  expect(valuesOf(await cluster.get('n1', { key: 'k', level: 'all' }))).toEqual(['abc']);
});

test('a context covers a value that its minter has not got yet', async () => {
  await using cluster = await startThree();
  cluster.node('n3').requests.hold();
  await cluster.put('n1', { key: 'k', value: 'old' });
  const { context } = await cluster.get('n1', { key: 'k' });
  await cluster.put('n3', { key: 'k', value: 'new', context });
  cluster.node('n3').requests.release();
  await cluster.settle();
  expect(valuesOf(await cluster.get('n3', { key: 'k', level: 'all' }))).toEqual(['new']);
});

test('overwrite replaces what its minter holds, and a concurrent value elsewhere survives', async () => {
  await using cluster = await startThree();
  await cluster.put('n1', { key: 'k', value: 'old', level: 'all' });
  for (const other of ['n1:7400', 'n2:7400']) cluster.network.part('n3:7400', other);
  await cluster.put('n3', { key: 'k', value: 'apart', level: 'one' });
  for (const other of ['n1:7400', 'n2:7400']) cluster.network.heal('n3:7400', other);
  await cluster.untilLinked();
  const reply = await cluster.put('n1', { key: 'k', value: 'new', overwrite: true });
  expect(reply.siblings).toBe(1);
  const read = await cluster.get('n1', { key: 'k', level: 'all' });
  expect(valuesOf(read).sort()).toEqual(['apart', 'new']);
});

test('a context of another key, a damaged one, garbage and one from the future are refused, and nothing changes', async () => {
  await using cluster = await startThree();
  const own = await cluster.put('n1', { key: 'k', value: 'v', level: 'all' });
  const other = await cluster.put('n1', { key: 'other', value: 'w' });
  await cluster.settle();
  const damaged = own.context.map((byte, index) => (index === 12 ? ~byte : byte));
  const bad = {
    other: other.context,
    bucket: (await cluster.put('n1', { key: 'k', bucket: 'b2' })).context,
    damaged,
    cut: own.context.subarray(0, own.context.length - 1),
    garbage: bytesOf('not a context at all'),
    future: tokenAhead(cluster, 25 * HOUR_MS),
  };
  await cluster.settle();
  const before = cluster.nodes.map((node) => node.recordWriteCount);
  for (const [name, context] of Object.entries(bad)) {
    const { kv } = cluster.node('n2');
    for (const write of [
      () => kv.put(putRequest({ key: 'k', value: 'x', context })),
      () => kv.delete(deleteRequest({ key: 'k', context })),
    ]) {
      const error = await cluster.failure(write());
      expect(error, name).toMatchObject({ code: 'INVALID_CONTEXT', applied: 'no' });
    }
  }
  expect(cluster.nodes.map((node) => node.recordWriteCount)).toEqual(before);
  expect(valuesOf(await cluster.get('n1', { key: 'k', level: 'all' }))).toEqual(['v']);
});

test('a context from a clock that is hours ahead is taken, and the write under it is not born covered', async () => {
  await using cluster = await startThree();
  const context = tokenAhead(cluster, 23 * HOUR_MS);
  await cluster.put('n1', { key: 'k', value: 'v', context, level: 'all' });
  for (const at of ['n1', 'n2', 'n3']) {
    expect(valuesOf(await cluster.get(at, { key: 'k', level: 'all' }))).toEqual(['v']);
  }
});

test('a write on a node whose clock is an hour behind survives every merge', async () => {
  await using cluster = await startThree();
  cluster.node('n2').clock.skewMs = -HOUR_MS;
  await cluster.put('n1', { key: 'k', value: 'a', level: 'all' });
  const { context } = await cluster.get('n2', { key: 'k' });
  await cluster.put('n2', { key: 'k', value: 'b', context, level: 'all' });
  expect(valuesOf(await cluster.get('n3', { key: 'k', level: 'all' }))).toEqual(['b']);
});

test('the refusal of one sibling too many carries the context that merges them all', async () => {
  await using cluster = await startThree();
  for (let index = 0; index < 64; index += 1) {
    await cluster.put('n1', { key: 'k', value: `v${index}` });
  }
  const error = await cluster.failure(
    cluster.node('n1').kv.put(putRequest({ key: 'k', value: 'one more' })),
  );
  expect(error).toMatchObject({ code: 'SIBLING_LIMIT', applied: 'no', retryable: false });
  expect(error.details).toMatchObject({ count: 64 });
  expect((await cluster.get('n1', { key: 'k', level: 'all' })).siblings).toHaveLength(64);
  const context = contextFromText(String(error.details['context']));
  const merged = await cluster.put('n2', { key: 'k', value: 'merged', context });
  expect(merged.siblings).toBe(1);
});

test('a key that merges have made too large for one reply is refused with the context that replaces it', async () => {
  await using cluster = await startThree();
  const value = new Uint8Array(4 * 1_024 * 1_024);
  for (const at of ['n1', 'n2']) {
    const { address } = cluster.node(at);
    const others = cluster.nodes.filter(({ name }) => name !== at);
    for (const other of others) cluster.network.part(address, other.address);
    for (let count = 0; count < 3; count += 1) {
      await cluster.put(at, { key: 'k', value, level: 'one' });
    }
    for (const other of others) cluster.network.heal(address, other.address);
    await cluster.untilLinked();
  }
  const error = await cluster.failure(cluster.node('n1').kv.get(getRequest({ key: 'k' })));
  expect(error).toMatchObject({ code: 'SIBLING_LIMIT', applied: 'no' });
  const context = contextFromText(String(error.details['context']));
  await cluster.put('n3', { key: 'k', value: 'small', context });
  expect(valuesOf(await cluster.get('n2', { key: 'k', level: 'all' }))).toEqual(['small']);
});
