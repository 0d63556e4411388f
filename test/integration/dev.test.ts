/** `coterie dev`: the first thing that anybody runs. */
import { connect as connectSocket } from 'node:net';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { connect } from '../../src/index.ts';
import {
  assertNothingLeft,
  coterie,
  freePorts,
  type ServedProcess,
  serve,
  type TemporaryFolder,
  temporaryFolder,
} from '../support/processes.ts';

describe('dev', () => {
  let folder: TemporaryFolder;
  let port: number;
  let dev: ServedProcess;

  beforeAll(async () => {
    folder = await temporaryFolder();
    port = await freePorts(3);
    dev = await serve(disk());
  });

  afterAll(async () => {
    await dev?.stop('SIGKILL');
    await folder?.[Symbol.asyncDispose]();
    assertNothingLeft();
  });

  function disk(): string[] {
    return ['dev', '--port', `${port}`, '--data', folder.path];
  }

  function addresses(): string[] {
    return [0, 1, 2].map((index) => `127.0.0.1:${port + index}`);
  }

  it('says where its three nodes are, in one line, and then what to try', () => {
    const [ready, ...rest] = dev.output().split('\n');
    expect(ready).toBe(`ready ${addresses().join(' ')}`);
    expect(rest.join('\n')).toContain(folder.path);
    expect(rest.join('\n')).toMatch(/coterie put .* --consistency quorum/);
  });

  it('takes puts and gets from another process', async () => {
    const node = ['--node', addresses()[1] ?? ''];
    const stored = await coterie(['put', 'cart:42', '{"sku":1}', '-c', 'all', ...node]);
    expect(stored.code).toBe(0);
    expect(stored.stdout).toMatch(/^ok stored; all: 3 replicas acknowledged .* all durable/);
    const read = await coterie(['get', 'cart:42', ...node]);
    expect(read).toMatchObject({ code: 0, stdout: '{"sku":1}\n', stderr: '' });
    const none = await coterie(['get', 'cart:43', ...node]);
    expect(none).toMatchObject({ code: 1, stdout: '' });
    expect(none.stderr).toMatch(/^cart:43 was not found/);
  });

  it('says in one sentence that its ports or its folder are taken, and harms nobody', async () => {
    const samePort = await coterie(['dev', '--port', `${port}`, '--memory']);
    expect(samePort).toMatchObject({ code: 4, stdout: '' });
    expect(samePort.stderr).toMatch(
      /^CONFLICT: Another process listens on \S+: stop it, or .*\.\n$/,
    );
    const sameFolder = await coterie(['dev', '--port', '0', '--data', folder.path]);
    expect(sameFolder).toMatchObject({ code: 4, stdout: '' });
    expect(sameFolder.stderr).toMatch(
      /^CONFLICT: Another process has this folder open: stop .*\.\n$/,
    );
    await using client = await connect({ nodes: addresses() });
    expect((await client.get('cart:42', { consistency: 'all' })).text()).toBe('{"sku":1}');
  });

  it.each(['SIGTERM', 'SIGINT'] as const)(
    'ends with 0 at %s, also with a client, and has its data after a restart',
    async (signal) => {
      await using client = await connect({ nodes: addresses() });
      await client.put(signal, 'stays');
      expect(await dev.stop(signal)).toBe(0);
      expect(await isListening(port)).toBe(false);
      dev = await serve(disk());
      expect(dev.ready).toBe(`ready ${addresses().join(' ')}`);
      expect((await client.get(signal, { consistency: 'all' })).text()).toBe('stays');
      expect((await client.get('cart:42', { consistency: 'all' })).text()).toBe('{"sku":1}');
    },
  );

  it('refuses a folder of a cluster with other sizes, and changes nothing', async () => {
    await dev.stop('SIGTERM');
    const other = await coterie([
      'dev',
      '--port',
      `${port}`,
      '--nodes',
      '2',
      '--data',
      folder.path,
    ]);
    expect(other).toMatchObject({ code: 6, stdout: '' });
    expect(other.stderr).toMatch(
      /^CLUSTER_MISMATCH: .* has 3 replicas and not 2; nothing was changed/,
    );
    dev = await serve(disk());
  });
});

describe('dev in memory with one node', () => {
  it('lowers the replicas and says so', async () => {
    await using folder = await temporaryFolder();
    const dev = await serve(['dev', '--memory', '--nodes', '1', '--port', '0']);
    try {
      expect(dev.output()).toMatch(
        /^ready 127\.0\.0\.1:\d+\nWith 1 of 3 nodes each key has 1 copy/,
      );
      expect(dev.output()).toContain('in memory only');
      const node = ['--node', dev.ready.split(' ')[1] ?? ''];
      const stored = await coterie(['put', 'k', 'v', '-c', 'all', ...node, '--json']);
      expect(stored.json()).toMatchObject({ acks: { required: 1, received: 1 } });
      const status = await coterie(['status', ...node, '--json']);
      expect(status.json()).toMatchObject({
        layout: { replicas: 1 },
        node: { engine: 'memory', state: 'SERVING' },
      });
      const both = await coterie(['dev', '--memory', '--data', join(folder.path, 'x')]);
      expect(both.code).toBe(2);
    } finally {
      expect(await dev.stop('SIGTERM')).toBe(0);
    }
  });
});

function isListening(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connectSocket(port, '127.0.0.1', () => {
      socket.destroy();
      resolve(true);
    });
    socket.on('error', () => resolve(false));
  });
}
