/** Level ANY with no replica in reach: a member that owns none mints, and never under a dot or an
 *  epoch that could cover what it does not hold. */
import { expect, test } from 'vitest';
import { deleteRequest, putRequest, requestIdOf } from '../requests.ts';
import { type Cluster, startCluster, valuesOf } from '../rig.ts';
import { owed } from './owed.ts';

const NAMES = ['n1', 'n2', 'n3', 'n4'];
const KEY = 'k';

/** All replicas of the key are away; returns them, and the member that is left. */
async function startAlone(): Promise<{ cluster: Cluster; homes: string[]; alone: string }> {
  const cluster = await startCluster({ nodes: NAMES, replicas: 3 });
  const homes = cluster.replicasOf(KEY);
  const alone = NAMES.find((name) => !homes.includes(name)) ?? '';
  for (const name of homes) await cluster.node(name).kill();
  await cluster.advance(3_000);
  return { cluster, homes, alone };
}

async function bringBack(cluster: Cluster, homes: readonly string[], alone: string): Promise<void> {
  for (const name of homes) await cluster.node(name).start();
  await cluster.untilServing();
  await cluster.until(() => owed(cluster, alone).length === 0, 'nothing owed', 120_000);
}

function epochOf(dot: string): string {
  return dot.split('.')[1] ?? '';
}

test('a write at ANY is kept for each replica, says so, and is read once they are back', async () => {
  const { cluster, homes, alone } = await startAlone();
  await using _ = cluster;
  const reply = await cluster.put(alone, { key: KEY, value: 'v', level: 'any' });
  expect(reply.quorum).toEqual({
    level: 'any',
    required: 1,
    received: 1,
    nodes: [],
    standIns: { nodes: [alone] },
  });
  expect(owed(cluster, alone).sort()).toEqual(homes.map((name) => `${name}: 1`).sort());
  await bringBack(cluster, homes, alone);
  for (const name of homes) expect(await cluster.held(name, KEY)).toEqual(['v']);
});

test('one is refused while no replica is there', async () => {
  const { cluster, alone } = await startAlone();
  await using _ = cluster;
  const request = putRequest({ key: KEY, level: 'one', sloppy: true });
  const error = await cluster.failure(cluster.node(alone).kv.put(request));
  expect(error).toMatchObject({ code: 'NO_REPLICA', applied: 'no', details: { reachable: 0 } });
  expect(error.message).toContain('none is left to take it');
});

test('an epoch is used again while its rows are here, and never after they are gone', async () => {
  const { cluster, homes, alone } = await startAlone();
  await using _ = cluster;
  const first = await cluster.put(alone, { key: KEY, value: 'first', level: 'any' });
  const second = await cluster.put(alone, { key: KEY, value: 'second', level: 'any' });
  expect(epochOf(second.dot)).toBe(epochOf(first.dot));
  await bringBack(cluster, homes, alone);
  for (const name of homes) await cluster.node(name).kill();
  await cluster.advance(3_000);
  const third = await cluster.put(alone, { key: KEY, value: 'third', level: 'any' });
  expect(epochOf(third.dot)).not.toBe(epochOf(first.dot));
  await bringBack(cluster, homes, alone);
  for (const name of homes) {
    expect(await cluster.held(name, KEY)).toEqual(['first', 'second', 'third']);
  }
});

test('an own epoch that came back in a record of others is not used again', async () => {
  const { cluster, homes, alone } = await startAlone();
  await using _ = cluster;
  const first = await cluster.put(alone, { key: KEY, value: 'first', level: 'any' });
  await bringBack(cluster, homes, alone);
  // A replica that mints keeps its record, with the entry of the lone node in it, at that node.
  const [minter = '', ...rest] = homes;
  for (const name of rest) await cluster.node(name).kill();
  await cluster.advance(3_000);
  await cluster.put(minter, { key: KEY, value: 'second', w: 2, sloppy: true });
  expect(owed(cluster, alone)).toHaveLength(1);
  await cluster.node(minter).kill();
  await cluster.advance(3_000);
  const third = await cluster.put(alone, { key: KEY, value: 'third', level: 'any' });
  expect(epochOf(third.dot)).not.toBe(epochOf(first.dot));
  await bringBack(cluster, homes, alone);
  for (const name of homes) {
    const held = await cluster.held(name, KEY);
    expect(held.sort()).toEqual(['first', 'second', 'third']);
  }
});

test('a context is replaced as anywhere, by puts and by deletes', async () => {
  const { cluster, homes, alone } = await startAlone();
  await using _ = cluster;
  const first = await cluster.put(alone, { key: KEY, value: 'first', level: 'any' });
  const second = await cluster.put(alone, {
    ...{ key: KEY, value: 'second', level: 'any' },
    context: first.context,
  });
  await cluster.delete(alone, { key: KEY, level: 'any', context: second.context });
  await bringBack(cluster, homes, alone);
  expect(valuesOf(await cluster.get(homes[0] ?? '', { key: KEY, level: 'all' }))).toEqual([]);
});

test('a delete that would have to read first is refused', async () => {
  const { cluster, alone } = await startAlone();
  await using _ = cluster;
  const request = deleteRequest({ key: KEY, level: 'any' });
  const error = await cluster.failure(cluster.node(alone).kv.delete(request));
  expect(error).toMatchObject({ code: 'NO_REPLICA', applied: 'no' });
});

test('a retry is the same event', async () => {
  const { cluster, alone } = await startAlone();
  await using _ = cluster;
  const fields = { key: KEY, value: 'v', level: 'any', requestId: requestIdOf(7) } as const;
  const first = await cluster.put(alone, fields);
  const again = await cluster.put(alone, { ...fields, isRetry: true });
  expect(again.dot).toBe(first.dot);
});

test('a replica that is there mints, and no member stands in', async () => {
  const { cluster, homes, alone } = await startAlone();
  await using _ = cluster;
  const [home = ''] = homes;
  await cluster.node(home).start();
  await cluster.advance(3_000);
  const reply = await cluster.put(alone, { key: KEY, level: 'any' });
  expect(reply.quorum).toMatchObject({ nodes: [home], standIns: undefined });
});

test('what was minted alone survives the death of its holder', async () => {
  const { cluster, homes, alone } = await startAlone();
  await using _ = cluster;
  const first = await cluster.put(alone, { key: KEY, value: 'first', level: 'any' });
  await cluster.node(alone).kill();
  await cluster.node(alone).start();
  // None of its peers is there to confirm what it remembers: a new epoch, to be sure.
  const second = await cluster.put(alone, { key: KEY, value: 'second', level: 'any' });
  expect(epochOf(second.dot)).not.toBe(epochOf(first.dot));
  await bringBack(cluster, homes, alone);
  for (const name of homes) expect(await cluster.held(name, KEY)).toEqual(['first', 'second']);
});
