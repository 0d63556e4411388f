/** Two copies of a partition that are compared and made equal. */
import { expect, test } from 'vitest';
import { CoterieError } from '../../../src/core/errors.ts';
import type { ExchangeResult } from '../../../src/node/contracts.ts';
import { load, Pair, type PairNode, type PairSpec, recordOf } from './pair-rig.ts';

const COUNT = 400;

/** Both hold the same records, in one partition. */
async function equalPair(spec: PairSpec = {}): Promise<Pair> {
  const pair = await new Pair({ partitions: 1, ...spec }).start();
  await load(pair, [pair.a, pair.b], recordsOf(pair, COUNT));
  return pair;
}

function* recordsOf(pair: Pair, count: number) {
  for (let index = 0; index < count; index += 1) {
    yield [pair.keyOf(`k${index}`), recordOf(1, `value of k${index}`)] as const;
  }
}

async function expectEqual(pair: Pair): Promise<void> {
  const [a, b] = await pair.run(Promise.all([pair.a.rows(), pair.b.rows()]));
  expect(a).toEqual(b);
}

async function put(pair: Pair, node: PairNode, name: string, seq: number): Promise<void> {
  await pair.run(node.merge(pair.keyOf(name), recordOf(seq, `${name} at ${seq}`)));
}

test('equal copies cost one small message and are written nothing', async () => {
  await using pair = await equalPair();
  const before = [pair.a.records.commitSeq, pair.b.records.commitSeq];
  const result = await pair.run(pair.exchange(0));
  expect(result).toMatchObject({ isComplete: true, wasVerified: true, differing: 0 });
  expect(pair.wire.asked).toEqual(['tree']);
  expect(pair.wire.bytes).toBeLessThan(160);
  expect([pair.a.records.commitSeq, pair.b.records.commitSeq]).toEqual(before);
});

test('what only one side has, or has newer, comes to both', async () => {
  await using pair = await equalPair();
  await put(pair, pair.a, 'k7', 5);
  await put(pair, pair.b, 'k9', 6);
  await put(pair, pair.a, 'new at a', 7);
  await put(pair, pair.b, 'new at b', 8);
  const result = await pair.run(pair.exchange(0));
  expect(result).toMatchObject({ isComplete: true, differing: 4 });
  expect(result.differingBytes).toBeGreaterThan(100);
  await expectEqual(pair);
  expect(pair.a.notes.number('coterie_exchange_keys_total', { kind: 'changed' })).toBe(4);
  expect(pair.a.notes.number('coterie_exchange_keys_total', { kind: 'needless' })).toBe(0);
});

test('records that know nothing of each other are merged on both sides', async () => {
  await using pair = await equalPair();
  for (const [node, index] of [
    [pair.a, 3],
    [pair.b, 4],
  ] as const) {
    await pair.run(node.merge(pair.keyOf('k7'), recordOf(9, `of node ${index}`, index)));
    await pair.run(node.merge(pair.keyOf('k8'), recordOf(index, `of node ${index}`, index)));
  }
  const result = await pair.run(pair.exchange(0));
  expect(result).toMatchObject({ isComplete: true, differing: 2 });
  await expectEqual(pair);
  expect(await pair.run(pair.exchange(0))).toMatchObject({ differing: 0 });
});

test('a write that is on its way is not transferred', async () => {
  await using pair = await equalPair();
  await put(pair, pair.a, 'k7', 5);
  let asked = 0;
  pair.intercept = ({ operation }) => {
    // It arrives between the first look at the leaves and the second.
    if (operation.$case === 'tree' && ++asked === 4) {
      void pair.b.merge(pair.keyOf('k7'), recordOf(5, 'k7 at 5'));
    }
    return undefined;
  };
  const result = await pair.run(pair.exchange(0));
  expect(result).toMatchObject({ isComplete: true, differing: 0 });
  expect(pair.wire.asked).toEqual(['tree', 'tree', 'tree', 'tree']);
});

test('the whole partition is walked through when that is asked for', async () => {
  await using pair = await equalPair();
  await put(pair, pair.a, 'k7', 5);
  await put(pair, pair.b, 'k9', 6);
  pair.wire.asked.length = 0;
  const result = await pair.run(pair.exchange(0, { mode: 'all' }));
  expect(result).toMatchObject({ isComplete: true, differing: 2 });
  expect(pair.wire.asked).toEqual(['entries', 'fetch', 'reconcile']);
  await expectEqual(pair);
});

test('an empty copy is filled in an ordered walk of bounded messages', async () => {
  await using pair = await new Pair({ partitions: 1 }).start();
  await load(pair, [pair.b], recordsOf(pair, 5_000));
  const result = await pair.run(pair.exchange(0));
  expect(result).toMatchObject({ isComplete: true, differing: 5_000 });
  await expectEqual(pair);
  expect(pair.wire.asked.filter((asked) => asked === 'entries').length).toBeGreaterThan(2);
});

test('an exchange that was interrupted is gone on with, and nothing is sent twice', async () => {
  await using pair = await new Pair({ partitions: 1, latencyMs: 1 }).start();
  await load(pair, [pair.b], recordsOf(pair, 5_000));
  let pages = 0;
  pair.intercept = ({ operation }) => {
    if (operation.$case === 'entries' && ++pages === 3) {
      return new CoterieError('UNREACHABLE', 'the link is gone');
    }
    return undefined;
  };
  await expect(pair.run(pair.exchange(0))).rejects.toMatchObject({ code: 'UNREACHABLE' });
  const { size } = await pair.run(pair.a.rows());
  expect(size).toBeGreaterThan(0);
  const result = await pair.run(pair.exchange(0));
  expect(result).toMatchObject({ isComplete: true, differing: 5_000 - size });
  expect(result.beganMs).toBeLessThan(pair.clock.monotonicMs());
  await expectEqual(pair);
  expect(pair.a.notes.number('coterie_exchange_keys_total', { kind: 'needless' })).toBe(0);
});

test('what was gone through while the peer did not serve proves nothing when the rest follows', async () => {
  await using pair = await new Pair({ partitions: 1, latencyMs: 1 }).start();
  await load(pair, [pair.b], recordsOf(pair, 5_000));
  pair.b.state = 'RECOVERING';
  let pages = 0;
  pair.intercept = ({ operation }) =>
    operation.$case === 'entries' && ++pages === 3 ? unreachable() : undefined;
  const all = { mode: 'all' } as const;
  await expect(pair.run(pair.exchange(0, all))).rejects.toMatchObject({ code: 'UNREACHABLE' });
  pair.b.state = 'SERVING';
  const rest = await pair.run(pair.exchange(0, all));
  expect(rest).toMatchObject({ isComplete: true, wasVerified: false });
  const anew = await pair.run(pair.exchange(0, all));
  expect(anew).toMatchObject({ isComplete: true, wasVerified: true });
});

test('an exchange that was interrupted long ago begins anew', async () => {
  await using pair = await new Pair({ partitions: 1 }).start();
  await load(pair, [pair.b], recordsOf(pair, 5_000));
  let isDown = false;
  pair.intercept = ({ operation }) =>
    operation.$case === 'fetch' || isDown ? unreachable() : undefined;
  await expect(pair.run(pair.exchange(0))).rejects.toMatchObject({ code: 'UNREACHABLE' });
  isDown = true;
  await pair.clock.advance(2 * 3_600_000);
  pair.intercept = () => undefined;
  pair.wire.asked.length = 0;
  await pair.run(pair.exchange(0));
  expect(pair.wire.asked[0]).toBe('tree');
});

function unreachable(): CoterieError {
  return new CoterieError('UNREACHABLE', 'the link is gone');
}

test('a peer that is busy is asked again, and not for ever', async () => {
  await using pair = await equalPair();
  let refusals = 3;
  const busy = () => new CoterieError('OVERLOADED', 'busy', { details: { retryAfterMs: 50 } });
  pair.intercept = () => (refusals-- > 0 ? busy() : undefined);
  expect(await pair.run(pair.exchange(0))).toMatchObject({ isComplete: true });
  refusals = 1_000;
  await expect(pair.run(pair.exchange(0))).rejects.toMatchObject({ code: 'OVERLOADED' });
  expect(refusals).toBeGreaterThan(900);
});

test('a pair is compared by one exchange at a time', async () => {
  await using pair = await equalPair();
  const first = pair.exchange(0);
  await expect(pair.run(pair.exchange(0))).rejects.toMatchObject({ code: 'OVERLOADED' });
  expect(await pair.run(first)).toMatchObject({ isComplete: true });
  expect(await pair.run(pair.exchange(0))).toMatchObject({ isComplete: true });
});

test('only copies of a partition are compared with those of another owner', async () => {
  await using pair = await equalPair();
  const run = (partition: number, peer: number) =>
    new Promise<ExchangeResult | CoterieError>((done) => {
      pair.a.exchanges.run(partition, peer, { mode: 'compare' }, done);
    });
  expect(await pair.run(run(0, 0))).toMatchObject({ code: 'NOT_OWNER' });
  expect(await pair.run(run(0, 7))).toMatchObject({ code: 'NOT_OWNER' });
  pair.a.exchanges.stop();
  expect(await pair.run(run(0, 1))).toMatchObject({ code: 'NOT_RUNNING' });
});

test('an exchange that waits ends when the node stops', async () => {
  await using pair = await equalPair();
  await put(pair, pair.a, 'k7', 5);
  const exchange = pair.exchange(0);
  const outcome = expect(exchange).rejects.toMatchObject({ code: 'NOT_RUNNING' });
  await pair.clock.settle();
  pair.a.exchanges.stop();
  await outcome;
});

test('a busy node lets its clients go first, and the exchange ends all the same', async () => {
  await using pair = await equalPair();
  await put(pair, pair.a, 'k7', 5);
  pair.a.isBusy = true;
  const startMs = pair.clock.monotonicMs();
  expect(await pair.run(pair.exchange(0))).toMatchObject({ isComplete: true });
  expect(pair.clock.monotonicMs() - startMs).toBeGreaterThan(1_000);
});

test('no more records come in each second than this node takes, in either direction', async () => {
  for (const full of ['a', 'b'] as const) {
    await using pair = await new Pair({ partitions: 1, receiveBytesPerSecondMax: 2 ** 16 }).start();
    const records = Array.from({ length: 200 }, (_, index) => {
      const value = new Uint8Array(2_048).fill(index);
      return [pair.keyOf(`k${index}`), recordOf(1, value)] as const;
    });
    await load(pair, [pair[full]], records);
    const startMs = pair.clock.monotonicMs();
    expect(await pair.run(pair.exchange(0))).toMatchObject({ isComplete: true, differing: 200 });
    const seconds = (pair.clock.monotonicMs() - startMs) / 1_000;
    expect(seconds).toBeGreaterThan((200 * 2_048 - 2 ** 18) / 2 ** 16);
    expect(seconds).toBeLessThan(12);
    await expectEqual(pair);
  }
});

test('copies that may not serve prove nothing, and are filled when that is asked for', async () => {
  await using pair = await equalPair();
  await put(pair, pair.a, 'k7', 5);
  pair.b.state = 'RECOVERING';
  await expect(pair.run(pair.exchange(0))).rejects.toMatchObject({ code: 'NOT_RECOVERED' });
  const result = await pair.run(pair.exchange(0, { mode: 'all' }));
  expect(result).toMatchObject({ isComplete: true, wasVerified: false, differing: 1 });
  await expectEqual(pair);
});

test('what was planned with another layout is refused', async () => {
  await using pair = await equalPair();
  const request = {
    id: 1,
    timeoutMs: 1_000,
    peCur: 9,
    peMin: 9,
    peRead: 9,
  };
  const tree = { partition: 0, level: 0, ids: [] };
  const operation = { $case: 'tree', tree } as const;
  const answer = await pair.run(
    new Promise((done) => pair.b.serve({ ...request, operation }, done)),
  );
  expect(answer).toMatchObject({ code: 'STALE_LAYOUT' });
});

/** The row in the engine is not what was written. */
async function rot(pair: Pair, node: PairNode, name: string): Promise<void> {
  const { storageKey: key } = pair.keyOf(name);
  const [value] = await pair.run(node.engine.getMany([key]));
  const damaged = Uint8Array.from(value ?? [], (byte, at) => (at === 20 ? byte ^ 1 : byte));
  await pair.run(node.engine.batch([{ type: 'put', key, value: damaged }], { sync: true }));
}

const NO_CACHE = { storage: { recordCacheBytesMax: 0 } };

test('a record that rotted is fetched, also when that is news and the leaves are equal', async () => {
  await using pair = await equalPair(NO_CACHE);
  await rot(pair, pair.a, 'k7');
  const result = await pair.run(pair.exchange(0, { mode: 'all' }));
  expect(result.isComplete).toBe(false);
  const name = pair.keyOf('k7');
  await expect(pair.run(pair.a.records.read(name))).rejects.toMatchObject({
    code: 'CORRUPT_RECORD',
  });
  await pair.run(pair.exchange(0));
  await expectEqual(pair);
});

test('what a peer cannot read is not taken for equal, and what it lacks is sent to it', async () => {
  await using pair = await equalPair(NO_CACHE);
  await put(pair, pair.b, 'k7', 5);
  await rot(pair, pair.b, 'k7');
  expect(await pair.run(pair.exchange(0))).toMatchObject({ isComplete: false });
  await expect(pair.run(pair.b.records.read(pair.keyOf('k7')))).rejects.toMatchObject({
    code: 'CORRUPT_RECORD',
  });
  await pair.run(pair.exchange(0));
  await expectEqual(pair);
});
