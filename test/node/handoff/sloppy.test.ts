/** Members that stand in for replicas: when they are asked, what they count for, and what becomes
 *  of what they keep. */
import { expect, test } from 'vitest';
import { HANDOFF_DEFAULTS } from '../../../src/node/handoff/handoff.ts';
import { putRequest } from '../requests.ts';
import { type Cluster, startCluster } from '../rig.ts';
import type { NodeSpec } from '../rig-node.ts';
import { owed } from './owed.ts';

const NAMES = ['n1', 'n2', 'n3', 'n4', 'n5'];
const KEY = 'k';

interface Five {
  readonly cluster: Cluster;
  readonly minter: string;
  /** The other replicas of the key. */
  readonly replicas: readonly [string, string];
  /** Members that own none. */
  readonly others: readonly [string, string];
}

/** Five members, three replicas of everything. */
async function startFive(options: NodeSpec['options'] = {}): Promise<Five> {
  const cluster = await startCluster({ nodes: NAMES, replicas: 3, options });
  const [minter, second, third] = cluster.replicasOf(KEY);
  const [fourth, fifth] = NAMES.filter((name) => !cluster.replicasOf(KEY).includes(name));
  if (!minter || !second || !third || !fourth || !fifth) throw new Error('five members');
  return { cluster, minter, replicas: [second, third], others: [fourth, fifth] };
}

async function killBoth({ cluster, replicas }: Five): Promise<void> {
  for (const name of replicas) await cluster.node(name).kill();
  await cluster.advance(3_000);
}

async function restart(cluster: Cluster, names: readonly string[]): Promise<void> {
  for (const name of names) await cluster.node(name).start();
  await cluster.untilServing(names);
}

function allOwed(cluster: Cluster): string[] {
  return cluster.nodes
    .filter(({ isRunning }) => isRunning)
    .flatMap(({ name }) => owed(cluster, name).map((what) => `${name} owes ${what}`));
}

test('with two replicas away a strict quorum refuses, and a sloppy one says who stands in', async () => {
  const five = await startFive();
  await using cluster = five.cluster;
  await killBoth(five);
  const { minter, others } = five;
  const strict = cluster.node(minter).kv.put(putRequest({ key: KEY, value: 'strict' }));
  expect(await cluster.failure(strict)).toMatchObject({
    ...{ code: 'NO_REPLICA', applied: 'no' },
    details: { required: 2, reachable: 1, others: 2 },
  });
  const reply = await cluster.put(minter, { key: KEY, value: 'sloppy', sloppy: true });
  expect(reply.quorum).toMatchObject({
    level: 'quorum',
    required: 2,
    received: 2,
    nodes: [minter],
  });
  expect(reply.quorum?.standIns?.nodes).toHaveLength(1);
  expect(others).toContain(reply.quorum?.standIns?.nodes[0]);
  expect(reply.durable).toBe(1);
});

test('what was kept reaches the replicas when they are back, and then nobody owes anything', async () => {
  const five = await startFive();
  await using cluster = five.cluster;
  await killBoth(five);
  const { minter, replicas } = five;
  await cluster.put(minter, { key: KEY, value: 'first', w: 3, sloppy: true });
  await cluster.put(minter, { key: KEY, value: 'second', w: 3, sloppy: true, overwrite: true });
  await cluster.advance(1_500);
  expect(allOwed(cluster)).toHaveLength(4);
  // The minter is gone for good: what is kept for the replicas must be enough.
  await cluster.node(minter).kill();
  await restart(cluster, replicas);
  await cluster.until(() => allOwed(cluster).length === 0, 'nothing owed', 120_000);
  for (const name of replicas) expect(await cluster.held(name, KEY)).toEqual(['second']);
});

test('holders that die and come back still have what they agreed to keep', async () => {
  const five = await startFive();
  await using cluster = five.cluster;
  await killBoth(five);
  const reply = await cluster.put(five.minter, { key: KEY, value: 'kept', w: 3, sloppy: true });
  const holders = reply.quorum?.standIns?.nodes ?? [];
  expect(holders).toHaveLength(2);
  for (const name of [...holders, five.minter]) await cluster.node(name).kill();
  await restart(cluster, [...holders, ...five.replicas]);
  await cluster.until(() => allOwed(cluster).length === 0, 'nothing owed', 120_000);
  for (const name of five.replicas) expect(await cluster.held(name, KEY)).toEqual(['kept']);
});

test.each([
  ['pw', { w: 2, pw: 2 }],
  ['dw', { w: 2, dw: 2 }],
])('nobody stands in for %s, and the refusal says so', async (name, numbers) => {
  const five = await startFive();
  await using cluster = five.cluster;
  await killBoth(five);
  const request = putRequest({ key: KEY, ...numbers, sloppy: true });
  const error = await cluster.failure(cluster.node(five.minter).kv.put(request));
  expect(error).toMatchObject({ code: 'NO_REPLICA', applied: 'no', details: { sloppy: true } });
  expect(error.message).toContain(`${name} 2 counts replicas only`);
});

test('a sloppy write that too few can stand in for says how many can', async () => {
  const five = await startFive();
  await using cluster = five.cluster;
  await killBoth(five);
  await cluster.node(five.others[0]).kill();
  await cluster.advance(3_000);
  const request = putRequest({ key: KEY, w: 3, sloppy: true });
  const error = await cluster.failure(cluster.node(five.minter).kv.put(request));
  expect(error).toMatchObject({ code: 'NO_REPLICA', details: { reachable: 1, others: 1 } });
  expect(error.message).toContain(', and only 1 can stand in');
});

test('a replica that hangs is stood in for in time', async () => {
  const five = await startFive();
  await using cluster = five.cluster;
  for (const name of five.replicas) cluster.node(name).requests.hold();
  const reply = await cluster.put(five.minter, { key: KEY, value: 'v', sloppy: true });
  expect(reply.quorum?.standIns?.nodes).toHaveLength(1);
  for (const name of five.replicas) cluster.node(name).requests.release();
});

test('where one member is full the next is asked, and when all are the write says so', async () => {
  const options = { handoff: { ...HANDOFF_DEFAULTS, hintBytesPerTargetMax: 300 } };
  const { cluster, minter, replicas, others } = await startFive(options);
  await using _ = cluster;
  await cluster.node(replicas[0]).kill();
  await cluster.advance(3_000);
  const isAlike = (key: string): boolean =>
    cluster.replicasOf(key).sort().join() === cluster.replicasOf(KEY).sort().join();
  const keys = Array.from({ length: 500 }, (_each, index) => `k${index}`).filter(isAlike);
  const [first = '', second = '', third = ''] = keys;
  const fields = { value: 'x'.repeat(100), w: 3, sloppy: true };
  const holders: string[] = [];
  for (const key of [first, second]) {
    const reply = await cluster.put(minter, { key, ...fields });
    holders.push(...(reply.quorum?.standIns?.nodes ?? []));
  }
  expect(holders.sort()).toEqual([...others].sort());
  const put = cluster.node(minter).kv.put(putRequest({ key: third, ...fields }));
  const error = await cluster.failure(put);
  expect(error).toMatchObject({ code: 'QUORUM_NOT_MET', applied: 'unknown' });
  expect(error.details).toMatchObject({ required: 3, received: 2 });
});

test.each(['all', 'local_quorum', 'each_quorum'] as const)(
  'sloppy does not go with %s',
  async (level) => {
    const five = await startFive();
    await using cluster = five.cluster;
    const request = putRequest({ key: KEY, level, sloppy: true });
    const error = await cluster.failure(cluster.node(five.minter).kv.put(request));
    expect(error.code).toBe('INVALID_ARGUMENT');
  },
);

test('with all replicas there nobody is asked to stand in', async () => {
  const five = await startFive();
  await using cluster = five.cluster;
  const reply = await cluster.put(five.minter, { key: KEY, sloppy: true });
  expect(reply.quorum).toMatchObject({ received: 2, standIns: undefined });
  await cluster.advance(2_000);
  expect(allOwed(cluster)).toEqual([]);
});
