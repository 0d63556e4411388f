/** A damaged block of a table file that ends every process whose iterator walks over it: the node
 *  dies of it once, finds out why at its next start, sets the files aside and is rebuilt. Nothing
 *  but its supervisor helps it. */
import { readdir } from 'node:fs/promises';
import { afterEach, expect, test } from 'vitest';
import { type Client, connect } from '../../src/index.ts';
import { metaRowKey, tableRange } from '../../src/node/storage/table-keys.ts';
import { readNotes } from '../../src/platform/rocksdb/reading-notes.ts';
import { RocksdbStore } from '../../src/platform/rocksdb/rocksdb-store.ts';
import { makeDeadly } from '../platform/rocksdb/damaged-table.ts';
import { ProcessCluster } from '../support/process-cluster.ts';
import { assertNothingLeft } from '../support/processes.ts';
import { waitUntil } from '../support/wait-until.ts';

const VICTIM = 2;
const KEYS = Array.from({ length: 60 }, (_, index) => `key-${index}`);
const FILLING = 'y'.repeat(2_000);
const MADE_GOOD_MS = 40_000;
/** Without hints a member that was away is compared with the others at once, leaf by leaf. */
const ENV = { COTERIE_LOG_LEVEL: 'info', COTERIE_HANDOFF_HINTS_PER_TARGET_MAX: '0' };

let cluster: ProcessCluster | undefined;
let client: Client | undefined;

afterEach(async () => {
  await client?.close();
  await cluster?.[Symbol.asyncDispose]();
  await assertNothingLeft();
}, 60_000);

async function writeAll(to: Client, value: string): Promise<void> {
  await Promise.all(
    KEYS.map(async (key) => {
      const { context } = await to.get(key);
      await to.put(key, `${key} ${value} ${FILLING}`, { context });
    }),
  );
}

async function middleRecord(location: string): Promise<Uint8Array> {
  const store = new RocksdbStore({ location, readOnly: true });
  await store.open();
  const records = await store.iterate(tableRange('records')).next(KEYS.length);
  await store.close();
  return records[KEYS.length / 2]?.key ?? new Uint8Array(0);
}

test.each([
  { what: 'rows that its opening reads', isOfRecords: false },
  { what: 'records that it is asked to compare', isOfRecords: true },
])(
  'a block that kills its reader, of $what, kills the node once and is made good',
  async ({ isOfRecords }) => {
    cluster = await ProcessCluster.start(3, { env: ENV });
    client = await connect({ nodes: cluster.addresses, timeoutMs: 10_000 });
    await writeAll(client, 'first');
    // Opening moves what is in the log to a table file.
    await cluster.kill(VICTIM);
    await cluster.startNode(VICTIM);
    await cluster.untilServing();
    await cluster.kill(VICTIM);
    await writeAll(client, 'second');
    const folder = cluster.folderOf(VICTIM);
    const key = isOfRecords ? await middleRecord(folder) : metaRowKey('partitioning');
    await makeDeadly(folder, key);

    await using victim = cluster.supervise(VICTIM);
    await waitUntil(
      async () => {
        const names = await readdir(folder);
        const status = await cluster?.status(VICTIM).catch(() => undefined);
        const isAside = names.some((name) => name.startsWith('damaged-'));
        return isAside && status?.state === 'SERVING' && status.unreadableKeys === 0;
      },
      { deadlineMs: MADE_GOOD_MS, what: () => `n2 to be made good; ${victim.log().slice(-3_000)}` },
    );
    expect(victim.log()).toMatch(/folder-set-aside/);
    if (!isOfRecords) expect(victim.ends).toBe(1);
    expect(victim.ends).toBeLessThanOrEqual(1);
    // It answers for all of it: each of the others away in turn, a quorum needs this one.
    for (const away of [0, 1]) {
      await cluster.kill(away);
      const texts = await Promise.all(
        KEYS.map(async (each) => (await client?.get(each, { consistency: 'quorum' }))?.text()),
      );
      expect(texts).toEqual(KEYS.map((each) => `${each} second ${FILLING}`));
      await cluster.startNode(away);
      await cluster.untilServing();
    }
    await cluster.stop(VICTIM);
    expect(await readNotes(folder)).toEqual([]);
  },
  120_000,
);
