/** When is a batch given up, and when is one not, however long the clock says that it took? */
import { beforeEach, expect, test } from 'vitest';
import { BatchWatch } from '../../../src/node/storage/batch-watch.ts';
import { ManualClock } from '../../client/manual-clock.ts';

const TIMEOUT_MS = 4_000;
let clock: ManualClock;
let watch: BatchWatch;
let stuckAtMs: number[];

beforeEach(() => {
  clock = new ManualClock();
  stuckAtMs = [];
  const startMs = clock.monotonicMs();
  watch = new BatchWatch(clock, TIMEOUT_MS, () => stuckAtMs.push(clock.monotonicMs() - startMs));
});

test('a batch that does not end is given up once, after its time and at most half as much more', async () => {
  watch.begin();
  await clock.advance(TIMEOUT_MS);
  expect(stuckAtMs).toEqual([]);
  await clock.advance(10 * TIMEOUT_MS);
  expect(stuckAtMs).toHaveLength(1);
  expect(stuckAtMs[0]).toBeGreaterThan(TIMEOUT_MS);
  expect(stuckAtMs[0]).toBeLessThanOrEqual(1.5 * TIMEOUT_MS);
});

test('one that begins just before a look has its whole time', async () => {
  watch.begin();
  await clock.advance(TIMEOUT_MS / 4 - 1);
  watch.end();
  watch.begin();
  await clock.advance(TIMEOUT_MS);
  expect(stuckAtMs).toEqual([]);
});

test('batches that end are never given up, one after the other without a pause', async () => {
  for (let passedMs = 0; passedMs < 10 * TIMEOUT_MS; passedMs += TIMEOUT_MS - 1) {
    watch.begin();
    await clock.advance(TIMEOUT_MS - 1);
    watch.end();
  }
  expect(stuckAtMs).toEqual([]);
});

test('the time between two batches counts for neither', async () => {
  watch.begin();
  watch.end();
  await clock.advance(10 * TIMEOUT_MS);
  watch.begin();
  await clock.advance(TIMEOUT_MS);
  watch.end();
  await clock.advance(10 * TIMEOUT_MS);
  expect(stuckAtMs).toEqual([]);
  expect(clock.timerCount).toBe(0);
});

test('a process that stood still gives up nothing that ended meanwhile', async () => {
  watch.begin();
  // Its one timer is due at once when it goes on; the end of the batch is heard of after it.
  await clock.advance(TIMEOUT_MS / 4);
  watch.end();
  await clock.advance(10 * TIMEOUT_MS);
  expect(stuckAtMs).toEqual([]);
});

test('nothing is left of it when it is stopped', async () => {
  watch.begin();
  watch.stop();
  expect(clock.timerCount).toBe(0);
  await clock.advance(10 * TIMEOUT_MS);
  expect(stuckAtMs).toEqual([]);
});
