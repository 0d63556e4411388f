/** What replicas say when their read is over: it counts for nothing, and still repairs. */
import { expect, test } from 'vitest';
import { READ_DEFAULTS } from '../../../src/node/coordinator/read-options.ts';
import { watch } from '../../client/client-rig.ts';
import { getRequest } from '../requests.ts';
import { type Cluster, startThree, valuesOf } from '../rig.ts';
import { putOn } from './half-written.ts';

const LARGE = 'L'.repeat(2_000);
const LARGER = 'M'.repeat(3_000);

/** A quorum read of n1 and n3, which n2 was asked for too; its answer is on its way. */
async function readWithout(cluster: Cluster, late: string): Promise<void> {
  cluster.node(late).requests.hold();
  const read = watch(cluster.node('n1').kv.get(getRequest({ key: 'k' })));
  await cluster.advance(501);
  expect(read.value?.quorum?.nodes).toEqual(['n1', 'n3']);
}

function answers(cluster: Cluster, outcome: 'equal' | 'different'): number {
  return cluster.node('n1').notes.number('coterie_late_answers_total', { outcome });
}

test.each([
  ['record', 'v'],
  ['digest', LARGE],
])('a late %s that is equal writes nothing', async (_, value) => {
  await using cluster = await startThree();
  await cluster.put('n1', { key: 'k', value, level: 'all' });
  const batches = cluster.nodes.map((node) => node.batchCount);
  await readWithout(cluster, 'n2');
  cluster.node('n2').requests.release();
  await cluster.settle();
  expect(answers(cluster, 'equal')).toBe(1);
  expect(cluster.nodes.map((node) => node.batchCount)).toEqual(batches);
});

test.each([
  ['record', 'old', 'new'],
  ['digest', LARGE, LARGER],
])('a replica whose late %s shows that it is behind is repaired', async (_, old, value) => {
  await using cluster = await startThree();
  await cluster.put('n1', { key: 'k', value: old, level: 'all' });
  await putOn(cluster, ['n1', 'n3'], 'k', { value, overwrite: true });
  await readWithout(cluster, 'n2');
  cluster.node('n2').requests.release();
  await cluster.settle();
  expect(answers(cluster, 'different')).toBe(1);
  expect(await cluster.held('n2', 'k')).toEqual([value]);
  const { notes } = cluster.node('n1');
  expect(notes.number('coterie_read_repairs_total', { mode: 'background' })).toBe(1);
});

test.each([
  ['record', 'old', 'new'],
  ['digest', LARGE, LARGER],
])('what a late %s shows first reaches those who were read', async (_, old, value) => {
  await using cluster = await startThree();
  await cluster.put('n1', { key: 'k', value: old, level: 'all' });
  await putOn(cluster, ['n2'], 'k', { value, overwrite: true });
  await readWithout(cluster, 'n2');
  cluster.node('n2').requests.release();
  await cluster.settle();
  for (const { name } of cluster.nodes) expect(await cluster.held(name, 'k')).toEqual([value]);
});

test('the late answer of a replica that holds the result is no acknowledgement of the repair', async () => {
  await using cluster = await startThree();
  await putOn(cluster, ['n1', 'n2'], 'k', { value: 'v' });
  cluster.node('n2').requests.hold();
  cluster.node('n3').engine.holdBatches();
  const read = watch(cluster.node('n1').kv.get(getRequest({ key: 'k', explain: true })));
  await cluster.advance(501);
  cluster.node('n2').requests.release();
  await cluster.settle();
  expect(answers(cluster, 'equal')).toBe(1);
  expect(read.isSettled).toBe(false);
  cluster.node('n3').engine.releaseBatches();
  await cluster.settle();
  expect(read.value?.trace?.steps).toMatchObject([
    { node: 'n1', action: 'read', counted: true },
    { node: 'n2', action: 'read', counted: false },
    { node: 'n3', action: 'read', counted: true },
    { node: 'n3', action: 'repair', counted: true },
  ]);
});

test('a repair that is slow is sent to a replica that was not asked, whose acknowledgement counts', async () => {
  await using cluster = await startThree();
  await putOn(cluster, ['n1'], 'k', { value: 'v' });
  cluster.node('n2').engine.holdBatches();
  const read = watch(cluster.node('n1').kv.get(getRequest({ key: 'k' })));
  await cluster.advance(499);
  expect(read.isSettled).toBe(false);
  await cluster.advance(2);
  expect(read.value?.quorum?.nodes).toEqual(['n1', 'n2']);
  expect(await cluster.held('n3', 'k')).toEqual(['v']);
});

test('a late refusal changes nothing', async () => {
  await using cluster = await startThree();
  await cluster.put('n1', { key: 'k', level: 'all' });
  await readWithout(cluster, 'n2');
  await cluster.node('n2').kill();
  await cluster.settle();
  expect(answers(cluster, 'equal') + answers(cluster, 'different')).toBe(0);
});

test('after a read at one the replicas that were not asked are looked at, as often as chance says', async () => {
  await using cluster = await startThree({ reads: { ...READ_DEFAULTS, lookShare: 1 } });
  await cluster.put('n1', { key: 'k', value: LARGE, level: 'all' });
  const batches = cluster.nodes.map((node) => node.batchCount);
  const equal = await cluster.get('n1', { key: 'k', level: 'one' });
  expect(equal.quorum?.nodes).toEqual(['n1']);
  await cluster.settle();
  expect(answers(cluster, 'equal')).toBe(2);
  expect(cluster.nodes.map((node) => node.batchCount)).toEqual(batches);
  await putOn(cluster, ['n3'], 'k', { value: LARGER, overwrite: true });
  expect(valuesOf(await cluster.get('n1', { key: 'k', level: 'one' }))).toEqual([LARGE]);
  await cluster.settle();
  expect(valuesOf(await cluster.get('n1', { key: 'k', level: 'one' }))).toEqual([LARGER]);
});

test('of a hundred reads at one about ten look at the others', async () => {
  await using cluster = await startThree({ reads: READ_DEFAULTS });
  await cluster.put('n1', { key: 'k', level: 'all' });
  for (let read = 0; read < 100; read += 1) await cluster.get('n1', { key: 'k', level: 'one' });
  await cluster.settle();
  const looks = cluster.node('n2').receivedOf('read').length;
  expect(looks).toBeGreaterThan(2);
  expect(looks).toBeLessThan(25);
});

test('a repair that nobody waited for is on the disk before a quorum read counts on it', async () => {
  await using cluster = await startThree({ reads: { ...READ_DEFAULTS, lookShare: 1 } });
  const [n1, n2, n3] = cluster.nodes.map(({ address }) => address) as [string, string, string];
  await cluster.put('n1', { key: 'k', value: 'old', level: 'all' });
  await putOn(cluster, ['n3'], 'k', { value: 'new', overwrite: true });
  cluster.network.part(n2, n1);
  cluster.network.part(n2, n3);
  await cluster.get('n1', { key: 'k', level: 'one' });
  await cluster.settle();
  const first = await cluster.get('n1', { key: 'k' });
  expect(valuesOf(first)).toEqual(['new']);
  expect(first.quorum?.nodes).toEqual(['n1', 'n3']);
  await cluster.node('n1').losePower();
  await cluster.node('n1').start();
  await cluster.untilServing();
  await cluster.node('n3').kill();
  cluster.network.heal(n2, n1);
  await cluster.untilLinked();
  expect(valuesOf(await cluster.get('n2', { key: 'k' }))).toEqual(['new']);
});
