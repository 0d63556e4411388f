/** Copies that differ are found and made equal by the nodes themselves. */
import { expect, test } from 'vitest';
import type { PairStatus } from '../../../src/node/contracts.ts';
import { HANDOFF_DEFAULTS } from '../../../src/node/handoff/handoff.ts';
import { EXCHANGE_DEFAULTS } from '../../../src/node/repair/exchange-schedule.ts';
import { recordRange } from '../../../src/node/storage/table-keys.ts';
import { MemoryDisk } from '../../../src/platform/memory/memory-disk.ts';
import { helloOf, RawLink } from '../raw-stream.ts';
import { bytesOf, putRequest } from '../requests.ts';
import { type Cluster, startThree } from '../rig.ts';
import { hexOf, recordOf } from './pair-rig.ts';

const NAMES = ['n1', 'n2', 'n3'] as const;
const NO_HINTS = { handoff: { ...HANDOFF_DEFAULTS, hintsPerTargetMax: 0 } };
const IS_LARGE = process.env['COTERIE_LARGE'] === '1';

function pairsOf(cluster: Cluster): PairStatus[] {
  const running = cluster.nodes.filter(({ isRunning }) => isRunning);
  return running.flatMap(({ node }) => [...(node.repairs?.pairs() ?? [])]);
}

async function rowsOf(cluster: Cluster, name: string): Promise<string[]> {
  const { engine } = cluster.node(name);
  const rows: string[] = [];
  const read = async (): Promise<void> => {
    await using iterator = engine.iterate(recordRange(0, 2 ** 32));
    for (;;) {
      const found = await iterator.next(1_000);
      if (found.length === 0) return;
      rows.push(...found.map(({ key, value }) => `${hexOf(key)} ${hexOf(value)}`));
    }
  };
  await cluster.run(read());
  return rows;
}

async function expectEqual(cluster: Cluster): Promise<void> {
  const rows = await rowsOf(cluster, 'n1');
  for (const name of ['n2', 'n3']) expect(await rowsOf(cluster, name)).toEqual(rows);
}

/** A record at n1 alone that no hint stands for. */
async function leaveAtFirst(cluster: Cluster, key: string): Promise<void> {
  await cluster.node('n2').kill();
  const link = new RawLink(cluster, 'n1');
  link.greet(helloOf(cluster, 'n2', 'n1'));
  await cluster.settle();
  const record = recordOf(5_000, `of ${key}`, 1);
  const fields = { bucket: 'default', key: bytesOf(key), record, sync: true, repair: false };
  link.send([{ id: 1, operation: { $case: 'replicate', replicate: fields } }]);
  await cluster.settle();
  expect(link.reply(1)).toMatchObject({ replicate: { durable: true, changed: true } });
  await cluster.node('n2').start();
  await cluster.untilServing();
  await cluster.untilLinked();
}

/** All pairs are compared once more. */
async function pass(cluster: Cluster): Promise<void> {
  const startMs = cluster.world.monotonicMs();
  for (const { node } of cluster.nodes) node.repairs?.hurry(undefined);
  const isNew = ({ lastEqualMs = Number.POSITIVE_INFINITY }: PairStatus) =>
    lastEqualMs <= cluster.world.monotonicMs() - startMs;
  await cluster.advance(10);
  await cluster.until(() => pairsOf(cluster).every(isNew), 'a full pass');
}

test('each pair of copies is compared by one of the two, within the interval', async () => {
  await using cluster = await startThree({
    exchanges: { ...EXCHANGE_DEFAULTS, intervalMs: 60_000 },
  });
  const pairs = pairsOf(cluster);
  expect(pairs).toHaveLength(3 * 8);
  expect(cluster.nodes.map(({ node }) => node.repairs?.pairs().length)).toEqual([8, 8, 8]);
  expect(pairs.every(({ lastEqualMs }) => lastEqualMs === undefined)).toBe(true);
  await cluster.advance(90_000);
  for (const { lastEqualMs, failure } of pairsOf(cluster)) {
    expect(lastEqualMs).toBeLessThan(90_000);
    expect(failure).toBe('');
  }
});

test('a quiet cluster that compares its copies comes to write nothing', async () => {
  await using cluster = await startThree({
    exchanges: { ...EXCHANGE_DEFAULTS, intervalMs: 5_000 },
  });
  await cluster.put('n1', { key: 'k', value: 'v', level: 'all' });
  await cluster.advance(60_000);
  const commits = async (): Promise<number[]> => {
    const statuses = cluster.nodes.map(({ admin }) => cluster.run(admin.status({})));
    return (await Promise.all(statuses)).map(({ commitSeq }) => commitSeq);
  };
  const before = await commits();
  await cluster.advance(60_000);
  expect(await commits()).toEqual(before);
});

test('a difference that nobody knew of is gone within the interval', async () => {
  await using cluster = await startThree({
    exchanges: { ...EXCHANGE_DEFAULTS, intervalMs: 60_000 },
  });
  await cluster.put('n2', { key: 'other', value: 'known', level: 'all' });
  await leaveAtFirst(cluster, 'k');
  expect(await cluster.held('n3', 'k')).toEqual([]);
  await cluster.advance(120_000);
  for (const name of NAMES) expect(await cluster.held(name, 'k')).toEqual(['of k']);
  await expectEqual(cluster);
  const found = pairsOf(cluster).reduce((sum, pair) => sum + pair.found, 0);
  expect(found).toBe(2);
});

test('without hints a replica that is back is made equal long before its turn', async () => {
  await using cluster = await startThree(NO_HINTS);
  await cluster.node('n3').kill();
  const keys = IS_LARGE ? 1_000 : 100;
  const rounds = IS_LARGE ? 100 : 3;
  for (let round = 0; round < rounds; round += 1) {
    const { kv } = cluster.node('n1');
    const puts = Array.from({ length: keys }, (_, index) => {
      const value = `${index} in round ${round}`;
      return kv.put(putRequest({ key: `k${index}`, value, overwrite: true }));
    });
    await cluster.run(Promise.all(puts));
  }
  await cluster.node('n3').start();
  await cluster.untilServing();
  const startMs = cluster.world.monotonicMs();
  const repaired = () =>
    cluster.node('n1').notes.number('coterie_exchanges_total', { outcome: 'repaired' });
  await cluster.until(() => repaired() === 8, 'all partitions repaired');
  await expectEqual(cluster);
  const { notes } = cluster.node('n1');
  expect(notes.number('coterie_exchange_keys_total', { kind: 'changed' })).toBe(keys);
  expect(notes.number('coterie_exchange_keys_total', { kind: 'needless' })).toBe(0);
  const tookMs = cluster.world.monotonicMs() - startMs;
  if (IS_LARGE) console.log(`100,000 updates on 1,000 keys: equal after ${tookMs} virtual ms`);
}, 600_000);

test('after convergence two more full passes find nothing and write nothing', async () => {
  await using cluster = await startThree();
  for (let index = 0; index < 50; index += 1) {
    await cluster.put('n1', { key: `k${index}`, value: 'v', level: 'all' });
  }
  await leaveAtFirst(cluster, 'k');
  await pass(cluster);
  await expectEqual(cluster);
  const found = () => pairsOf(cluster).map((pair) => pair.found);
  const before = [found(), cluster.nodes.map(({ recordWriteCount }) => recordWriteCount)];
  await pass(cluster);
  await pass(cluster);
  expect([found(), cluster.nodes.map(({ recordWriteCount }) => recordWriteCount)]).toEqual(before);
});

test('what is hurried is compared at once, and only that', async () => {
  await using cluster = await startThree();
  await cluster.advance(20_000);
  const { repairs } = cluster.node('n1').node;
  expect(repairs?.hurry(0)).toBe(2);
  expect(repairs?.hurry(1)).toBe(0);
  expect(repairs?.hurry(77)).toBe(0);
  await cluster.advance(50);
  const equal = repairs?.pairs().filter(({ lastEqualMs = 1e9 }) => lastEqualMs <= 50);
  expect(equal?.map(({ partition }) => partition)).toEqual([0, 0]);
});

test('a peer that is away costs no messages, and is compared with once it has been back', async () => {
  await using cluster = await startThree({
    exchanges: { ...EXCHANGE_DEFAULTS, intervalMs: 20_000 },
  });
  await cluster.advance(40_000);
  await cluster.node('n3').kill();
  await cluster.advance(60_000);
  const away = pairsOf(cluster).filter(({ peer }) => peer === cluster.indexOf('n3'));
  for (const { lastEqualMs } of away) expect(lastEqualMs).toBeGreaterThan(50_000);
  const trees = () => cluster.node('n3').received.filter((one) => one.operation?.$case === 'tree');
  await cluster.node('n3').start();
  await cluster.untilServing();
  await cluster.untilLinked();
  const before = trees().length;
  await cluster.advance(10_000);
  expect(trees()).toHaveLength(before);
  await cluster.advance(60_000);
  expect(trees().length).toBeGreaterThan(before);
});

test('with an interval of nothing only what is hurried is compared', async () => {
  await using cluster = await startThree({ exchanges: { ...EXCHANGE_DEFAULTS, intervalMs: 0 } });
  await cluster.advance(1_300_000);
  expect(pairsOf(cluster).every(({ lastEqualMs }) => lastEqualMs === undefined)).toBe(true);
  await pass(cluster);
});

test('a node that stops begins nothing more', async () => {
  await using cluster = await startThree();
  const { node } = cluster.node('n1');
  const { repairs } = node;
  await cluster.run(node.stop());
  expect(repairs?.hurry(undefined)).toBe(0);
});

test('what was proved of a peer is forgotten when it loses its folder, and proved anew after', async () => {
  await using cluster = await startThree({
    exchanges: { ...EXCHANGE_DEFAULTS, intervalMs: 0 },
  });
  await cluster.put('n1', { key: 'k', value: 'v', level: 'all' });
  await pass(cluster);
  const provenWith = (name: string): readonly boolean[] => {
    const pairs = ['n1', 'n2'].flatMap((own) => cluster.node(own).node.repairs?.pairs() ?? []);
    const peer = cluster.indexOf(name);
    return pairs.filter((pair) => pair.peer === peer).map((pair) => pair.lastEqualMs !== undefined);
  };
  const before = provenWith('n3');
  expect(new Set(before)).toEqual(new Set([true]));
  const member = cluster.node('n3');
  await member.stop();
  await member.start();
  await cluster.untilServing();
  await cluster.untilLinked();
  expect(provenWith('n3')).toEqual(before);
  await member.stop();
  member.disk = new MemoryDisk();
  await member.start();
  await cluster.untilServing();
  await cluster.untilLinked();
  expect(provenWith('n3')).toEqual(before.map(() => false));
  expect(new Set(provenWith('n2'))).toEqual(new Set([true]));
  await pass(cluster);
  expect(provenWith('n3')).toEqual(before);
});
