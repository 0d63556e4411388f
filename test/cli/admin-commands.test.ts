import { beforeEach, describe, expect, test } from 'vitest';
import { CoterieError } from '../../src/core/errors.ts';
import { decodeLayout } from '../../src/core/ring/layout.ts';
import { FakeNode } from './fake-node.ts';
import { FakeWorld } from './fake-world.ts';

let world: FakeWorld;
beforeEach(() => {
  world = new FakeWorld();
});

function threeNodes(): FakeNode[] {
  const nodes = [1, 2, 3].map((number) => new FakeNode(number));
  for (const node of nodes) world.admins.set(node.reply.address, node.admin);
  return nodes;
}

const INIT = ['cluster', 'init', '-n', 'h1:1', '-n', 'h2:1', '-n', 'h3:1', '--partitions', '64'];

describe('cluster init', () => {
  test('gives every node the same layout, and repeating it changes nothing', async () => {
    const nodes = threeNodes();
    const first = await world.run(...INIT, '--json');
    expect(first).toMatchObject({ exitCode: 0, stderr: '' });
    const printed = JSON.parse(first.stdout);
    expect(printed).toMatchObject({ layoutVersion: 1, partitions: 64, replicas: 3, changed: true });
    expect(printed.clusterId).toMatch(/^[0-9a-f]{32}$/);
    expect(printed.nodes).toHaveLength(3);
    expect(decodeLayout(nodes[0]?.reply.layout ?? new Uint8Array()).partitions).toBe(64);

    const second = await world.run(...INIT);
    expect(second.exitCode).toBe(0);
    expect(second.stdout).toContain('Already initialised, nothing changed');
    expect(nodes.map((node) => node.adopted)).toEqual([1, 1, 1]);
    expect(world.closed).toBe(world.opened);
  });

  test('one that was cut off half way is completed by repeating it', async () => {
    const nodes = threeNodes();
    const last = nodes[2];
    if (last === undefined) throw new Error('three nodes');
    last.failAdopt = new CoterieError('UNREACHABLE', 'h3:1 went away');
    const cut = await world.run(...INIT, '--json');
    expect(cut.exitCode).toBe(3);
    const { error } = JSON.parse(cut.stderr);
    expect(error).toMatchObject({ code: 'UNREACHABLE', retryable: true, applied: 'unknown' });
    expect(error.message).toContain('2 of 3 nodes have the layout');

    last.failAdopt = undefined;
    const again = await world.run(...INIT);
    expect(again.stdout).toContain('h3:1 had not taken the layout yet');
    expect(last.reply.layout).toEqual(nodes[0]?.reply.layout);
  });

  test('a node that does not answer leaves all others as they were', async () => {
    const nodes = threeNodes();
    world.admins.delete('h2:1');
    const { exitCode, stderr } = await world.run(...INIT);
    expect(exitCode).toBe(3);
    expect(stderr).toContain('h2:1');
    expect(stderr).toContain('nothing was changed');
    expect(nodes.map((node) => node.adopted)).toEqual([0, 0, 0]);
  });

  test('another init of the same nodes exits 6 and changes nothing', async () => {
    const nodes = threeNodes();
    await world.run(...INIT);
    const other = await world.run(...INIT.slice(0, -1), '128');
    expect(other.exitCode).toBe(6);
    expect(other.stderr).toContain('CLUSTER_MISMATCH');
    expect(nodes.map((node) => node.adopted)).toEqual([1, 1, 1]);
  });

  test.each([
    [['cluster', 'init', '-n', 'h1:1', '-n', 'h2:1'], '3 replicas need as many nodes; 2 given'],
    [[...INIT, '--expect', '4'], '--expect is 4, but 3 nodes are named'],
    [
      [...INIT, '--expect', '1'],
      '--expect is 1, but 3 replicas need as many nodes: give --replicas 1',
    ],
    [[...INIT.slice(0, -1), '100'], 'a power of two'],
    [[...INIT, '--replicas', '10'], 'from 1 to 9'],
  ])('%j is a usage error', async (argv, fragment) => {
    threeNodes();
    const { exitCode, stderr } = await world.run(...argv);
    expect(exitCode).toBe(2);
    expect(stderr).toContain(fragment);
  });
});

describe('ring', () => {
  test('shows shares of all nodes, and with --json the owners of every partition', async () => {
    threeNodes();
    await world.run(...INIT.slice(0, -2), '--partitions', '16', '--replicas', '2');
    const { stdout } = await world.run('ring', '-n', 'h1:1', '--json');
    const ring = JSON.parse(stdout);
    expect(ring).toMatchObject({ layoutVersion: 1, partitions: 16, replicas: 2 });
    expect(ring.owners).toHaveLength(16);
    expect(new Set(ring.owners[0]).size).toBe(2);
    const held = ring.nodes.map((node: { replicas: number }) => node.replicas);
    expect(held.reduce((a: number, b: number) => a + b)).toBe(32);
    expect(ring.nodes[0]).toMatchObject({ name: 'n1', weight: 1, ideal: 5.3333 });
    expect((await world.run('ring', '-n', 'h1:1')).stdout).toContain('n1\th1:1\tz1\tdc-1\t1\t');
  });

  test('--key shows token, partition and the nodes that hold it', async () => {
    threeNodes();
    await world.run(...INIT);
    const json = await world.run('ring', '-n', 'h1:1', '--key', 'cart:42', '--json');
    const view = JSON.parse(json.stdout);
    expect(view).toMatchObject({ bucket: 'default', key: 'cart:42' });
    expect(view.partition).toBe(Math.floor(view.token / (2 ** 32 / 64)));
    expect(view.preferenceList.map((node: { name: string }) => node.name).sort()).toEqual([
      'n1',
      'n2',
      'n3',
    ]);
    expect((await world.run('ring', '-n', 'h1:1', '--key', 'k')).stdout).toContain(
      'default/k: token 0x',
    );
  });

  test('before init it exits 4 and says what to do', async () => {
    threeNodes();
    const { exitCode, stderr } = await world.run('ring', '-n', 'h1:1');
    expect(exitCode).toBe(4);
    expect(stderr).toContain('coterie cluster init');
  });
});
