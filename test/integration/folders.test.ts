/** Folders that are in use, of a later format, empty, old or doubled: the node says so and never
 *  serves from them, and the cluster answers right through the others until what was lost is here
 *  again. */
import { cp, rename } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Client, connect } from '../../src/index.ts';
import { encodeNumber, META, STORE_FORMAT } from '../../src/node/storage/meta-rows.ts';
import { metaRowKey } from '../../src/node/storage/table-keys.ts';
import { createKvClient } from '../../src/platform/grpc/unary-client.ts';
import { RocksdbStore } from '../../src/platform/rocksdb/rocksdb-store.ts';
import type { MemberStatus, StatusReply } from '../../src/wire/generated/coterie/v1/admin.ts';
import { type GetReply, Level } from '../../src/wire/generated/coterie/v1/kv.ts';
import { administer, ProcessCluster } from '../support/process-cluster.ts';
import { assertNothingLeft, coterie, serve } from '../support/processes.ts';
import { waitUntil } from '../support/wait-until.ts';

const KEYS = Array.from({ length: 50 }, (_, index) => `key-${index}`);

let cluster: ProcessCluster;
let client: Client;

async function startCluster(): Promise<void> {
  cluster = await ProcessCluster.start(3);
  client = await connect({ nodes: cluster.addresses });
  await writeAll('first');
}

async function stopCluster(): Promise<void> {
  await client?.close();
  await cluster?.[Symbol.asyncDispose]();
}

afterAll(assertNothingLeft);

/** Replaces every value, on all nodes. */
async function writeAll(value: string): Promise<void> {
  const write = async (key: string): Promise<void> => {
    const { context } = await client.get(key);
    await client.put(key, `${key} ${value}`, { context, consistency: 'all' });
  };
  await Promise.all(KEYS.map(write));
}

async function readAll(consistency: 'quorum' | 'all'): Promise<(string | undefined)[]> {
  const results = await Promise.all(KEYS.map((key) => client.get(key, { consistency })));
  return results.map((result) => result.text());
}

function all(value: string): string[] {
  return KEYS.map((key) => `${key} ${value}`);
}

/** One read at this address alone: the SDK would go to another node. */
async function askOnly(address: string, level: Level, key = 'key-0'): Promise<GetReply> {
  const kv = createKvClient(address, { timeoutMs: 5_000 });
  const encoded = new TextEncoder().encode(key);
  const request = {
    bucket: 'default',
    key: encoded,
    level,
    r: 0,
    pr: 0,
    explain: false,
    timeoutMs: 0,
  };
  try {
    return await kv.get(request);
  } finally {
    kv.close();
  }
}

/** What a node that lost data owes to everybody while it is rebuilt, and after. */
async function expectRebuilt(index: number, reason: RegExp, value: string): Promise<void> {
  await cluster.startNode(index);
  const seen: StatusReply[] = [];
  let reads = 0;
  const rebuilt = waitUntil(
    async () => {
      const status = await cluster.status(index);
      seen.push(status);
      return status.state === 'SERVING' && reads > 0;
    },
    { deadlineMs: 20_000, what: 'the node to be rebuilt' },
  );
  const isRebuilt = rebuilt.then(() => true);
  do {
    expect(await readAll('quorum')).toEqual(all(value));
    reads += 1;
  } while (!(await Promise.race([isRebuilt, false])));
  const behind = seen.filter(({ state }) => state === 'RECOVERING');
  expect(behind.length).toBeGreaterThan(0);
  expect(behind[0]?.reason).toMatch(reason);
  // Its own copies come first in what it is asked at one.
  for (const key of KEYS) {
    const { siblings } = await askOnly(cluster.address(index), Level.ONE, key);
    const texts = siblings.map((sibling) => new TextDecoder().decode(sibling.value));
    expect(texts).toEqual([`${key} ${value}`]);
  }
}

describe('a folder', () => {
  beforeAll(startCluster);
  afterAll(stopCluster);

  it('that another process has open, or that is of another node, is refused', async () => {
    const twice = await coterie(cluster.startArguments(0, '127.0.0.1:0'));
    expect(twice).toMatchObject({ code: 4, stdout: '' });
    expect(twice.stderr).toMatch(
      /^CONFLICT: Another process has this folder open: stop it, or .*\n$/,
    );
    expect((await cluster.status(0)).state).toBe('SERVING');

    await cluster.stop(0);
    const renamed = ['start', '--id', 'other', '--data', cluster.folderOf(0)];
    const foreign = await coterie([...renamed, '--listen', '127.0.0.1:0']);
    expect(foreign).toMatchObject({ code: 4, stdout: '' });
    expect(foreign.stderr).toMatch(
      /^CONFLICT: The data folder belongs to node n0, not to other; .*\n$/,
    );
    await cluster.startNode(0);
    await cluster.untilServing();
  });

  it('of a later format is refused with what to do, and is not touched', async () => {
    await cluster.stop(2);
    const format = async (change?: number): Promise<Uint8Array | undefined> => {
      const store = new RocksdbStore({ location: cluster.folderOf(2) });
      await store.open();
      const key = metaRowKey(META.format);
      if (change !== undefined) {
        await store.batch([{ type: 'put', key, value: encodeNumber(change) }], { sync: true });
      }
      const [value] = await store.getMany([key]);
      await store.close();
      return value;
    };
    await format(STORE_FORMAT + 1);
    const refused = await coterie(cluster.startArguments(2, '127.0.0.1:0'));
    expect(refused).toMatchObject({ code: 6, stdout: '' });
    expect(refused.stderr).toMatch(
      /^VERSION_UNSUPPORTED: .*storage format 2, .* reads format 1: start it with .*\n$/,
    );
    expect(await format()).toEqual(encodeNumber(STORE_FORMAT + 1));

    await format(STORE_FORMAT);
    await cluster.startNode(2);
    await cluster.untilServing();
    expect(await readAll('all')).toEqual(all('first'));
  });

  it('that was wiped is filled again from the others, and is whole after a restart', async () => {
    await cluster.stop(0);
    await rename(cluster.folderOf(0), join(cluster.folder, 'aside'));
    await expectRebuilt(0, /its folder is empty, but its peers know it with data/, 'first');
    await cluster.stop(0);
    await cluster.startNode(0);
    await cluster.untilServing();
  });

  it('that turns up elsewhere while its name lives is refused by every member', async () => {
    const flags = ['--data', join(cluster.folder, 'aside'), '--listen', '127.0.0.1:0'];
    const twin = await serve(['start', '--id', 'n0', ...flags]);
    try {
      const address = twin.ready.split(' ')[1] ?? '';
      const isRefused = ({ link, detail }: MemberStatus): boolean =>
        link === 'self' || /Another live node already has the name n0/.test(detail);
      await waitUntil(
        async () =>
          (await administer(address, (admin) => admin.status({}))).members.every(isRefused),
        { deadlineMs: 10_000, what: 'every member to refuse the second n0' },
      );
      const refused = { code: 'NO_REPLICA', applied: 'no' };
      await expect(askOnly(address, Level.QUORUM)).rejects.toMatchObject(refused);
      expect(await readAll('quorum')).toEqual(all('first'));
    } finally {
      expect(await twin.stop('SIGTERM')).toBe(0);
    }
  });
});

describe('an old copy of a folder', () => {
  beforeAll(startCluster);
  afterAll(stopCluster);

  it('gets from the others what it lacks, and what is minted on it replaces none of it', async () => {
    const copy = join(cluster.folder, 'copy');
    await cluster.stop(1);
    await cp(cluster.folderOf(1), copy, { recursive: true });
    await cluster.startNode(1);
    await cluster.untilServing();
    await writeAll('second');
    await cluster.stop(1);
    await rename(cluster.folderOf(1), join(cluster.folder, 'newest'));
    await rename(copy, cluster.folderOf(1));
    await expectRebuilt(1, /its folder is an old copy: run 1 was found/, 'second');
    const only = await connect({ nodes: [cluster.address(1)] });
    try {
      for (const key of KEYS) await only.put(key, `${key} beside`, { consistency: 'all' });
    } finally {
      await only.close();
    }
    for (const key of KEYS) {
      const { siblings } = await client.get(key, { consistency: 'all' });
      const texts = siblings.map(({ value }) => new TextDecoder().decode(value));
      expect(texts.toSorted()).toEqual([`${key} beside`, `${key} second`]);
    }
  });
});
