/** Fresh nodes become a cluster: what they answer before, how an init that dies half way completes
 *  itself, and that a node of another cluster is never drawn in. */
import { protoPath as HEALTH_PROTO } from 'grpc-health-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { initCluster } from '../../src/client/init-cluster.ts';
import { bytesToHex } from '../../src/core/bytes.ts';
import { CoterieError, connect } from '../../src/index.ts';
import { createAdminClient } from '../../src/platform/grpc/unary-client.ts';
import { ForeignClient } from '../support/foreign-client.ts';
import { ProcessCluster } from '../support/process-cluster.ts';
import { assertNothingLeft, coterie } from '../support/processes.ts';

/** n0 to n2 become one cluster, n3 is another, n4 stays fresh. */
const MEMBERS = [0, 1, 2];
const STRANGER = 3;
const FRESH = 4;

let nodes: ProcessCluster;

beforeAll(async () => {
  nodes = await ProcessCluster.start(5, { init: false });
});

afterAll(async () => {
  await nodes?.[Symbol.asyncDispose]();
  assertNothingLeft();
});

async function health(index: number, service: string): Promise<unknown> {
  using client = new ForeignClient(nodes.address(index), 'grpc.health.v1.Health', HEALTH_PROTO);
  return (await client.call('Check', { service }))['status'];
}

describe('before init', () => {
  it('a started node says so in its status, and health says NOT_SERVING', async () => {
    const status = await coterie(['status', ...nodes.nodes(0)]);
    expect(status.code).toBe(0);
    expect(status.stdout).toMatch(/state +UNINITIALISED/);
    expect(status.stdout).toMatch(/UNINITIALISED \(.*`coterie cluster init` makes a new one\)/);
    expect(status.stdout).toContain('Found, not yet a cluster:');
    const json = await coterie(['status', ...nodes.nodes(0), '--json']);
    expect(json.json()).toMatchObject({
      cluster: '',
      node: { state: 'UNINITIALISED' },
      nodes: [{ id: 'n0', inLayout: false, state: 'ALIVE' }],
    });
    expect(await health(0, '')).toBe('NOT_SERVING');
    expect(await health(0, 'coterie.v1.KV')).toBe('NOT_SERVING');
  });

  it.each([
    ['put', ['k', 'v']],
    ['get', ['k']],
    ['delete', ['k']],
    ['ring', []],
  ])('%s gets NOT_INITIALISED and exit 4', async (command, args) => {
    const refused = await coterie([command, ...args, ...nodes.nodes(0), '--json']);
    expect(refused.code).toBe(4);
    expect(refused.error()).toMatchObject({
      code: 'NOT_INITIALISED',
      applied: 'no',
      message: expect.stringContaining('coterie cluster init'),
    });
  });

  it.each([
    ['fewer nodes than replicas', [0, 1], [], /3 replicas need as many nodes; 2 given/],
    ['partitions that are no power of two', [0, 1, 2], ['--partitions', '100'], /power of two/],
    ['one node named twice', [0, 0, 1], [], /named twice/],
  ])('an init with %s is refused', async (_, indexes, flags, reason) => {
    const refused = await coterie(['cluster', 'init', ...nodes.nodes(...indexes), ...flags]);
    expect(refused.code).toBe(2);
    expect(refused.stderr).toMatch(reason);
  });
});

describe('an init', () => {
  it('that dies after the first node took the layout completes itself', async () => {
    const targets = MEMBERS.map((index) => nodes.address(index));
    const admins = targets.map((target) => createAdminClient(target, { timeoutMs: 5_000 }));
    const dead = () => Promise.reject(new CoterieError('ABORTED', 'The init was killed'));
    const init = initCluster(
      { nodes: targets, replicas: 3, partitions: 256 },
      admins.map((admin, index) => ({
        target: targets[index] ?? '',
        admin: { reserve: admin.reserve, adopt: index === 0 ? admin.adopt : dead },
      })),
    );
    await expect(init).rejects.toThrow(/^1 of 3 nodes have the layout/);
    for (const admin of admins) admin.close();

    for (const index of MEMBERS) await nodes.untilState(index, 'SERVING');
    expect(await health(1, '')).toBe('SERVING');
    expect(await health(2, 'coterie.v1.KV')).toBe('SERVING');
    const again = await coterie(['cluster', 'init', ...nodes.nodes(...MEMBERS)]);
    expect(again.code).toBe(0);
    expect(again.stdout).toMatch(/^Already initialised, nothing changed/);
    await using client = await connect({ nodes: targets });
    await client.put('k', 'v', { consistency: 'all' });
    expect((await client.get('k', { consistency: 'all' })).text()).toBe('v');
  });

  it('that cannot reach a node changes nothing', async () => {
    const nobody = ['--node', '127.0.0.1:1', '--replicas', '2'];
    const refused = await coterie(['cluster', 'init', ...nodes.nodes(FRESH), ...nobody, '--json']);
    expect(refused.code).toBe(3);
    expect(refused.error()).toMatchObject({ code: 'UNREACHABLE', applied: 'no' });
    expect(refused.error().message).toMatch(/127\.0\.0\.1:1.*nothing was changed/);
    expect((await nodes.status(FRESH)).state).toBe('UNINITIALISED');
    // The next init is another one: a restart forgets the reservation, which lapses only in 30 s.
    await nodes.stop(FRESH);
    await nodes.startNode(FRESH);
  });

  it('that names a node of another cluster is refused and changes nothing', async () => {
    const alone = await coterie(['cluster', 'init', ...nodes.nodes(STRANGER), '--replicas', '1']);
    expect(alone.stdout).toMatch(/^Initialised cluster [0-9a-f]{32}: 1 node, 1 replica,/);
    const before = await nodes.untilState(STRANGER, 'SERVING');

    const drawn = [...nodes.nodes(STRANGER, FRESH), '--replicas', '2', '--json'];
    const refused = await coterie(['cluster', 'init', ...drawn]);
    expect(refused.code).toBe(6);
    expect(refused.error()).toMatchObject({
      code: 'CLUSTER_MISMATCH',
      applied: 'no',
      message: expect.stringMatching(
        `${nodes.address(STRANGER)} already belongs to cluster ${bytesToHex(before.clusterId)}`,
      ),
    });
    const both = await coterie(['cluster', 'init', ...nodes.nodes(0, STRANGER), '--replicas', '2']);
    expect(both.code).toBe(6);
    expect(both.stderr).toMatch(/^CLUSTER_MISMATCH: .* belongs to cluster .* and .* to cluster/);

    expect((await nodes.status(FRESH)).state).toBe('UNINITIALISED');
    const after = await nodes.status(STRANGER);
    expect(after).toMatchObject({ state: 'SERVING', layoutHash: before.layoutHash });
    await using client = await connect({ nodes: [nodes.address(STRANGER)] });
    expect((await client.put('k', 'v', { consistency: 'all' })).acks.required).toBe(1);
  });
});

it('a client that is told its cluster refuses every other', async () => {
  const { clusterId } = await nodes.status(0);
  const other = { nodes: [nodes.address(STRANGER)], clusterId: bytesToHex(clusterId) };
  await expect(connect(other)).rejects.toMatchObject({ code: 'CLUSTER_MISMATCH' });
});
