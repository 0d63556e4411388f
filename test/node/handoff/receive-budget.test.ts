/** The member that is back is not drowned: its own budget bounds what all holders send it. */
import { expect, test } from 'vitest';
import { startThree } from '../rig.ts';
import { owed } from './owed.ts';

const KIB = 1_024;
const RATE = 64 * KIB;
const KEYS = Array.from({ length: 40 }, (_, index) => `k${index}`);

test('holders that send at once share the budget of the receiver, and lose nothing by it', async () => {
  await using cluster = await startThree({ receiveBytesPerSecondMax: RATE });
  await cluster.node('n3').kill();
  for (const [index, key] of KEYS.entries()) {
    const value = `${index}`.padEnd(10 * KIB, '.');
    for (const at of ['n1', 'n2']) await cluster.put(at, { key, value, overwrite: true });
  }
  await cluster.advance(2_000);
  expect(owed(cluster, 'n1')).toEqual(['n3: 40']);
  expect(owed(cluster, 'n2')).toEqual(['n3: 40']);
  await cluster.node('n3').start();
  await cluster.untilServing();
  const { notes } = cluster.node('n3');
  const taken = (): number => notes.number('coterie_receive_bytes_total');
  await cluster.until(() => taken() > 0, 'a delivery');
  const bytes = 2 * KEYS.length * 10 * KIB;
  const beganMs = cluster.world.monotonicMs();
  await cluster.until(
    () => owed(cluster, 'n1').length + owed(cluster, 'n2').length === 0,
    'no hints',
    120_000,
  );
  const tookMs = cluster.world.monotonicMs() - beganMs;
  expect(taken()).toBeGreaterThanOrEqual(bytes);
  expect(tookMs).toBeGreaterThan(((taken() - RATE) / RATE) * 1_000);
  for (const key of KEYS) expect(await cluster.held('n3', key)).toHaveLength(1);
});

test('a delivery that would wait too long is told when to come again', async () => {
  await using cluster = await startThree({ receiveBytesPerSecondMax: 4 * KIB });
  await cluster.node('n3').kill();
  for (const key of KEYS) {
    await cluster.put('n1', { key, value: 'x'.repeat(KIB), overwrite: true });
  }
  await cluster.advance(2_000);
  await cluster.node('n3').start();
  await cluster.untilServing();
  await cluster.until(() => owed(cluster, 'n1').length === 0, 'no hints', 300_000);
  expect(cluster.node('n3').notes.number('coterie_receive_refusals_total')).toBeGreaterThan(0);
  expect(cluster.node('n1').notes.number('coterie_hints_delivered_total')).toBe(KEYS.length);
});
