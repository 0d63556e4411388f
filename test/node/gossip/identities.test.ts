/** Ids, names and folders: copies, wipes, and two of one name. */
import { expect, test } from 'vitest';
import { MemoryDisk } from '../../../src/platform/memory/memory-disk.ts';
import type { Cluster } from '../rig.ts';
import type { RigNode } from '../rig-node.ts';
import {
  isAllAlive,
  known,
  runningBut,
  startFound,
  startSeeded,
  stateAt,
  untilAllAlive,
} from './members-rig.ts';

/** A node on a copy of the folder of `name`, beside it. */
async function startCopy(cluster: Cluster, name: string, seed: string): Promise<RigNode> {
  const copy = cluster.add({ name, address: 'copy:7400', options: { seeds: [`${seed}:7400`] } });
  copy.disk = await cluster.node(name).copyOfDisk();
  await copy.start();
  return copy;
}

test.each([
  ['dials the original', 'n1', 60_000],
  ['dials another one', 'n3', 60_000],
  ['dials the original, when that has just started', 'n1', 1_000],
])(
  'a copy of the folder of a running member that %s stops itself, and the original goes on',
  async (_, seed, ageMs) => {
    await using cluster = await startFound();
    await cluster.advance(ageMs);
    const original = cluster.node('n1');
    const copy = await startCopy(cluster, 'n1', seed);
    await cluster.until(() => copy.failures.length > 0, 'the copy stops', 5_000);
    expect(copy.failures).toMatchObject([{ code: 'CONFLICT' }]);
    expect(copy.failures[0]?.message).toContain('copy of a folder');
    await copy.stop();
    await cluster.advance(30_000);
    expect(original.failures).toEqual([]);
    expect(original.state).toBe('SERVING');
    const members = cluster.nodes.filter((node) => node !== copy);
    for (const at of members) {
      expect(known(at, 'n1')).toMatchObject({ address: 'n1:7400', state: 'ALIVE' });
      expect(at.memberEvents.filter((event) => event.startsWith('down'))).toEqual([]);
    }
    expect(isAllAlive(members)).toBe(true);
    // What the others remember is still the run of the original.
    await original.stop();
    await original.start();
    await cluster.advance(10_000);
    expect(original.state).toBe('SERVING');
  },
);

test.each(['n1', 'n2'])(
  'of a folder that was copied before there is a cluster the first one goes on (seed %s)',
  async (seed) => {
    await using cluster = await startSeeded(['n1', 'n2', 'n3']);
    await untilAllAlive(cluster);
    await cluster.advance(60_000);
    const copy = await startCopy(cluster, 'n1', seed);
    await cluster.until(() => copy.failures.length > 0, 'the copy stops', 20_000);
    await copy.stop();
    await cluster.advance(30_000);
    expect(cluster.node('n1').failures).toEqual([]);
    expect(known(cluster.node('n2'), 'n1')).toMatchObject({ address: 'n1:7400', state: 'ALIVE' });
  },
);

test('a wiped node takes the place of its earlier id, which nobody is told to be down', async () => {
  await using cluster = await startFound();
  const n5 = cluster.node('n5');
  const before = known(cluster.node('n1'), 'n5')?.id;
  await n5.kill();
  n5.wipe();
  await n5.start();
  const isBack = () =>
    runningBut(cluster, 'n5').every((at) => {
      const member = known(at, 'n5');
      return member?.id !== before && member?.state === 'ALIVE';
    });
  await cluster.until(isBack, 'the new id is known', 5_000);
  await cluster.advance(60_000);
  expect(isBack()).toBe(true);
  for (const { memberEvents, notes } of runningBut(cluster, 'n5')) {
    expect(memberEvents.filter((event) => event.endsWith('n5'))).toEqual(['up n5']);
    expect(notes.events('two-nodes-with-one-name')).toEqual([]);
  }
});

test('a wiped node that comes back elsewhere takes the place when the earlier id is gone', async () => {
  await using cluster = await startFound();
  const n5 = cluster.node('n5');
  await n5.kill();
  n5.wipe();
  n5.address = 'n5:7999';
  await n5.start();
  const isBack = () =>
    runningBut(cluster, 'n5').every((at) => {
      const member = known(at, 'n5');
      return member?.address === 'n5:7999' && member.state === 'ALIVE';
    });
  await cluster.until(isBack, 'it is found', 20_000);
  await cluster.advance(30_000);
  expect(isBack()).toBe(true);
  for (const { memberEvents } of runningBut(cluster, 'n5')) {
    expect(memberEvents.filter((event) => event.endsWith('n5'))).toEqual(['up n5']);
  }
});

test('a fresh node under the name of a live member does not take its place', async () => {
  await using cluster = await startFound();
  await cluster.advance(1_000);
  const double = cluster.add({
    name: 'n5',
    address: 'double:7400',
    options: { seeds: ['n1:7400'] },
  });
  double.disk = new MemoryDisk();
  await double.start();
  await cluster.advance(60_000);
  for (const at of runningBut(cluster, 'n5')) {
    expect(known(at, 'n5')).toMatchObject({ address: 'n5:7400', state: 'ALIVE' });
    expect(at.memberEvents.filter((event) => event.startsWith('down'))).toEqual([]);
    expect(at.notes.events('two-nodes-with-one-name')).toHaveLength(1);
  }
  expect(cluster.node('n5').state).toBe('SERVING');
  // When the member is gone, the other one is seen.
  await double.stop();
  await cluster.advance(5_000);
  expect(stateAt(cluster.node('n1'), 'n5')).toBe('ALIVE');
});
