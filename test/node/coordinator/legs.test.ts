/** Does a node count how long the legs of its requests took, those that nobody waited for
 *  included? */
import { expect, test } from 'vitest';
import { LegCounts } from '../../../src/core/pbs/leg-counts.ts';
import { legsFromWire } from '../../../src/wire/legs-codec.ts';
import { getRequest, putRequest } from '../requests.ts';
import { type Cluster, startThree } from '../rig.ts';

async function legsOf(cluster: Cluster, name: string): Promise<LegCounts> {
  const legs = new LegCounts();
  legs.merge(legsFromWire(await cluster.node(name).admin.legs({})));
  return legs;
}

function msOf(legs: LegCounts, leg: Parameters<LegCounts['count']>[0]): number[] {
  return legs.quantilesMs(leg, [0, 1]).map(Math.round);
}

test('a write counts its mint and both copies, with what the replicas took for them', async () => {
  await using cluster = await startThree();
  const before = await legsOf(cluster, 'n1');
  for (const name of ['n2', 'n3']) cluster.node(name).engine.holdBatches();
  const request = putRequest({ key: 'k', level: 'one' });
  await cluster.run(cluster.node('n1').kv.put(request));
  expect((await legsOf(cluster, 'n1')).count('copy')).toBe(before.count('copy'));
  await cluster.advance(20);
  cluster.node('n2').engine.releaseBatches();
  await cluster.advance(20);
  cluster.node('n3').engine.releaseBatches();
  await cluster.settle();
  const legs = await legsOf(cluster, 'n1');
  legs.merge(before.encode(), -1);
  expect([legs.count('mint'), legs.count('copy'), legs.count('copyWay')]).toEqual([1, 2, 2]);
  expect(msOf(legs, 'copy')).toEqual([20, 40]);
  // All of it was the far end's.
  expect(msOf(legs, 'copyWay')).toEqual([0, 0]);
  expect(legs.encode().pairs.counts).toEqual([1]);
});

test('a copy that is refused is no leg', async () => {
  await using cluster = await startThree();
  const before = await legsOf(cluster, 'n1');
  cluster.node('n3').engine.pretendFree(0);
  await cluster.advance(1_500);
  await cluster.put('n1', { key: 'k', value: 'v' });
  await cluster.settle();
  const legs = await legsOf(cluster, 'n1');
  legs.merge(before.encode(), -1);
  expect([legs.count('mint'), legs.count('copy')]).toEqual([1, 1]);
  expect(legs.encode().pairs.counts).toEqual([]);
});

test('a read counts the look into the own copy and the answers of others', async () => {
  await using cluster = await startThree();
  await cluster.put('n1', { key: 'k', value: 'v' });
  await cluster.settle();
  const before = await legsOf(cluster, 'n1');
  await cluster.run(cluster.node('n1').kv.get(getRequest({ key: 'k', level: 'all' })));
  const legs = await legsOf(cluster, 'n1');
  legs.merge(before.encode(), -1);
  expect([legs.count('lookup'), legs.count('read'), legs.count('readWay')]).toEqual([1, 2, 2]);
});
