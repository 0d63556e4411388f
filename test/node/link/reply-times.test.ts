/** How long one peer takes to answer reads, as its replies come in. */
import { expect, test } from 'vitest';
import { HALF_LIFE_MS, REFUSAL_MS, ReplyTimes } from '../../../src/node/link/reply-times.ts';

function after(samples: readonly number[]): ReplyTimes {
  const times = new ReplyTimes();
  for (const [index, tookMs] of samples.entries()) {
    times.sent(index + 1, 0);
    times.over(index + 1, tookMs, false);
  }
  return times;
}

test('a peer that was never asked has no time', () => {
  expect(new ReplyTimes().latencyMs(1_000_000)).toBe(0);
});

test('the first reply is the mean, later ones move it by a quarter of the difference', () => {
  expect(after([8]).latencyMs(8)).toBe(8);
  const times = new ReplyTimes();
  times.sent(1, 0);
  times.over(1, 8, false);
  times.sent(2, 8);
  times.over(2, 24, false);
  expect(times.latencyMs(24)).toBeCloseTo(10, 1);
});

test('a time halves every ten seconds without samples, so that a slow peer is tried again', () => {
  const times = after([1_000]);
  expect(times.latencyMs(1_000 + HALF_LIFE_MS)).toBeCloseTo(500);
  expect(times.latencyMs(1_000 + 10 * HALF_LIFE_MS)).toBeCloseTo(1_000 / 1_024);
});

test('a request that waits counts with its wait so far, and is not forgotten when its time is up', () => {
  const times = after([2]);
  times.sent(9, 10);
  expect(times.latencyMs(11)).toBeLessThan(2.1);
  expect(times.latencyMs(310)).toBe(300);
  times.over(9, 1_010, false);
  expect(times.latencyMs(1_010)).toBeGreaterThan(250);
});

test('one request is timed at a time, and the others change nothing', () => {
  const times = new ReplyTimes();
  times.sent(1, 0);
  times.sent(2, 5);
  times.over(2, 900, false);
  times.over(3, 900, false);
  times.over(1, 10, false);
  expect(times.latencyMs(10)).toBe(10);
});

test('what broke off is no sample', () => {
  const times = after([4]);
  times.sent(7, 4);
  times.drop();
  times.over(7, 5_000, false);
  expect(times.latencyMs(4)).toBe(4);
});

test('a peer that refuses at once is no quick peer', () => {
  const times = new ReplyTimes();
  times.sent(1, 0);
  times.over(1, 0.2, true);
  expect(times.latencyMs(0.2)).toBe(REFUSAL_MS);
});
