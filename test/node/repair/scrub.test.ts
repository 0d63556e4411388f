/** What rots without being read is found, and what a leaf says is what the records are. */
import { expect, test } from 'vitest';
import { Deadlines } from '../../../src/core/deadlines.ts';
import type { Entry } from '../../../src/core/merkle/entries.ts';
import type { ScrubStatus } from '../../../src/node/contracts.ts';
import { Scrub, type ScrubOptions } from '../../../src/node/repair/scrub.ts';
import { ManualClock } from '../../client/manual-clock.ts';
import { Notes } from '../notes.ts';
import { type Cluster, startThree, valuesOf } from '../rig.ts';
import { Pair } from './pair-rig.ts';

const KEYS = Array.from({ length: 12 }, (_, index) => `key-${index}`);
const SOON: ScrubOptions = { bytesPerSecondMax: 1e6, intervalMs: 1e9, startAfterMs: 100 };

function scrubOf(cluster: Cluster, name: string): ScrubStatus | undefined {
  return cluster.node(name).node.repairs?.scrub();
}

async function writeAll(cluster: Cluster, value: string): Promise<void> {
  for (const key of KEYS) await cluster.put('n1', { key, value: `${key} ${value}`, level: 'all' });
}

test('records that rotted and that nobody reads are found, and made good from the others', async () => {
  await using cluster = await startThree({ scrub: SOON });
  await writeAll(cluster, 'v');
  await cluster.node('n3').stop();
  await cluster.node('n3').damageRecords();
  await cluster.node('n3').start();
  await cluster.untilServing();
  await cluster.until(() => scrubOf(cluster, 'n3')?.corrupt === KEYS.length, 'all rot found');
  const left = (): number => cluster.node('n3').notes.number('coterie_unreadable_keys');
  await cluster.until(() => left() === 0, 'all made good');
  for (const key of KEYS) {
    expect(await cluster.held('n3', key)).toEqual([`${key} v`]);
    expect(valuesOf(await cluster.get('n1', { key, level: 'all' }))).toEqual([`${key} v`]);
  }
});

test('sound copies are read once in each interval, and nothing is corrected', async () => {
  await using cluster = await startThree({ scrub: { ...SOON, intervalMs: 60_000 } });
  await writeAll(cluster, 'v');
  await cluster.until(() => scrubOf(cluster, 'n2')?.records === KEYS.length, 'one reading');
  expect(scrubOf(cluster, 'n2')).toMatchObject({ corrupt: 0, correctedLeaves: 0 });
  await cluster.advance(50_000);
  expect(scrubOf(cluster, 'n2')?.records).toBe(KEYS.length);
  expect(scrubOf(cluster, 'n2')?.oldestMs).toBeGreaterThan(40_000);
  await cluster.until(() => scrubOf(cluster, 'n2')?.records === 2 * KEYS.length, 'another one');
});

test('no more is read in a second than it may', async () => {
  const bytesPerSecondMax = 10_000;
  await using cluster = await startThree({ scrub: { ...SOON, bytesPerSecondMax } });
  await writeAll(cluster, 'x'.repeat(5_000));
  const startedMs = cluster.world.monotonicMs();
  await cluster.until(() => scrubOf(cluster, 'n1')?.records === KEYS.length, 'one reading');
  const spentMs = cluster.world.monotonicMs() - startedMs;
  // One second's worth may have been saved up, and the last page is read before it is paid.
  expect(spentMs).toBeGreaterThan(((KEYS.length - 4) * 5_000 * 1_000) / bytesPerSecondMax - 1_000);
});

test('off is off', async () => {
  await using cluster = await startThree({ scrub: { ...SOON, bytesPerSecondMax: 0 } });
  expect(scrubOf(cluster, 'n1')).toBeUndefined();
});

test('a leaf that does not say what the records are is counted again, one that changes is not', async () => {
  const clock = new ManualClock();
  const ring = new Pair({ partitions: 4 }).ring;
  const counted: string[] = [];
  let leaves = new Uint32Array(3 * 1_024);
  leaves.set([7, 7, 1], 3 * 5);
  let isChanging = true;
  const scan = {
    leavesOf: (partition: number, done: (found: Uint32Array) => void): void => {
      if (isChanging) leaves = leaves.with(3 * 6, (leaves[3 * 6] ?? 0) + 1) as typeof leaves;
      done(partition === 2 ? leaves : new Uint32Array(3 * 1_024));
    },
    entries: async () => {
      const entries: readonly Entry[] = [];
      return { entries, isMore: false, unreadable: 0, damaged: 0, readBytes: 0 };
    },
    recount: (partition: number, leaf: number): void => {
      counted.push(`${partition}/${leaf}`);
      isChanging = false;
    },
  };
  const notes = new Notes();
  const scrub = new Scrub(
    {
      store: { scan } as never,
      deadlines: new Deadlines(clock),
      random: { float: () => 0 } as never,
      log: notes,
      metrics: notes,
      recovery: { isRecovering: false },
      place: () => ({ ring, nodeIndex: 0, datacentre: 'dc1' }),
    },
    { ...SOON, intervalMs: 1_000 },
  );
  scrub.start();
  for (let step = 0; step < 40 && counted.length === 0; step += 1) {
    await clock.advance(50);
  }
  scrub.stop();
  expect(counted).toEqual(['2/5']);
  expect(scrub.status()).toMatchObject({ correctedLeaves: 1 });
});
