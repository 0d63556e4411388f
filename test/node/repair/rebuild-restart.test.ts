/** What a restart leaves of a rebuild: what is certainly still here is not fetched once more, what
 *  may have been lost again is not believed. */
import { expect, test } from 'vitest';
import { startThree, valuesOf } from '../rig.ts';
import {
  all,
  heldBy,
  KEYS,
  rebuildOf,
  startHalfRebuilt,
  unreadableAt,
  untilRebuilt,
  writeAll,
} from './rebuilding.ts';

test('after a restart in its middle a rebuild only compares what had been rebuilt', async () => {
  await using cluster = await startHalfRebuilt();
  await cluster.node('n3').kill();
  const peer = cluster.node('n1');
  peer.received.length = 0;
  await cluster.node('n3').start();
  await untilRebuilt(cluster, 'n3');
  const looked = peer.received.flatMap(({ operation }) =>
    operation?.$case === 'entries' ? [operation.entries.partition] : [],
  );
  // Of eight.
  expect(new Set(looked).size).toBeLessThanOrEqual(6);
  expect(await heldBy(cluster, 'n3')).toEqual(all('x'.repeat(400)));
});

test('members that are being rebuilt and stop together go on where they were', async () => {
  await using cluster = await startHalfRebuilt();
  await cluster.node('n2').kill();
  cluster.node('n2').wipe();
  await cluster.node('n2').start();
  const done = () => ['n2', 'n3'].map((name) => rebuildOf(cluster, name)?.done ?? 0);
  await cluster.until(() => Math.min(...done()) >= 2, 'two partitions of both rebuilt');
  await cluster.advance(1_100);
  const before = done();
  for (const name of ['n2', 'n3']) await cluster.node(name).kill();
  for (const name of ['n2', 'n3']) await cluster.node(name).start();
  await cluster.advance(5_000);
  expect(done()).toEqual(before);
});

test('what only a member had seen that was wiped is not taken for nothing', async () => {
  await using cluster = await startHalfRebuilt();
  const member = cluster.node('n3');
  const bookmark = member.bookmark();
  await cluster.node('n1').stop();
  await cluster.advance(500);
  for (const key of KEYS) {
    await cluster.put('n2', { key, value: `${key} second`, overwrite: true, level: 'quorum' });
  }
  await cluster.advance(1_500);
  for (const name of ['n2', 'n3']) await cluster.node(name).kill();
  cluster.node('n2').wipe();
  await member.restore(bookmark);
  for (const name of ['n1', 'n2', 'n3']) await cluster.node(name).start();
  await cluster.advance(10_000);
  await member.kill();
  await member.start();
  await cluster.advance(10_000);
  for (const name of ['n2', 'n3']) expect(rebuildOf(cluster, name)?.done).toBe(0);
});

test('records found unreadable are fetched, though their partitions are still rebuilt', async () => {
  await using cluster = await startHalfRebuilt();
  const member = cluster.node('n3');
  await member.stop();
  await member.damageRecords();
  await member.start();
  await cluster.until(() => (rebuildOf(cluster, 'n3')?.done ?? 0) >= 2, 'gone on with');
  for (const key of KEYS) await cluster.get('n3', { key });
  expect(member.state).toBe('RECOVERING');
  expect(unreadableAt(cluster, 'n3')).toBeGreaterThan(0);
  await member.kill();
  await member.start();
  await untilRebuilt(cluster, 'n3');
  expect(await heldBy(cluster, 'n3')).toEqual(all('x'.repeat(400)));
});

test('while a member is away that may have seen more, what had been rebuilt is compared', async () => {
  await using cluster = await startHalfRebuilt();
  await cluster.node('n3').kill();
  await cluster.node('n2').stop();
  await cluster.node('n3').start();
  await cluster.advance(5_000);
  expect(rebuildOf(cluster, 'n3')).toMatchObject({ done: 0 });
  expect(rebuildOf(cluster, 'n3')?.waitingFor).toMatch(/^n2: ./);
  await cluster.node('n2').start();
  await untilRebuilt(cluster, 'n3');
});

test('an old copy is known however often it was started before anybody saw it', async () => {
  await using cluster = await startThree();
  await writeAll(cluster, 'n1', 'first');
  const member = cluster.node('n3');
  const bookmark = member.bookmark();
  await cluster.put('n1', { key: 'key-0', value: 'key-0 second', overwrite: true, level: 'all' });
  await cluster.advance(2_000);
  for (const { name } of cluster.nodes) await cluster.node(name).kill();
  await member.restore(bookmark);
  for (let start = 0; start < 4; start += 1) {
    await member.start();
    await cluster.advance(100);
    await member.kill();
  }
  for (const name of ['n1', 'n2', 'n3']) await cluster.node(name).start();
  await untilRebuilt(cluster, 'n3');
  expect(await cluster.held('n3', 'key-0')).toEqual(['key-0 second']);
});

test('a loss can be accepted also where an earlier run had rebuilt, and a peer may not serve', async () => {
  await using cluster = await startHalfRebuilt();
  await cluster.node('n2').kill();
  cluster.node('n2').wipe();
  await cluster.node('n3').kill();
  for (const name of ['n2', 'n3']) await cluster.node(name).start();
  await cluster.advance(30_000);
  expect(cluster.nodes.map(({ state }) => state)).toEqual(['SERVING', 'RECOVERING', 'RECOVERING']);
  await cluster.run(cluster.node('n3').node.repairs?.acceptLoss() ?? Promise.reject());
  for (const name of ['n3', 'n2']) await untilRebuilt(cluster, name);
  for (const name of ['n3', 'n2']) {
    expect(await heldBy(cluster, name)).toEqual(all('x'.repeat(400)));
  }
});

test('what a node acknowledged in its rebuild and lost again is not taken for rebuilt', async () => {
  await using cluster = await startHalfRebuilt();
  const member = cluster.node('n3');
  const bookmark = member.bookmark();
  await writeAll(cluster, 'n1', 'second');
  expect(member.state).toBe('RECOVERING');
  await member.kill();
  await member.restore(bookmark);
  await member.start();
  while (member.state !== 'SERVING') {
    for (const key of KEYS) {
      expect(valuesOf(await cluster.get('n3', { key, level: 'one' }))).toEqual([`${key} second`]);
    }
    await cluster.advance(20);
  }
  expect(await heldBy(cluster, 'n3')).toEqual(all('second'));
});
