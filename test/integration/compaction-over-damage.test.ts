/** A byte of a table file is not what was written, in a block whose records all have newer
 *  versions: only compaction meets it. The node finds out long before RocksDB lets no batch through
 *  any more, sets its files aside and is rebuilt; every write meanwhile ends, and none that was
 *  acknowledged is lost. */
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, expect, test } from 'vitest';
import { type Client, connect } from '../../src/index.ts';
import { createKvClient } from '../../src/platform/grpc/unary-client.ts';
import { Level } from '../../src/wire/generated/coterie/v1/kv.ts';
import { flipByte } from '../platform/rocksdb/damaged-table.ts';
import { ProcessCluster } from '../support/process-cluster.ts';
import { assertNothingLeft } from '../support/processes.ts';
import { ROUND_KEYS, roundOf, writeRound } from '../support/rounds.ts';
import { waitUntil } from '../support/wait-until.ts';

const VICTIM = 2;
/** Written once, before anything happens. */
const KEPT = ['kept-1', 'kept-2', 'kept-3'];
const FOUND_MS = 60_000;
const MADE_GOOD_MS = 40_000;
const ENV = { COTERIE_LOG_LEVEL: 'info', COTERIE_STORAGE_WRITE_BUFFER_BYTES: String(1 << 20) };

const decoder = new TextDecoder();

let cluster: ProcessCluster | undefined;
let client: Client | undefined;

afterEach(async () => {
  await client?.close();
  await cluster?.[Symbol.asyncDispose]();
  await assertNothingLeft();
}, 60_000);

/** What the victim answers alone: its own copies. */
async function readAtVictim(to: ProcessCluster, names: readonly string[]): Promise<string[]> {
  const kv = createKvClient(to.address(VICTIM), { timeoutMs: 5_000 });
  try {
    const texts: string[] = [];
    for (const name of names) {
      const key = new TextEncoder().encode(name);
      const request = { bucket: 'default', key, level: Level.ONE, r: 0, pr: 0 };
      const { siblings } = await kv.get({ ...request, explain: false, timeoutMs: 0 });
      texts.push(...siblings.map(({ value }) => decoder.decode(value)));
    }
    return texts;
  } finally {
    kv.close();
  }
}

/** Opening moves what is in the log to a table file. */
async function restartVictim(of: ProcessCluster): Promise<void> {
  await of.stop(VICTIM);
  await of.startNode(VICTIM);
  await of.untilServing();
}

test('a block that only compaction meets is found, and its node rebuilt', async () => {
  cluster = await ProcessCluster.start(3, { env: ENV });
  client = await connect({ nodes: cluster.addresses });
  for (const name of KEPT) await client.put(name, `value of ${name}`, { consistency: 'all' });
  // At all of them: what the victim misses of a round it would be brought later, and read its own.
  expect(await writeRound(client, 1, 'all')).toHaveLength(ROUND_KEYS.length);
  await restartVictim(cluster);
  expect(await writeRound(client, 2, 'all')).toHaveLength(ROUND_KEYS.length);
  await restartVictim(cluster);
  await cluster.stop(VICTIM);
  const folder = cluster.folderOf(VICTIM);
  const tables = (await readdir(folder)).filter((name) => name.endsWith('.sst')).sort();
  expect(tables.length).toBeGreaterThan(1);
  await flipByte(join(folder, tables[0] ?? ''), 0.5);

  await using victim = cluster.supervise(VICTIM);
  await waitUntil(() => victim.log().includes('node-started'), {
    deadlineMs: MADE_GOOD_MS,
    what: 'n2 to start',
  });
  await cluster.untilServing();
  // Opening has read nothing of the block.
  expect(victim.log()).not.toContain('folder-set-aside');
  const acknowledged = new Map<string, number>();
  let round = 2;
  const write = async (to: Client): Promise<boolean> => {
    round += 1;
    for (const key of await writeRound(to, round)) acknowledged.set(key, round);
    return victim.log().includes('folder-set-aside');
  };
  const writer = client;
  await waitUntil(() => write(writer), {
    deadlineMs: FOUND_MS,
    what: () => `n2 to set its files aside, in ${round} rounds; ${victim.log().slice(-3_000)}`,
  });
  expect(victim.log()).toMatch(
    /"reason":"The storage engine failed at compaction: Corruption.*folder-set-aside/,
  );
  // It begins anew by itself, within its process.
  expect(victim.ends).toBe(0);
  const isMadeGood = async (of: ProcessCluster): Promise<boolean> => {
    // While its store opens it answers nothing.
    const status = await of.status(VICTIM).catch(() => undefined);
    return status?.state === 'SERVING' && status.unreadableKeys === 0;
  };
  const all = cluster;
  await waitUntil(() => isMadeGood(all), {
    deadlineMs: MADE_GOOD_MS,
    what: () => `n2 to be made good; ${victim.log().slice(-3_000)}`,
  });
  for (const [key, last] of acknowledged) {
    expect(await roundOf(client, key)).toBeGreaterThanOrEqual(last);
  }
  expect(await readAtVictim(cluster, KEPT)).toEqual(KEPT.map((name) => `value of ${name}`));
  expect(await writeRound(client, round + 1)).toHaveLength(ROUND_KEYS.length);
}, 150_000);
