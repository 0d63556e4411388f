/** Nodes and clients inside a program: the program ends by itself when they are disposed of, and
 *  needs RocksDB only where something is to be on disk. */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  assertNothingLeft,
  coterie,
  ROOT,
  runNode,
  serve,
  type TemporaryFolder,
  temporaryFolder,
} from '../support/processes.ts';

const PACKAGE = pathToFileURL(join(ROOT, 'dist', 'index.js')).href;

let folder: TemporaryFolder;

beforeAll(async () => {
  folder = await temporaryFolder();
});

afterAll(async () => {
  await folder?.[Symbol.asyncDispose]();
  assertNothingLeft();
});

/** Runs a program, which must end by itself; `say` prints one line of JSON. The last line is the
 *  timers that are left at its end: everything else that stays keeps it from ending at all. */
async function program(body: string, env: Readonly<Record<string, string>> = {}) {
  const source = `
    import { connect, initCluster, startCluster, startNode } from ${JSON.stringify(PACKAGE)};
    const say = (line) => console.log(JSON.stringify(line));
    const config = { log: { level: 'error' } };
    ${body}
    say(process.getActiveResourcesInfo().filter((kind) => kind === 'Timeout'));
  `;
  const result = await runNode(['--input-type=module', '--eval', source], { env });
  expect(result.stderr).toBe('');
  expect(result.code, 'the program did not end by itself').toBe(0);
  const lines = result.stdout.trimEnd().split('\n');
  return lines.map((line): unknown => JSON.parse(line));
}

describe('a program', () => {
  it('with a cluster in memory and clients ends when they are disposed of', async () => {
    const said = await program(`
      const cluster = await startCluster({ nodes: 3, config });
      say(cluster.nodes.map((node) => node.members().length));
      const own = await cluster.client();
      const other = await connect({ nodes: cluster.addresses, consistency: 'all' });
      await own.put('k', 'v');
      say((await other.get('k')).text());
      await other[Symbol.asyncDispose]();
      await own[Symbol.asyncDispose]();
      await cluster[Symbol.asyncDispose]();
    `);
    expect(said).toEqual([[3, 3, 3], 'v', []]);
  });

  it('ends too when the cluster goes before its clients, with requests in flight', async () => {
    const said = await program(`
      const cluster = await startCluster({ nodes: 3, config });
      const client = await cluster.client();
      const puts = Array.from({ length: 100 }, (_, index) => client.put('k' + index, 'v'));
      const outcomes = Promise.allSettled(puts);
      await cluster.stop();
      say((await outcomes).length);
      await client.close();
    `);
    expect(said).toEqual([100, []]);
  });

  it('with a cluster on disk finds its data again, in the next process too', async () => {
    const dataDirectory = JSON.stringify(join(folder.path, 'cluster'));
    const options = `{ config, nodes: 1, port: PORT, dataDirectory: ${dataDirectory} }`;
    // The address is part of the cluster, so the port stays.
    const first = await program(`
      let PORT = 0;
      const before = await startCluster(${options});
      PORT = Number(before.addresses[0].split(':')[1]);
      const client = await before.client();
      await client.put('k', 'on disk');
      await client.close();
      await before.stop();
      const after = await startCluster(${options});
      const again = await after.client();
      say((await again.get('k')).text());
      await again.close();
      await after.stop();
      say(PORT);
    `);
    expect(first).toEqual(['on disk', expect.any(Number), []]);
    const second = await program(`
      const PORT = ${Number(first[1])};
      const cluster = await startCluster(${options});
      const client = await cluster.client();
      say((await client.get('k')).text());
      await client.close();
      await cluster.stop();
    `);
    expect(second).toEqual(['on disk', []]);
  });

  it('makes nodes of its own one cluster, once, and they serve when it is told so', async () => {
    const said = await program(`
      const start = (id) => startNode({
        node: { id, zone: id, engine: 'memory' },
        listen: { address: '127.0.0.1:0' },
        log: { level: 'silent' },
      });
      const nodes = [await start('a'), await start('b'), await start('c')];
      const addresses = nodes.map(({ address }) => address);
      const first = await initCluster({ nodes: addresses, partitions: 16 });
      say([first.changed, first.members, first.replicas, first.partitions, first.layoutVersion]);
      const client = await connect({ nodes: addresses, clusterId: first.clusterId });
      say((await client.put('k', 'v', { consistency: 'all' })).acks.received);
      await client.close();
      const again = await initCluster({ nodes: [...addresses].reverse(), partitions: 16 });
      say([again.changed, again.clusterId === first.clusterId]);
      say(await initCluster({ nodes: addresses.slice(1), replicas: 2 }).catch(({ code }) => code));
      for (const node of nodes) await node.stop();
    `);
    expect(said).toEqual([
      [true, ['a', 'b', 'c'], 3, 16, 1],
      3,
      [false, true],
      'CLUSTER_MISMATCH',
      [],
    ]);
  });

  it('with one fresh node, or with nobody to connect to, ends as well', async () => {
    const said = await program(`
      const node = await startNode({
        node: { engine: 'memory' },
        listen: { address: '127.0.0.1:0' },
        log: { level: 'silent' },
      });
      say((await node.admin.status({})).state);
      const client = await node.client();
      say(await client.put('k', 'v').catch((error) => [error.code, error.applied]));
      await client.close();
      const { address } = node;
      await node[Symbol.asyncDispose]();
      await node[Symbol.asyncDispose]();
      say(await connect({ nodes: [address], timeoutMs: 500 }).catch((error) => error.code));
    `);
    expect(said).toEqual(['UNINITIALISED', ['NOT_INITIALISED', 'no'], 'UNREACHABLE', []]);
  });
});

describe('without the rocksdb package', () => {
  let env: Record<string, string>;

  beforeAll(async () => {
    const hooks = `export async function resolve(specifier, context, next) {
      if (specifier !== 'rocksdb') return next(specifier, context);
      const missing = new Error('Cannot find package rocksdb');
      throw Object.assign(missing, { code: 'ERR_MODULE_NOT_FOUND' });
    }`;
    const path = join(folder.path, 'no-rocksdb.mjs');
    const url = `data:text/javascript,${encodeURIComponent(hooks)}`;
    await writeFile(
      path,
      `import { register } from 'node:module'; register(${JSON.stringify(url)});`,
    );
    env = { NODE_OPTIONS: `--import=${pathToFileURL(path).href}` };
  });

  it('a node on disk says in one sentence what to install, and exits 5', async () => {
    const data = join(folder.path, 'never');
    const refused = await coterie(['start', '--listen', '127.0.0.1:0', '--data', data], { env });
    expect(refused).toMatchObject({ code: 5, stdout: '' });
    expect(refused.stderr).toMatch(
      /^STORAGE_IO: The package rocksdb is .*`npm install rocksdb`.*memory engine.*\n$/,
    );
  });

  it('the memory engine, the client and the command line work', async () => {
    const said = await program(
      `
      const cluster = await startCluster({ nodes: 1, config });
      const client = await cluster.client();
      await client.put('k', 'v');
      say((await client.get('k')).text());
      await client.close();
      await cluster.stop();
    `,
      env,
    );
    expect(said).toEqual(['v', []]);
    const dev = await serve(['dev', '--memory', '--nodes', '1', '--port', '0'], env);
    const node = ['--node', dev.ready.split(' ')[1] ?? ''];
    expect(await coterie(['put', 'k', 'v', ...node], { env })).toMatchObject({ code: 0 });
    expect(await coterie(['get', 'k', '--raw', ...node], { env })).toMatchObject({ stdout: 'v' });
    expect(await dev.stop('SIGTERM')).toBe(0);
  });
});
