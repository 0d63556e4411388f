/** Forming a cluster in two steps, and what a node says of itself. */
import { expect, test } from 'vitest';
import { findNodes } from '../../../src/client/find-nodes.ts';
import { initCluster } from '../../../src/client/init-cluster.ts';
import { CoterieError } from '../../../src/core/errors.ts';
import { getRequest } from '../requests.ts';
import { Cluster, startCluster, startThree } from '../rig.ts';

const ONE = new Uint8Array(16).fill(1);
const TWO = new Uint8Array(16).fill(2);
const SEARCH = { target: 'n1:7400', replicas: 2, timeoutMs: 1_000 };

function startFresh(nodes: readonly string[] = ['n1', 'n2', 'n3']): Promise<Cluster> {
  return new Cluster({ nodes }).start();
}

function targets(cluster: Cluster, names?: readonly string[]) {
  return cluster.nodes
    .filter(({ name }) => names?.includes(name) ?? true)
    .map(({ address, admin }) => ({ target: address, admin }));
}

test('a reservation answers with what the layout needs to know of the node', async () => {
  await using cluster = await startFresh();
  const answer = await cluster.node('n1').admin.reserve({ proposalId: ONE });
  expect(answer).toMatchObject({
    name: 'n1',
    address: 'n1:7400',
    zone: 'zone-n1',
    datacentre: 'dc-1',
    weight: 1,
    layout: new Uint8Array(0),
  });
  expect(answer.storeId).toHaveLength(16);
});

test('a reservation binds a node to one proposal, may be repeated, and lapses after 30 s', async () => {
  await using cluster = await startFresh();
  const { admin } = cluster.node('n1');
  await admin.reserve({ proposalId: ONE });
  await admin.reserve({ proposalId: ONE });
  const error = await cluster.failure(admin.reserve({ proposalId: TWO }));
  expect(error).toMatchObject({ code: 'CONFLICT', retryable: true });
  await cluster.advance(29_999);
  expect((await cluster.failure(admin.reserve({ proposalId: TWO }))).code).toBe('CONFLICT');
  await cluster.advance(1);
  await admin.reserve({ proposalId: TWO });
});

test('a layout of another proposal is not taken while a reservation stands, and is when it has lapsed', async () => {
  await using members = await startThree();
  const { layout } = await members.run(members.node('n1').admin.layout({}));
  await using cluster = await startFresh();
  const { admin } = cluster.node('n1');
  await admin.reserve({ proposalId: ONE });
  const early = await cluster.failure(admin.adopt({ proposalId: TWO, layout }));
  expect(early.code).toBe('CONFLICT');
  expect(cluster.node('n1').state).toBe('UNINITIALISED');
  await cluster.advance(30_000);
  await cluster.run(admin.adopt({ proposalId: TWO, layout }));
  expect(cluster.node('n1').state).not.toBe('UNINITIALISED');
});

test('a proposal id has 16 bytes', async () => {
  await using cluster = await startFresh();
  const { admin } = cluster.node('n1');
  const proposalId = new Uint8Array(15);
  for (const call of [
    () => admin.reserve({ proposalId }),
    () => admin.adopt({ proposalId, layout: new Uint8Array(0) }),
  ]) {
    expect((await cluster.failure(call())).code).toBe('INVALID_ARGUMENT');
  }
});

test('an init reserves every node or changes nothing', async () => {
  await using cluster = await startFresh();
  await cluster.node('n3').admin.reserve({ proposalId: TWO });
  const error = await cluster.failure(initCluster(cluster.initArguments, targets(cluster)));
  expect(error).toMatchObject({ code: 'CONFLICT', applied: 'no' });
  expect(error.message).toContain('n3:7400');
  for (const node of cluster.nodes) expect(node.state).toBe('UNINITIALISED');
  await cluster.advance(30_000);
  await cluster.init();
});

test('an init that was interrupted after one node had the layout completes itself', async () => {
  await using cluster = await startFresh();
  const crash = () => Promise.reject(new CoterieError('UNREACHABLE', 'the init was killed'));
  const half = targets(cluster).map(({ target, admin }) => ({
    target,
    admin: target === 'n2:7400' ? admin : { reserve: admin.reserve.bind(admin), adopt: crash },
  }));
  const error = await cluster.failure(initCluster(cluster.initArguments, half));
  expect(error).toMatchObject({ applied: 'unknown', retryable: true });
  expect(error.message).toContain('1 of 3 nodes have the layout');
  await cluster.untilServing();
  const repeated = await cluster.run(initCluster(cluster.initArguments, targets(cluster)));
  expect(repeated.kind).toBe('unchanged');
});

test('a member that was down during the init gets the layout when it is back', async () => {
  await using cluster = await startFresh();
  const plan = await cluster.run(
    initCluster(
      cluster.initArguments,
      targets(cluster).map(({ target, admin }) => ({
        target,
        admin: {
          reserve: admin.reserve.bind(admin),
          adopt: (request) => (target === 'n3:7400' ? Promise.resolve({}) : admin.adopt(request)),
        },
      })),
    ),
  );
  await cluster.node('n3').stop();
  await cluster.advance(3_000);
  await cluster.node('n3').start();
  await cluster.untilServing();
  const { layoutHash } = await cluster.run(cluster.node('n3').admin.status({}));
  const other = await cluster.run(cluster.node('n1').admin.status({}));
  expect(layoutHash).toEqual(other.layoutHash);
  expect(plan.kind).toBe('create');
});

test('repeating an init is harmless, and another one is refused and changes nothing', async () => {
  await using cluster = await startThree();
  const before = await cluster.run(cluster.node('n1').admin.status({}));
  const again = await cluster.run(initCluster(cluster.initArguments, targets(cluster)));
  expect(again.kind).toBe('unchanged');
  for (const changes of [{ replicas: 2 }, { partitions: 16 }]) {
    const other = { ...cluster.initArguments, ...changes };
    const error = await cluster.failure(initCluster(other, targets(cluster)));
    expect(error.code).toBe('CLUSTER_MISMATCH');
  }
  const after = await cluster.run(cluster.node('n1').admin.status({}));
  expect(after.layoutHash).toEqual(before.layoutHash);
  await cluster.put('n1', { key: 'k', level: 'all' });
});

test('a member takes its own layout again and refuses another', async () => {
  await using cluster = await startThree();
  await using others = await startCluster({ nodes: ['n1', 'n2', 'n3'], partitions: 16 });
  const { admin } = cluster.node('n1');
  const own = await cluster.run(admin.layout({}));
  await cluster.run(admin.adopt({ proposalId: ONE, layout: own.layout }));
  const { layout } = await others.run(others.node('n2').admin.layout({}));
  const error = await cluster.failure(admin.adopt({ proposalId: ONE, layout }));
  expect(error.code).toBe('CLUSTER_MISMATCH');
  expect((await cluster.run(admin.layout({}))).layout).toEqual(own.layout);
});

test('a layout that does not name the node, or is none, is not taken', async () => {
  await using members = await startThree();
  const { layout } = await members.run(members.node('n1').admin.layout({}));
  await using cluster = await startFresh(['n7']);
  const { admin } = cluster.node('n7');
  const unnamed = await cluster.failure(admin.adopt({ proposalId: ONE, layout }));
  expect(unnamed.code).toBe('CLUSTER_MISMATCH');
  const garbage = await cluster.failure(
    admin.adopt({ proposalId: ONE, layout: Uint8Array.of(1, 2, 3) }),
  );
  expect(garbage.code).toBe('MALFORMED_MESSAGE');
  expect(cluster.node('n7').state).toBe('UNINITIALISED');
});

test('before init a node answers administration, does not serve, and says what is to be done', async () => {
  await using cluster = await startFresh();
  const { admin, kv, node } = cluster.node('n1');
  expect(await cluster.run(admin.status({}))).toMatchObject({
    node: 'n1',
    state: 'UNINITIALISED',
    members: [{ name: 'n1', link: 'self', inLayout: false, state: 'ALIVE', layoutVersion: 0 }],
    layoutVersion: 0,
    run: 1,
  });
  expect(node.isServing()).toBe(false);
  const error = await cluster.failure(kv.get(getRequest({ key: 'k' })));
  expect(error).toMatchObject({ code: 'NOT_INITIALISED', applied: 'no' });
  expect(error.message).toContain('coterie cluster init');
});

test('the status of a member tells its state, its layout, its disk and its links', async () => {
  await using cluster = await startThree();
  await cluster.put('n1', { key: 'a', level: 'all' });
  await cluster.put('n1', { key: 'b', level: 'all' });
  await cluster.advance(3_000);
  await cluster.node('n3').stop();
  await cluster.advance(5_000);
  const status = await cluster.run(cluster.node('n1').admin.status({}));
  expect(status).toMatchObject({
    node: 'n1',
    address: 'n1:7400',
    layoutVersion: 1,
    partitions: 8,
    replicas: 3,
    state: 'SERVING',
    reason: '',
    run: 1,
    keys: 2,
    tombstones: 0,
    unreadableKeys: 0,
    version: '1.2.3',
    engine: 'memory',
  });
  expect(status.clusterId).toEqual(cluster.ring.layout.clusterId);
  expect(status.layoutHash).toEqual(cluster.ring.hash);
  expect(status.commitSeq).toBeGreaterThan(2);
  expect(status.diskFreeBytes).toBeLessThan(status.diskTotalBytes);
  expect(status.uptimeSeconds).toBeGreaterThanOrEqual(5);
  expect(status.members).toMatchObject([
    { name: 'n1', link: 'self', replicas: 8, inLayout: true, state: 'ALIVE', phi: 0 },
    { name: 'n2', link: 'connected', detail: '', zone: 'zone-n2', replicas: 8, state: 'ALIVE' },
    { name: 'n3', link: 'refused', inLayout: true, layoutVersion: 1 },
  ]);
  expect(status.members[2]?.detail).toContain('n3:7400');
  expect(status.members[2]?.state).toMatch(/^(AVOID|SUSPECT|DOWN)$/);
  expect(status.members[1]?.lastEvidenceMs).toBeLessThan(5_000);
});

test('nodes that share a seed find each other, and any of them can be asked for all', async () => {
  const options = { seeds: ['n1:7400'] };
  await using cluster = await new Cluster({ nodes: ['n1', 'n2', 'n3', 'n4'], options }).start();
  const asked = cluster.node('n3');
  const search = { target: asked.address, replicas: 3, expect: 4, timeoutMs: 10_000 };
  const found = await cluster.run(findNodes(asked.admin, search, cluster.world));
  expect(found.map(({ name }) => name)).toEqual(['n1', 'n2', 'n3', 'n4']);
  const nodes = found.map(({ address }) => address);
  const plan = { nodes, replicas: 3, partitions: 8 };
  await cluster.run(initCluster(plan, targets(cluster)));
  await cluster.untilServing();
  await cluster.advance(2_000);
  for (const { admin } of cluster.nodes) {
    const { members } = await cluster.run(admin.status({}));
    expect(members.map(({ name, inLayout, state }) => [name, inLayout, state])).toEqual(
      ['n1', 'n2', 'n3', 'n4'].map((name) => [name, true, 'ALIVE']),
    );
  }
});

test('a fresh node that has found a cluster is shown there as no part of it', async () => {
  await using cluster = new Cluster({
    nodes: ['n1', 'n2', { name: 'n3', options: { seeds: ['n2:7400'] } }],
  });
  await cluster.start();
  const members = targets(cluster, ['n1', 'n2']);
  const nodes = members.map(({ target }) => target);
  await cluster.run(initCluster({ nodes, replicas: 2, partitions: 8 }, members));
  await cluster.untilServing(['n1', 'n2']);
  await cluster.advance(5_000);
  const status = await cluster.run(cluster.node('n1').admin.status({}));
  expect(status.members).toMatchObject([
    { name: 'n1', inLayout: true, link: 'self' },
    { name: 'n2', inLayout: true, link: 'connected' },
    { name: 'n3', inLayout: false, link: 'closed', state: 'ALIVE', layoutVersion: 0 },
  ]);
  const again = findNodes(cluster.node('n1').admin, SEARCH, cluster.world);
  expect((await cluster.run(again)).map(({ name }) => name)).toEqual(['n1', 'n2']);
});
