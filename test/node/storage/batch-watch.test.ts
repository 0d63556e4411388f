/** When is a batch given up, and when is one not, however long the clock says that it took? */
import { beforeEach, expect, test } from 'vitest';
import { BatchWatch } from '../../../src/node/storage/batch-watch.ts';
import { ManualClock } from '../../client/manual-clock.ts';

const TIMEOUT_MS = 4_000;
let clock: ManualClock;
let watch: BatchWatch;
let startMs: number;
let stuckAtMs: number[];

beforeEach(() => {
  clock = new ManualClock();
  startMs = clock.monotonicMs();
  stuckAtMs = [];
  watch = new BatchWatch(clock, TIMEOUT_MS);
  void watch.stuck.then(() => stuckAtMs.push(clock.monotonicMs() - startMs));
});

test('a batch that does not end is given up once, after its time and at most a quarter more', async () => {
  watch.begin();
  await clock.advance(TIMEOUT_MS);
  expect([stuckAtMs, watch.isStuck]).toEqual([[], false]);
  await clock.advance(10 * TIMEOUT_MS);
  expect([stuckAtMs.length, watch.isStuck]).toEqual([1, true]);
  expect(stuckAtMs[0]).toBeGreaterThan(TIMEOUT_MS);
  expect(stuckAtMs[0]).toBeLessThanOrEqual(1.25 * TIMEOUT_MS);
  expect(clock.timerCount).toBe(0);
});

test('one that begins just before a look has its whole time', async () => {
  watch.begin();
  await clock.advance(TIMEOUT_MS / 4 - 1);
  watch.begin();
  await clock.advance(TIMEOUT_MS);
  expect(stuckAtMs).toEqual([]);
  await clock.advance(TIMEOUT_MS / 4);
  expect(stuckAtMs).toHaveLength(1);
});

test('batches that end are never given up, one after the other without a pause', async () => {
  for (let passedMs = 0; passedMs < 10 * TIMEOUT_MS; passedMs += TIMEOUT_MS - 1) {
    watch.begin();
    await clock.advance(TIMEOUT_MS - 1);
  }
  expect(stuckAtMs).toEqual([]);
});

test('nothing is left of it when the batches are over, and the next has its whole time', async () => {
  watch.begin();
  await clock.advance(TIMEOUT_MS - 1);
  watch.stop();
  expect(clock.timerCount).toBe(0);
  await clock.advance(10 * TIMEOUT_MS);
  watch.begin();
  await clock.advance(TIMEOUT_MS);
  watch.stop();
  await clock.advance(10 * TIMEOUT_MS);
  expect(stuckAtMs).toEqual([]);
});

test('a process that stood still for hours hears of the end before it gives the batch up', () => {
  // When it goes on, its timers that are late come first, and what they set is not late.
  const late: (() => void)[] = [];
  const setTimer = (_: number, callback: () => void) => {
    late.push(callback);
    return { cancel: () => {} };
  };
  const own = new BatchWatch(Object.assign(new ManualClock(), { setTimer }), TIMEOUT_MS);
  own.begin();
  for (const callback of late.splice(0)) callback();
  own.stop();
  expect(own.isStuck).toBe(false);
});
