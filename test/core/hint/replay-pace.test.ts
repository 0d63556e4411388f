import { expect, test } from 'vitest';
import { ReplayPace } from '../../../src/core/hint/replay-pace.ts';

const OPTIONS = { settleMs: 10_000, retryMinMs: 1_000, retryMaxMs: 300_000 };

function pace(random = 0): ReplayPace {
  return new ReplayPace(OPTIONS, () => random);
}

test('a member gets nothing before it has been up for ten seconds and some', () => {
  const one = pace(0.5);
  expect(one.look(0, false)).toBe('waiting');
  expect(one.look(5_000, true)).toBe('settling');
  expect(one.look(16_249, true)).toBe('settling');
  expect(one.look(16_250, true)).toBe('ready');
});

test('one that goes away begins its ten seconds anew', () => {
  const one = pace();
  one.look(0, true);
  expect(one.look(9_000, false)).toBe('waiting');
  expect(one.look(9_500, true)).toBe('settling');
  expect(one.look(19_499, true)).toBe('settling');
  expect(one.look(19_500, true)).toBe('ready');
});

test('pauses double from a second to five minutes, and a delivery forgets them', () => {
  const one = pace(0.999_999);
  one.look(0, true);
  const pauses = [20_000, 40_000, 80_000].map((nowMs) => {
    one.failed(nowMs);
    let atMs = nowMs;
    while (one.look(atMs, true) === 'paused') atMs += 100;
    return atMs - nowMs;
  });
  expect(pauses).toEqual([1_000, 2_000, 4_000]);
  for (let times = 0; times < 20; times += 1) one.failed(200_000);
  expect(one.look(499_000, true)).toBe('paused');
  expect(one.look(500_000, true)).toBe('ready');
  one.delivered();
  one.failed(600_000);
  expect(one.look(601_000, true)).toBe('ready');
});

test('a member that asks for a longer pause gets it', () => {
  const one = pace();
  one.look(0, true);
  one.failed(20_000, 7_000);
  expect(one.look(26_999, true)).toBe('paused');
  expect(one.look(27_000, true)).toBe('ready');
});
