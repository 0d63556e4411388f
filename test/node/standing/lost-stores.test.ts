/** What a node may do after its start: a store that lost something is noticed by those who knew
 *  it, and one that lost nothing serves again. */
import { expect, test } from 'vitest';
import { VERIFY_WAIT_MS } from '../../../src/core/membership/standing.ts';
import { watch } from '../../client/client-rig.ts';
import { deleteRequest, getRequest, putRequest } from '../requests.ts';
import { type Cluster, startCluster, startThree, valuesOf } from '../rig.ts';

/** What is lost stays lost while it is looked at. */
const NO_REBUILD = { rebuildExchangesMax: 0 };

async function reason(cluster: Cluster, name: string): Promise<string> {
  return (await cluster.run(cluster.node(name).admin.status({}))).reason;
}

async function untilRecovering(cluster: Cluster, name: string): Promise<void> {
  await cluster.until(() => cluster.node(name).state === 'RECOVERING', 'RECOVERING');
  await cluster.untilLinked();
}

/** n3 comes back with an empty disk. */
async function startWithWiped(): Promise<Cluster> {
  const cluster = await startThree(NO_REBUILD);
  await cluster.put('n1', { key: 'k', value: 'v', level: 'all' });
  await cluster.node('n3').stop();
  cluster.node('n3').wipe();
  await cluster.node('n3').start();
  await untilRecovering(cluster, 'n3');
  return cluster;
}

test('a node that comes back with an empty disk is told by its peers and does not serve', async () => {
  await using cluster = await startWithWiped();
  expect(await reason(cluster, 'n3')).toContain('its folder is empty');
  expect(cluster.node('n3').node.isServing()).toBe(false);
  for (const name of ['n1', 'n2']) await cluster.node(name).stop();
  await cluster.advance(500);
  const { kv } = cluster.node('n3');
  const get = await cluster.failure(kv.get(getRequest({ key: 'k', level: 'one' })));
  expect(get).toMatchObject({ code: 'QUORUM_NOT_MET', applied: 'no' });
  expect(get.details['failures']).toContainEqual({ node: 'n3', code: 'NOT_RECOVERED' });
  for (const request of [
    () => kv.put(putRequest({ key: 'k', level: 'one' })),
    () => kv.delete(deleteRequest({ key: 'k', blind: true, level: 'one' })),
  ]) {
    expect(await cluster.failure(request())).toMatchObject({ applied: 'no' });
  }
});

test('a recovering node takes requests, and has the others do what it may not', async () => {
  await using cluster = await startWithWiped();
  const read = await cluster.get('n3', { key: 'k', level: 'quorum' });
  expect(valuesOf(read)).toEqual(['v']);
  expect(read.quorum?.nodes.toSorted()).toEqual(['n1', 'n2']);
  const put = await cluster.put('n3', { key: 'k', value: 'w', overwrite: true, explain: true });
  expect(put.trace?.minter).toMatch(/n[12]/);
  const removed = await cluster.delete('n3', { key: 'k', blind: true, explain: true });
  expect(removed.trace?.minter).toMatch(/n[12]/);
});

test('a recovering node acknowledges copies, and these count toward W', async () => {
  await using cluster = await startWithWiped();
  const reply = await cluster.put('n1', { key: 'k', value: 'new', overwrite: true, level: 'all' });
  expect(reply).toMatchObject({ durable: 3 });
  await cluster.node('n2').stop();
  await cluster.advance(500);
  expect((await cluster.put('n1', { key: 'l' })).quorum?.nodes).toEqual(['n1', 'n3']);
});

test('the answers of a recovering node count for no read, so its loss is never read as "not found"', async () => {
  await using cluster = await startWithWiped();
  await cluster.node('n2').stop();
  await cluster.advance(500);
  const read = cluster.node('n1').kv.get(getRequest({ key: 'k', level: 'quorum' }));
  const error = await cluster.failure(read);
  expect(error).toMatchObject({ code: 'QUORUM_NOT_MET', applied: 'no' });
  expect(error.details['failures']).toContainEqual({ node: 'n3', code: 'NOT_RECOVERED' });
  const one = await cluster.get('n1', { key: 'k', level: 'one' });
  expect(valuesOf(one)).toEqual(['v']);
});

test('a second restart does not hide the loss', async () => {
  await using cluster = await startWithWiped();
  for (let round = 0; round < 2; round += 1) {
    await cluster.node('n3').stop();
    await cluster.node('n3').start();
    await untilRecovering(cluster, 'n3');
  }
  await cluster.node('n1').stop();
  await cluster.node('n1').start();
  await cluster.untilServing(['n1', 'n2']);
  expect(cluster.node('n3').state).toBe('RECOVERING');
});

test('the loss is still known after those who remember it have restarted', async () => {
  await using cluster = await startThree(NO_REBUILD);
  await cluster.put('n1', { key: 'k', level: 'all' });
  for (const { name } of cluster.nodes) await cluster.node(name).stop();
  cluster.node('n3').wipe();
  for (const { name } of cluster.nodes) await cluster.node(name).start();
  await untilRecovering(cluster, 'n3');
  await cluster.untilServing(['n1', 'n2']);
});

test('a disk restored from before its last restart is noticed', async () => {
  await using cluster = await startThree(NO_REBUILD);
  const bookmark = cluster.node('n3').bookmark();
  await cluster.node('n3').stop();
  await cluster.node('n3').start();
  await cluster.untilServing();
  await cluster.node('n3').stop();
  await cluster.node('n3').restore(bookmark);
  await cluster.node('n3').start();
  await untilRecovering(cluster, 'n3');
  expect(await reason(cluster, 'n3')).toContain('run');
});

test('a disk restored from earlier in its last run is noticed by those it acknowledged to', async () => {
  await using cluster = await startThree(NO_REBUILD);
  await cluster.put('n1', { key: 'k', value: 'old', level: 'all' });
  const bookmark = cluster.node('n3').bookmark();
  await cluster.put('n1', { key: 'k', value: 'new', overwrite: true, level: 'all' });
  await cluster.node('n3').kill();
  await cluster.node('n3').restore(bookmark);
  await cluster.node('n3').start();
  await untilRecovering(cluster, 'n3');
  expect(await reason(cluster, 'n3')).toContain('commit');
});

test('a disk restored from earlier in its last run is noticed also when the node only minted since', async () => {
  await using cluster = await startThree(NO_REBUILD);
  await cluster.put('n3', { key: 'k', value: 'old', level: 'all' });
  const bookmark = cluster.node('n3').bookmark();
  await cluster.put('n3', { key: 'k', value: 'kept', level: 'all' });
  await cluster.node('n3').kill();
  await cluster.node('n3').restore(bookmark);
  await cluster.node('n3').start();
  await untilRecovering(cluster, 'n3');
  // It would mint under its old epoch, and its new event would cover the one it has lost.
  const put = await cluster.put('n3', { key: 'k', value: 'new', explain: true });
  expect(put.trace?.minter).toMatch(/n[12]/);
  expect(valuesOf(await cluster.get('n1', { key: 'k' }))).toContain('kept');
});

test('a store that comes back below what peers have seen of its clock is noticed', async () => {
  await using cluster = await startThree();
  await cluster.put('n3', { key: 'k', level: 'all' });
  await cluster.node('n3').kill();
  await cluster.node('n3').start();
  await cluster.untilServing();
  const [first] = cluster.node('n1').hellos.filter(({ name }) => name === 'n3');
  const last = cluster.node('n1').hellos.findLast(({ name }) => name === 'n3');
  expect(first?.ceiling).toBe(0);
  expect(last?.ceiling).toBeGreaterThan(0);
});

test('a killed node loses nothing, and serves when its peers have answered', async () => {
  await using cluster = await startThree();
  await cluster.put('n3', { key: 'k', value: 'v', level: 'all' });
  await cluster.node('n3').kill();
  await cluster.node('n3').start();
  await cluster.untilServing();
  await cluster.untilLinked();
  expect(await cluster.held('n3', 'k')).toEqual(['v']);
});

test.each(['stop', 'kill'] as const)(
  'a whole cluster that was ended by %s verifies itself at its start',
  async (how) => {
    await using cluster = await startThree();
    await cluster.put('n1', { key: 'k', value: 'v', level: 'all' });
    for (const node of cluster.nodes) await node[how]();
    for (const node of cluster.nodes) await node.start();
    await cluster.untilServing();
    await cluster.untilLinked();
    expect(valuesOf(await cluster.get('n2', { key: 'k', level: 'all' }))).toEqual(['v']);
  },
);

test('a cluster of one serves at once', async () => {
  await using cluster = await startCluster({ nodes: ['n1'] });
  await cluster.put('n1', { key: 'k' });
  await cluster.node('n1').stop();
  const startedMs = cluster.world.monotonicMs();
  await cluster.node('n1').start();
  expect(cluster.node('n1').state).toBe('SERVING');
  expect(cluster.world.monotonicMs()).toBe(startedMs);
  expect((await cluster.get('n1', { key: 'k' })).found).toBe(true);
});

test('a node alone is unverified: it answers at one and local_one, mints, and counts for nothing stronger', async () => {
  await using cluster = await startThree();
  await cluster.put('n1', { key: 'k', value: 'v', level: 'all' });
  for (const { name } of cluster.nodes) await cluster.node(name).stop();
  await cluster.node('n1').start();
  await cluster.advance(5_000);
  expect(cluster.node('n1').state).toBe('UNVERIFIED');
  expect(cluster.node('n1').node.isServing()).toBe(true);
  for (const level of ['one', 'local_one'] as const) {
    expect(valuesOf(await cluster.get('n1', { key: 'k', level }))).toEqual(['v']);
  }
  const raw = await cluster.failure(cluster.node('n1').kv.get(getRequest({ key: 'k', r: 1 })));
  expect(raw).toMatchObject({ code: 'QUORUM_NOT_MET' });
  expect(raw.details['failures']).toContainEqual({ node: 'n1', code: 'UNVERIFIED' });
  const put = await cluster.put('n1', { key: 'l', level: 'one' });
  expect(put.durable).toBe(1);
  await cluster.node('n2').start();
  await cluster.untilServing(['n1', 'n2']);
});

test('what an unverified node mints replaces nothing that its copy has lost, also where it arrives', async () => {
  await using cluster = await startThree();
  await cluster.put('n1', { key: 'k', value: 'old', level: 'all' });
  const bookmark = cluster.node('n1').bookmark();
  await cluster.put('n1', { key: 'k', value: 'lost', level: 'all' });
  await cluster.advance(1_100); // What was seen of a peer's commits is noted once a second.
  await cluster.node('n1').kill();
  await cluster.node('n1').restore(bookmark);
  for (const { requests } of cluster.nodes) requests.hold();
  await cluster.node('n1').start();
  await cluster.advance(VERIFY_WAIT_MS);
  expect(cluster.node('n1').state).toBe('UNVERIFIED');
  await cluster.put('n1', { key: 'k', value: 'alone', level: 'one' });
  for (const { requests } of cluster.nodes) requests.release();
  await untilRecovering(cluster, 'n1');
  await cluster.untilServing();
  await cluster.advance(15_000); // Its copies are owed, and handed over after 10 s.
  for (const level of ['one', 'quorum'] as const) {
    const read = await cluster.get('n2', { key: 'k', level });
    expect(valuesOf(read).sort()).toEqual(['alone', 'lost', 'old']);
  }
});

test('one answer is enough after two seconds when another member hangs', async () => {
  await using cluster = await startThree();
  await cluster.node('n1').stop();
  cluster.node('n3').freeze();
  cluster.node('n3').requests.hold();
  await cluster.node('n1').start();
  await cluster.advance(1_000);
  expect(cluster.node('n1').state).toBe('UNVERIFIED');
  expect(await reason(cluster, 'n1')).toBe('1 of 2 other members have answered');
  const read = watch(cluster.node('n2').kv.get(getRequest({ key: 'k', timeoutMs: 900 })));
  await cluster.advance(900);
  expect(read.error).toBeDefined();
  expect(read.error?.details['failures']).toContainEqual({ node: 'n1', code: 'NOT_RECOVERED' });
  await cluster.advance(500);
  expect(cluster.node('n1').state).toBe('SERVING');
  expect((await cluster.get('n2', { key: 'k' })).quorum?.nodes).toEqual(['n2', 'n1']);
});

test('a member that cannot be reached is not waited for', async () => {
  await using cluster = await startThree();
  for (const name of ['n1', 'n3']) await cluster.node(name).stop();
  await cluster.node('n1').start();
  await cluster.advance(200);
  expect(cluster.node('n1').state).toBe('SERVING');
});

test('a member that knows more turns a serving node into a recovering one', async () => {
  await using cluster = await startThree(NO_REBUILD);
  const bookmark = cluster.node('n1').bookmark();
  await cluster.node('n2').stop();
  await cluster.node('n1').stop();
  await cluster.node('n1').start();
  await cluster.untilServing(['n1', 'n3']);
  for (const name of ['n1', 'n3']) await cluster.node(name).stop();
  await cluster.node('n1').restore(bookmark);
  for (const name of ['n1', 'n2']) await cluster.node(name).start();
  await cluster.untilServing(['n1', 'n2']);
  await cluster.node('n3').start();
  await untilRecovering(cluster, 'n1');
  expect(cluster.node('n1').serving.at(-1)).toBe(false);
});

test('a gap in its log makes a node recovering by itself, without a word from its peers', async () => {
  await using cluster = await startThree(NO_REBUILD);
  for (let index = 0; index < 5; index += 1)
    await cluster.put('n3', { key: `k${index}`, level: 'all' });
  await cluster.node('n3').kill();
  await cluster.node('n3').loseBatch(-3);
  await cluster.node('n3').start();
  expect(cluster.node('n3').state).toBe('RECOVERING');
  expect(await reason(cluster, 'n3')).toBe('its log lost synced batches');
});
