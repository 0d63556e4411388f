/** Folders that are empty, old, doubled, in use or of a later format: the node says so and never serves from them,
 *  and the cluster answers right through the others. One cluster is used for all; each test gives it back whole. */
import { cp, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Client, connect } from '../../src/index.ts';
import { encodeNumber, META, STORE_FORMAT } from '../../src/node/storage/meta-rows.ts';
import { metaRowKey } from '../../src/node/storage/table-keys.ts';
import { createKvClient } from '../../src/platform/grpc/unary-client.ts';
import { RocksdbStore } from '../../src/platform/rocksdb/rocksdb-store.ts';
import { Level } from '../../src/wire/generated/coterie/v1/kv.ts';
import { ProcessCluster } from '../support/process-cluster.ts';
import { assertNothingLeft, coterie, serve } from '../support/processes.ts';

const KEYS = Array.from({ length: 50 }, (_, index) => `key-${index}`);

let cluster: ProcessCluster;
let client: Client;

beforeAll(async () => {
  cluster = await ProcessCluster.start(3);
  client = await connect({ nodes: cluster.addresses });
  await writeAll('first');
});

afterAll(async () => {
  await client?.close();
  await cluster?.[Symbol.asyncDispose]();
  assertNothingLeft();
});

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
async function askOnly(address: string, level: Level): Promise<void> {
  const kv = createKvClient(address, { timeoutMs: 5_000 });
  const key = new TextEncoder().encode(KEYS[0]);
  const request = { bucket: 'default', key, level, r: 0, pr: 0, explain: false, timeoutMs: 0 };
  try {
    await kv.get(request);
  } finally {
    kv.close();
  }
}

/** What a node that lost data owes to everybody. */
async function expectRecovering(index: number, reason: RegExp, value: string): Promise<void> {
  expect((await cluster.untilState(index, 'RECOVERING')).reason).toMatch(reason);
  await cluster.untilStatus((index + 1) % 3, 'linked to all', ({ members }) =>
    members.every(({ link }) => link === 'self' || link === 'connected'),
  );
  const shown = await coterie(['status', ...cluster.nodes(index)]);
  expect(shown.stdout).toMatch(new RegExp(`state +RECOVERING \\(${reason.source}`));
  await expect(askOnly(cluster.address(index), Level.ONE)).rejects.toMatchObject({
    code: 'NOT_RECOVERED',
    applied: 'no',
  });
  expect(await readAll('quorum')).toEqual(all(value));
  await expect(askOnly(cluster.address((index + 1) % 3), Level.ALL)).rejects.toMatchObject({
    code: expect.stringMatching(/^(NO_REPLICA|QUORUM_NOT_MET)$/),
    message: expect.stringContaining(`n${index}`),
  });
  await client.put('while-recovering', 'x', { overwrite: true });
}

describe('a folder', () => {
  it('that was wiped leaves its node RECOVERING; put back, it serves', async () => {
    const aside = join(cluster.folder, 'aside');
    await cluster.stop(0);
    await rename(cluster.folderOf(0), aside);
    await cluster.startNode(0);
    await expectRecovering(0, /its folder is empty, but its peers know it with data/, 'first');

    await cluster.stop(0);
    await rm(cluster.folderOf(0), { recursive: true });
    await rename(aside, cluster.folderOf(0));
    await cluster.startNode(0);
    await cluster.untilServing();
    expect(await readAll('all')).toEqual(all('first'));
  });

  it('that is an old copy leaves its node RECOVERING; the newer put back, it serves', async () => {
    const copy = join(cluster.folder, 'copy');
    const newer = join(cluster.folder, 'newer');
    await cluster.stop(1);
    await cp(cluster.folderOf(1), copy, { recursive: true });
    await cluster.startNode(1);
    await cluster.untilServing();
    await writeAll('second');
    await cluster.stop(1);
    await rename(cluster.folderOf(1), newer);
    await rename(copy, cluster.folderOf(1));
    await cluster.startNode(1);
    await expectRecovering(1, /its folder is an old copy: run 1 was found/, 'second');

    await cluster.stop(1);
    await rm(cluster.folderOf(1), { recursive: true });
    await rename(newer, cluster.folderOf(1));
    await cluster.startNode(1);
    await cluster.untilServing();
    expect(await readAll('all')).toEqual(all('second'));
  });

  it('that is copied does not give the cluster two nodes of one name: the later never serves', async () => {
    const twinFolder = join(cluster.folder, 'twin');
    const before = await readAll('all');
    await cluster.stop(2);
    await cp(cluster.folderOf(2), twinFolder, { recursive: true });
    await cluster.startNode(2);
    await cluster.untilServing();
    const flags = ['--id', 'n2', '--data', twinFolder, '--listen', '127.0.0.1:0'];
    const twin = await serve(['start', ...flags]);
    try {
      const address = twin.ready.split(' ')[1] ?? '';
      await cluster.untilServing();
      const served = askOnly(address, Level.ONE);
      await expect(served).rejects.toMatchObject({ code: 'NOT_RECOVERED' });
      expect(await readAll('quorum')).toEqual(before);
    } finally {
      expect(await twin.stop('SIGTERM')).toBe(0);
    }
  });

  it('that another process has open, or that is of another node, is refused in one sentence', async () => {
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
      /^VERSION_UNSUPPORTED: The folder has storage format 2, this software reads format 1: start it with .* an empty folder\.\n$/,
    );
    expect(await format()).toEqual(encodeNumber(STORE_FORMAT + 1));

    await format(STORE_FORMAT);
    await cluster.startNode(2);
    await cluster.untilServing();
    expect(await readAll('all')).toEqual(all('second'));
  });
});
