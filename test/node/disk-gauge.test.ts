/** How full the disk is, asked now and then. */
import { expect, test } from 'vitest';
import { Deadlines } from '../../src/core/deadlines.ts';
import type { DiskSpace } from '../../src/env/store.ts';
import { DiskGauge } from '../../src/node/disk-gauge.ts';
import { ManualClock } from '../client/manual-clock.ts';
import { Notes } from './notes.ts';

type Answer = DiskSpace | Error | Promise<DiskSpace>;

function rig(first: Answer) {
  const clock = new ManualClock();
  const deadlines = new Deadlines(clock);
  const notes = new Notes();
  const told: number[] = [];
  const store = {
    answer: first,
    askCount: 0,
    async diskSpace(): Promise<DiskSpace> {
      store.askCount += 1;
      const answer = await store.answer;
      if (answer instanceof Error) throw answer;
      return answer;
    },
  };
  const gauge = new DiskGauge({ store, deadlines, log: notes }, (percent) => told.push(percent));
  return { clock, deadlines, notes, told, store, gauge };
}

function used(percent: number): DiskSpace {
  return { totalBytes: 1_000, freeBytes: 1_000 - percent * 10 };
}

test('the used part is told at the start, and every 30 s when it has moved by 1 or more', async () => {
  const { clock, told, store, gauge } = rig(used(40));
  gauge.start();
  await clock.settle();
  expect(told).toEqual([40]);
  for (const percent of [40.6, 39.4, 41, 41.5, 95, 0]) {
    store.answer = used(percent);
    await clock.advance(30_000);
  }
  expect(told).toEqual([40, 41, 95, 0]);
  expect(store.askCount).toBe(7);
});

test.each([
  { totalBytes: 0, freeBytes: 0 },
  { totalBytes: Number.NaN, freeBytes: 5 },
  { totalBytes: 100, freeBytes: 200 },
])('a store without a disk is 0 %%: %j', async (space) => {
  const { clock, told, gauge } = rig(space);
  gauge.start();
  await clock.settle();
  expect(told).toEqual([]);
});

test('a store that cannot say is logged once until it can again', async () => {
  const { clock, notes, told, store, gauge } = rig(new Error('no such device'));
  gauge.start();
  await clock.advance(90_000);
  expect(notes.events('disk-space-unknown')).toHaveLength(1);
  store.answer = used(7);
  await clock.advance(30_000);
  expect(told).toEqual([7]);
  store.answer = new Error('gone again');
  await clock.advance(60_000);
  expect(notes.events('disk-space-unknown')).toHaveLength(2);
});

test('a store that does not answer is not asked again before it has', async () => {
  const waiting: ((space: DiskSpace) => void)[] = [];
  const { clock, told, store, gauge } = rig(new Promise((resolve) => waiting.push(resolve)));
  gauge.start();
  await clock.advance(600_000);
  expect(store.askCount).toBe(1);
  waiting[0]?.(used(12));
  await clock.settle();
  expect(told).toEqual([12]);
});

test('after stop nothing is asked, told or left', async () => {
  const waiting: ((space: DiskSpace) => void)[] = [];
  const { clock, deadlines, told, store, gauge } = rig(
    new Promise((resolve) => waiting.push(resolve)),
  );
  gauge.start();
  gauge.stop();
  gauge.start();
  waiting[0]?.(used(12));
  await clock.advance(60_000);
  expect([told, store.askCount, deadlines.size]).toEqual([[], 1, 0]);
});
