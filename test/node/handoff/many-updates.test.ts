/** However often keys are written while a replica is away, it is handed each of them once: 50 keys
 *  here, 1,000 keys and 100,000 updates with COTERIE_LARGE=1. */
import { expect, test } from 'vitest';
import { putRequest } from '../requests.ts';
import { type Cluster, startThree } from '../rig.ts';
import { owed } from './owed.ts';

const IS_LARGE = process.env['COTERIE_LARGE'] === '1';
const AT_ONCE = 50;

async function update(cluster: Cluster, keys: number, updates: number): Promise<void> {
  const { kv } = cluster.node('n1');
  for (let done = 0; done < updates; done += AT_ONCE) {
    const puts = Array.from({ length: AT_ONCE }, (_, index) => {
      const number = done + index;
      const key = `k${number % keys}`;
      return kv.put(putRequest({ key, value: `${number}`, overwrite: true }));
    });
    await cluster.run(Promise.all(puts));
  }
}

async function handOver(keys: number, updates: number): Promise<void> {
  await using cluster = await startThree();
  await cluster.node('n3').kill();
  await update(cluster, keys, updates);
  await cluster.advance(2_000);
  expect(owed(cluster, 'n1')).toEqual([`n3: ${keys}`]);
  await cluster.node('n3').start();
  await cluster.until(() => owed(cluster, 'n1').length === 0, 'no hints', 120_000);
  const received = cluster.node('n3').receivedOf('replicate').length;
  const delivered = cluster.node('n1').notes.number('coterie_hints_delivered_total');
  console.log(`${updates} updates of ${keys} keys: ${delivered} hints, ${received} records sent`);
  expect(delivered).toBe(keys);
  expect(received).toBeLessThanOrEqual(keys);
  for (const key of [0, 1, keys - 1]) {
    expect(await cluster.held('n3', `k${key}`)).toEqual([`${updates - keys + key}`]);
  }
}

test('5,000 updates of 50 keys: 50 hints', () => handOver(50, 5_000));

test.runIf(IS_LARGE)(
  '100,000 updates of 1,000 keys: 1,000 hints (COTERIE_LARGE=1)',
  () => handOver(1_000, 100_000),
  600_000,
);
