/** Nodes that belong to no cluster while others do: what they say, and what becomes of them. */
import { expect, test } from 'vitest';
import type { Cluster } from '../rig.ts';
import type { RigNode } from '../rig-node.ts';
import { startFound, stateAt } from './members-rig.ts';

const THREE = ['n1', 'n2', 'n3'];
const SEEDS = { seeds: ['n1:7400'] };

async function reasonOf(cluster: Cluster, { admin }: RigNode): Promise<string> {
  return (await cluster.run(admin.status({}))).reason;
}

function reasonsIn({ notes }: RigNode): unknown[] {
  return notes.events('no-cluster').map(({ fields }) => fields?.['reason']);
}

/** Started without its name where a member was that lost its folder. */
async function startNameless(cluster: Cluster): Promise<RigNode> {
  await cluster.node('n2').kill();
  const nameless = cluster.add({ name: 'n2:7400', address: 'n2:7400', options: SEEDS });
  await nameless.start();
  return nameless;
}

test('a member that lost its folder is told to wait, and never to make a cluster', async () => {
  await using cluster = await startFound(THREE);
  const node = cluster.node('n2');
  await node.kill();
  node.wipe();
  await node.start();
  const expected = /^this node was member n2 of cluster [0-9a-f]{32}: waiting for its members/;
  expect(await reasonOf(cluster, node)).toMatch(expected);
  await cluster.until(() => node.state !== 'UNINITIALISED', 'a member again');
  expect(reasonsIn(node).join()).toContain('none of the seeds');
  expect(reasonsIn(node).join()).not.toContain('cluster init');
});

test('one that was started without its name is told which member had its address', async () => {
  await using cluster = await startFound(THREE);
  const nameless = await startNameless(cluster);
  await cluster.advance(5_000);
  const expected = /^member n2 of cluster [0-9a-f]{32} had the address n2:7400: .* --id n2 /;
  expect(await reasonOf(cluster, nameless)).toMatch(expected);
  expect(reasonsIn(nameless).at(-1)).toMatch(expected);
});

test('and joins as that member when it is started again with the name, on the same folder', async () => {
  await using cluster = await startFound(THREE);
  const nameless = await startNameless(cluster);
  await cluster.advance(5_000);
  await nameless.stop();
  const named = cluster.node('n2');
  named.disk = nameless.disk;
  await named.start();
  await cluster.until(() => named.state === 'SERVING', 'SERVING');
  expect(
    cluster
      .node('n1')
      .node.members()
      .map(({ name }) => name),
  ).toEqual(THREE);
});

test('a node that was only found is forgotten soon after another one has its address', async () => {
  await using cluster = await startFound(THREE);
  const nameless = await startNameless(cluster);
  await cluster.advance(5_000);
  await nameless.kill();
  const named = cluster.node('n2');
  named.wipe();
  await named.start();
  const others = [cluster.node('n1'), cluster.node('n3')];
  const isGone = () => others.every((at) => stateAt(at, 'n2:7400') === undefined);
  await cluster.until(isGone, 'forgotten', 60_000);
  await cluster.advance(60_000);
  expect(isGone()).toBe(true);
  const restarted = cluster.node('n3');
  restarted.memberEvents.length = 0;
  await restarted.stop();
  await restarted.start();
  await cluster.advance(30_000);
  expect(isGone()).toBe(true);
  expect(restarted.memberEvents).not.toContain('down n2:7400');
});
