import { expect, test } from 'vitest';
import { begins, type Pair, PairSchedule } from '../../../src/core/merkle/pair-schedule.ts';

const OPTIONS = { intervalMs: 10_000, retryMinMs: 100, retryMaxMs: 1_000 };
const A: Pair = { partition: 0, peer: 1 };
const B: Pair = { partition: 1, peer: 1 };
const always = () => true;

/** With a random that is always this; at 0 a pair that is added is due after the interval. */
function scheduleOf(pairs: readonly Pair[], random = 0, options = OPTIONS): PairSchedule<Pair> {
  const schedule = new PairSchedule(options, () => random);
  for (const pair of pairs) schedule.add(pair, 0);
  return schedule;
}

test('a pair is due within the interval, once, and again an interval after it was equal', () => {
  const schedule = scheduleOf([A], 0.5);
  expect(schedule.take(4_999, always)).toBeUndefined();
  expect(schedule.nextDueMs(0)).toBe(5_000);
  expect(schedule.take(5_000, always)).toBe(A);
  expect(schedule.take(50_000, always)).toBeUndefined();
  schedule.equal(A, 6_000);
  expect(schedule.nextDueMs(6_000)).toBe(16_000);
});

test('the most overdue goes first, and before it what is hurried', () => {
  const schedule = scheduleOf([A]);
  schedule.add(B, 500);
  expect(schedule.overdueCount(20_000)).toBe(2);
  expect(schedule.take(20_000, always)).toBe(A);
  schedule.equal(A, 20_000);
  schedule.hurry(A, 20_001);
  expect(schedule.take(20_001, always)).toBe(A);
  expect(schedule.take(20_001, always)).toBe(B);
});

test('one that is not ready is passed over and stays due', () => {
  const schedule = scheduleOf([A, B]);
  expect(schedule.take(20_000, (pair) => pair !== A)).toBe(B);
  expect(schedule.overdueCount(20_000)).toBe(1);
  expect(schedule.take(20_000, always)).toBe(A);
});

test('pauses after failures double up to the longest, and end with success', () => {
  const schedule = scheduleOf([A], 0);
  let nowMs = 10_000;
  const pauses: number[] = [];
  for (let turn = 0; turn < 6; turn += 1) {
    expect(schedule.take(nowMs, always)).toBe(A);
    schedule.failed(A, nowMs, false);
    pauses.push(schedule.nextDueMs(nowMs) - nowMs);
    nowMs = schedule.nextDueMs(nowMs);
  }
  expect(pauses).toEqual([50, 100, 200, 400, 500, 500]);
  schedule.take(nowMs, always);
  schedule.equal(A, nowMs);
  schedule.hurry(A, nowMs);
  schedule.take(nowMs, always);
  schedule.failed(A, nowMs, false, 300);
  expect(schedule.nextDueMs(nowMs) - nowMs).toBe(300);
});

test('what is hurried while it is compared is compared once more', () => {
  const schedule = scheduleOf([A]);
  schedule.take(20_000, always);
  schedule.hurry(A, 20_100);
  expect(schedule.isHurried(A)).toBe(true);
  expect(schedule.take(20_100, always)).toBeUndefined();
  schedule.equal(A, 20_200);
  expect(schedule.take(20_200, always)).toBe(A);
  schedule.equal(A, 20_300);
  expect(schedule.take(20_300, always)).toBeUndefined();
});

test('without an interval only what is hurried is due', () => {
  const schedule = scheduleOf([A], 0, { ...OPTIONS, intervalMs: Number.POSITIVE_INFINITY });
  expect(schedule.take(1e12, always)).toBeUndefined();
  expect(schedule.nextDueMs(0)).toBe(Number.POSITIVE_INFINITY);
  schedule.hurry(A, 1e12);
  expect(schedule.take(1e12, always)).toBe(A);
  schedule.equal(A, 1e12);
  expect(schedule.nextDueMs(1e12)).toBe(Number.POSITIVE_INFINITY);
});

test('of three nodes each begins as many comparisons as the others', () => {
  const counts = [0, 0, 0];
  for (let partition = 0; partition < 8; partition += 1) {
    for (const [one, other] of [
      [0, 1],
      [0, 2],
      [1, 2],
    ] as const) {
      const first = begins(one, other, partition) ? one : other;
      counts[first] = (counts[first] ?? 0) + 1;
    }
  }
  expect(counts).toEqual([8, 8, 8]);
});
