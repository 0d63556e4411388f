/** `coterie cluster init` of one named node: it takes those that the node has found. */
import { beforeEach, describe, expect, test } from 'vitest';
import { CoterieError } from '../../src/core/errors.ts';
import { FakeNode, memberStatus } from './fake-node.ts';
import { FakeWorld, type Outcome } from './fake-world.ts';

let world: FakeWorld;
let nodes: FakeNode[];
beforeEach(() => {
  world = new FakeWorld();
  nodes = [];
});

/** They have all found each other. */
function startNodes(count: number): FakeNode[] {
  nodes = Array.from({ length: count }, (_, index) => new FakeNode(index + 1));
  for (const node of nodes) {
    world.admins.set(node.reply.address, node.admin);
    node.found = nodes.filter((other) => other !== node).map(foundStatus);
  }
  return nodes;
}

function foundStatus({ reply }: FakeNode) {
  return memberStatus({ name: reply.name, address: reply.address });
}

function adopted(): number[] {
  return nodes.map((node) => node.adopted);
}

/** While virtual time passes. */
async function finish(running: Promise<Outcome>, timeMs: number): Promise<Outcome> {
  await world.clock.advance(timeMs);
  return running;
}

const INIT = ['cluster', 'init', '-n', 'h1:1'];

describe('init of one node', () => {
  test('takes all that it has found, and shows them first', async () => {
    startNodes(4);
    const { exitCode, stdout } = await world.run(...INIT);
    expect(exitCode).toBe(0);
    const [first, second] = stdout.split('\n');
    expect(first).toBe('h1:1 has found 4 nodes: n1 at h1:1, n2 at h2:1, n3 at h3:1, n4 at h4:1');
    expect(second).toMatch(/^Initialised cluster .*4 nodes, 3 replicas/);
    expect(adopted()).toEqual([1, 1, 1, 1]);
    expect(world.closed).toBe(world.opened);
  });

  test('with --json prints the plan alone', async () => {
    startNodes(3);
    const { stdout } = await world.run(...INIT, '--json');
    expect(JSON.parse(stdout).nodes.map(({ name }: { name: string }) => name)).toEqual([
      'n1',
      'n2',
      'n3',
    ]);
  });

  test('repeated at any member changes nothing, even while a stranger is found', async () => {
    const [, , , fourth] = startNodes(4);
    for (const node of nodes) node.found = node.found.filter(({ name }) => name !== 'n4');
    await world.run(...INIT);
    expect(fourth?.adopted).toBe(0);
    for (const address of ['h1:1', 'h3:1']) {
      const again = await world.run('cluster', 'init', '-n', address);
      expect(again).toMatchObject({ exitCode: 0, stderr: '' });
      expect(again.stdout).toContain('Already initialised, nothing changed');
    }
    expect(adopted()).toEqual([1, 1, 1, 0]);
  });

  test('that was cut off half way is completed through a member that has nothing yet', async () => {
    const [, , last] = startNodes(3);
    if (last === undefined) throw new Error('three nodes');
    last.failAdopt = new CoterieError('UNREACHABLE', 'h3:1 went away');
    expect((await world.run(...INIT)).exitCode).toBe(3);
    last.failAdopt = undefined;
    const again = await world.run('cluster', 'init', '-n', 'h3:1');
    expect(again.stdout).toContain('h3:1 had not taken the layout yet');
    expect(adopted()).toEqual([1, 1, 1]);
  });

  test('the node that was named is asked where it was named', async () => {
    startNodes(3);
    const admin = world.admins.get('h1:1');
    world.admins.delete('h1:1');
    world.admins.set('127.0.0.1:7400', admin ?? {});
    expect((await world.run('cluster', 'init')).exitCode).toBe(0);
    expect(adopted()).toEqual([1, 1, 1]);
  });

  test('of one replica alone stays by itself', async () => {
    startNodes(3);
    const { stdout } = await world.run(...INIT, '--replicas', '1');
    expect(stdout).toContain('1 node, 1 replica, 256 partitions');
    expect(adopted()).toEqual([1, 0, 0]);
  });
});

describe('init is refused and changes nothing', () => {
  test('when too few are found: it says whom, and how to find more', async () => {
    const [first] = startNodes(3);
    if (first === undefined) throw new Error('three nodes');
    const [second, third] = first.found;
    if (second === undefined || third === undefined) throw new Error('two others');
    first.found = [second, { ...third, state: 'DOWN' }];
    const { exitCode, stderr } = await world.run(...INIT);
    expect(exitCode).toBe(2);
    expect(stderr).toContain('3 replicas need as many nodes');
    expect(stderr).toContain('h1:1 has found 2 nodes, itself included: n1 at h1:1, n2 at h2:1;');
    expect(stderr).toContain('not counted n3 at h3:1, which is DOWN');
    expect(stderr).toContain('--seed h1:1');
    expect(adopted()).toEqual([0, 0, 0]);
  });

  test('when a found node does not answer: it says who has found it where', async () => {
    startNodes(3);
    world.admins.delete('h2:1');
    const { exitCode, stderr } = await world.run(...INIT);
    expect(exitCode).toBe(3);
    expect(stderr).toContain('h1:1 has found n2 at h2:1, which does not answer here');
    expect(stderr).toContain('nothing was changed');
    expect(adopted()).toEqual([0, 0, 0]);
    expect(world.closed).toBe(world.opened);
  });

  test('when a found node belongs to another cluster', async () => {
    const [, second, third] = startNodes(3);
    await world.run('cluster', 'init', '-n', 'h3:1', '--replicas', '1');
    const mixed = await world.run(...INIT);
    expect(mixed.exitCode).toBe(6);
    expect(mixed.stderr).toMatch(/CLUSTER_MISMATCH: h3:1 already belongs to cluster [0-9a-f]{32}/);
    await world.run('cluster', 'init', '-n', 'h2:1', '--replicas', '1');
    const two = await world.run(...INIT);
    expect(two.stderr).toMatch(/h2:1 belongs to cluster .* and h3:1 to cluster .*nothing was/);
    expect([second?.adopted, third?.adopted, nodes[0]?.adopted]).toEqual([1, 1, 0]);
  });

  test('when two found nodes say that they are at one address', async () => {
    const [first] = startNodes(3);
    if (first === undefined) throw new Error('three nodes');
    first.found = first.found.map((other) => ({ ...other, address: 'same:1' }));
    const { exitCode, stderr } = await world.run(...INIT);
    expect(exitCode).toBe(2);
    expect(stderr).toContain('n2 and n3 both say that they are at same:1');
  });
});

describe('--expect', () => {
  test('waits until so many have turned up, and goes on as soon as they have', async () => {
    const [first] = startNodes(3);
    if (first === undefined) throw new Error('three nodes');
    const all = first.found;
    first.found = [];
    const running = world.run(...INIT, '--expect', '3');
    await world.clock.advance(2_000);
    expect(adopted()).toEqual([0, 0, 0]);
    first.found = all;
    const { exitCode, stdout } = await finish(running, 100);
    expect(exitCode).toBe(0);
    expect(stdout).toContain('h1:1 has found 3 nodes');
    expect(adopted()).toEqual([1, 1, 1]);
  });

  test('waits for the named node itself, which may only be starting', async () => {
    startNodes(3);
    const admin = world.admins.get('h1:1') ?? {};
    world.admins.set('h1:1', {
      ...admin,
      status: async (request) => {
        if (world.clock.monotonicMs() < 2_000) throw new CoterieError('UNREACHABLE', 'not yet');
        if (admin.status === undefined) throw new Error('a node has a status');
        return admin.status(request);
      },
    });
    expect((await finish(world.run(...INIT, '--expect', '3'), 3_000)).exitCode).toBe(0);
    expect((await world.run('cluster', 'init', '-n', 'h9:1')).exitCode).toBe(3);
  });

  test('fails at the deadline, naming whom was found', async () => {
    startNodes(3);
    const running = world.run(...INIT, '--expect', '4', '--timeout', '2s', '--json');
    const { exitCode, stderr } = await finish(running, 2_000);
    expect(exitCode).toBe(3);
    const { error } = JSON.parse(stderr);
    expect(error).toMatchObject({ code: 'DEADLINE_EXCEEDED', applied: 'no', retryable: true });
    expect(error.message).toContain('has found 3 nodes, itself included, and not 4 within 2000 ms');
    expect(error.message).toContain('n2 at h2:1');
    expect(error.message).toContain('--seed h1:1');
    expect(adopted()).toEqual([0, 0, 0]);
    expect(world.clock.timerCount).toBe(0);
  });

  test('fails at once when more are found, or the cluster has another size', async () => {
    startNodes(4);
    const more = await world.run(...INIT, '--expect', '3');
    expect(more.exitCode).toBe(2);
    expect(more.stderr).toContain('has found 4 nodes, itself included, and not 3: n1 at h1:1');
    expect(adopted()).toEqual([0, 0, 0, 0]);
    expect((await world.run(...INIT, '--expect', '4')).exitCode).toBe(0);
    const other = await world.run(...INIT, '--expect', '5');
    expect(other.exitCode).toBe(2);
    expect(other.stderr).toContain('h1:1 belongs to a cluster of 4 nodes, and not 5');
  });
});
