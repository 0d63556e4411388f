/** What becomes of hints when their target is back, is not, or has left, and when their holder
 *  dies. */
import { expect, test } from 'vitest';
import { CoterieError } from '../../../src/core/errors.ts';
import { type Cluster, startThree } from '../rig.ts';
import { owed } from './owed.ts';

async function writeAll(cluster: Cluster, at: string, keys: readonly string[]): Promise<void> {
  for (const key of keys) await cluster.put(at, { key, value: `of ${key}`, overwrite: true });
  await cluster.settle();
}

const HINT_ROW = 0x48;
const KEYS = Array.from({ length: 30 }, (_, index) => `k${index}`);

test('a replica that is back gets the present record of every key it missed, once each', async () => {
  await using cluster = await startThree();
  const { notes } = cluster.node('n1');
  await cluster.node('n3').kill();
  for (let round = 0; round < 10; round += 1) await writeAll(cluster, 'n1', KEYS);
  expect(owed(cluster, 'n1')).toEqual(['n3: 30']);
  await cluster.node('n3').start();
  await cluster.until(() => owed(cluster, 'n1').length === 0, 'no hints');
  expect(notes.number('coterie_hints_delivered_total')).toBe(30);
  for (const key of KEYS) expect(await cluster.held('n3', key)).toEqual([`of ${key}`]);
});

test('nothing is sent before the target has been up for ten seconds', async () => {
  await using cluster = await startThree();
  await cluster.node('n3').kill();
  await writeAll(cluster, 'n1', ['k']);
  await cluster.node('n3').start();
  await cluster.untilServing();
  await cluster.untilLinked();
  await cluster.advance(8_000);
  expect(cluster.node('n3').receivedOf('replicate')).toEqual([]);
  await cluster.until(() => owed(cluster, 'n1').length === 0, 'no hints');
  expect(cluster.node('n3').receivedOf('replicate')).toHaveLength(1);
});

test('a hint goes only after the target has it on its disk', async () => {
  await using cluster = await startThree();
  await cluster.node('n3').kill();
  await writeAll(cluster, 'n1', ['k']);
  await cluster.node('n3').start();
  await cluster.untilServing();
  const { engine } = cluster.node('n3');
  engine.holdBatches();
  await cluster.until(() => cluster.node('n3').receivedOf('replicate').length > 0, 'a delivery');
  await cluster.advance(2_000);
  expect(owed(cluster, 'n1')).toEqual(['n3: 1']);
  engine.releaseBatches();
  await cluster.until(() => owed(cluster, 'n1').length === 0, 'no hints');
});

test('a hint stays when another write was missed while it was being delivered', async () => {
  await using cluster = await startThree();
  await cluster.node('n3').kill();
  await writeAll(cluster, 'n1', ['k']);
  await cluster.node('n3').start();
  await cluster.untilServing();
  const { engine } = cluster.node('n3');
  engine.holdBatches();
  await cluster.until(() => cluster.node('n3').receivedOf('replicate').length > 0, 'a delivery');
  cluster.node('n3').requests.hold();
  await cluster.put('n1', { key: 'k', value: 'newer', overwrite: true });
  await cluster.advance(2_100);
  engine.releaseBatches();
  await cluster.advance(20);
  expect(cluster.node('n1').notes.number('coterie_hints_delivered_total')).toBe(1);
  expect(owed(cluster, 'n1')).toEqual(['n3: 1']);
  cluster.node('n3').requests.drop();
  await cluster.until(() => owed(cluster, 'n1').length === 0, 'no hints');
  expect(await cluster.held('n3', 'k')).toEqual(['newer']);
});

test('a target that goes away in the middle is not lost sight of', async () => {
  await using cluster = await startThree();
  await cluster.node('n3').kill();
  await writeAll(cluster, 'n1', KEYS);
  await cluster.node('n3').start();
  await cluster.untilServing();
  cluster.node('n3').engine.holdBatches();
  await cluster.until(() => cluster.node('n3').receivedOf('replicate').length > 0, 'a delivery');
  await cluster.node('n3').kill();
  await cluster.advance(5_000);
  expect(owed(cluster, 'n1')).toEqual(['n3: 30']);
  await cluster.node('n3').start();
  await cluster.until(() => owed(cluster, 'n1').length === 0, 'no hints');
  for (const key of KEYS) expect(await cluster.held('n3', key)).toEqual([`of ${key}`]);
});

test('hints survive the death of their holder, also in the middle of a delivery', async () => {
  await using cluster = await startThree();
  await cluster.node('n3').kill();
  await writeAll(cluster, 'n1', KEYS);
  await cluster.node('n1').kill();
  await cluster.node('n1').start();
  await cluster.until(() => owed(cluster, 'n1').length > 0, 'hints found');
  expect(owed(cluster, 'n1')).toEqual(['n3: 30']);
  await cluster.node('n3').start();
  await cluster.untilServing();
  cluster.node('n3').engine.holdBatches();
  await cluster.until(() => cluster.node('n3').receivedOf('replicate').length > 0, 'a delivery');
  await cluster.node('n1').kill();
  cluster.node('n3').engine.releaseBatches();
  await cluster.node('n1').start();
  await cluster.until(() => owed(cluster, 'n1').length > 0, 'hints found');
  await cluster.until(() => owed(cluster, 'n1').length === 0, 'no hints');
  for (const key of KEYS) expect(await cluster.held('n3', key)).toEqual([`of ${key}`]);
});

test('a hint older than a delete brings nothing back', async () => {
  await using cluster = await startThree();
  await cluster.node('n3').kill();
  await writeAll(cluster, 'n1', ['k']);
  await cluster.delete('n2', { key: 'k' });
  await cluster.settle();
  await cluster.node('n3').start();
  await cluster.until(() => {
    return owed(cluster, 'n1').length + owed(cluster, 'n2').length === 0;
  }, 'no hints');
  for (const name of ['n1', 'n2', 'n3']) expect(await cluster.held(name, 'k')).toEqual([]);
});

test('a target whose disk is full is asked again later and later', async () => {
  await using cluster = await startThree();
  await cluster.node('n3').kill();
  await writeAll(cluster, 'n1', ['k']);
  await cluster.node('n3').start();
  cluster.node('n3').engine.pretendFree(0);
  await cluster.advance(60_000);
  const tries = cluster.node('n3').receivedOf('replicate').length;
  expect(tries).toBeGreaterThan(2);
  expect(tries).toBeLessThan(9);
  expect(cluster.node('n1').node.repairs?.hints()).toMatchObject([{ count: 1, phase: 'paused' }]);
  cluster.node('n3').engine.pretendFree(undefined);
  await cluster.until(() => owed(cluster, 'n1').length === 0, 'no hints', 120_000);
});

test('hints that could not be counted at a start are delivered all the same', async () => {
  await using cluster = await startThree();
  await cluster.node('n3').kill();
  await writeAll(cluster, 'n1', KEYS);
  const n1 = cluster.node('n1');
  await n1.kill();
  n1.make();
  const { engine } = n1;
  const iterate = engine.iterate.bind(engine);
  let failures = 0;
  engine.iterate = (range) => {
    if (range.from[0] !== HINT_ROW || failures > 0) return iterate(range);
    failures += 1;
    throw new CoterieError('OVERLOADED', 'Too many iterators are open');
  };
  await cluster.run(n1.node.start(n1.address));
  await cluster.node('n3').start();
  await cluster.untilServing();
  expect(failures).toBe(1);
  const delivered = (): number => n1.notes.number('coterie_hints_delivered_total');
  await cluster.until(() => delivered() === KEYS.length, 'all delivered');
  for (const key of KEYS) expect(await cluster.held('n3', key)).toEqual([`of ${key}`]);
});
