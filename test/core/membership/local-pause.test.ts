import { expect, it } from 'vitest';
import { DEFAULT_DETECTOR_OPTIONS } from '../../../src/core/membership/detector-options.ts';
import { LocalPause } from '../../../src/core/membership/local-pause.ts';

const options = DEFAULT_DETECTOR_OPTIONS.localPause;

it('takes a beat that is up to a second late for no pause', () => {
  const pause = new LocalPause(options, 0);
  expect(pause.beat(100)).toBe(0);
  expect(pause.beat(1_200)).toBe(0);
  expect(pause.isIgnoring(1_200)).toBe(false);
  expect(pause.health).toBe(0);
  expect(pause.pauseEndMs).toBe(Number.NEGATIVE_INFINITY);
});

it('ignores silence for twice the pause, and a minute at most', () => {
  const pause = new LocalPause(options, 0);
  expect(pause.beat(10_100)).toBe(10_000);
  expect(pause.pauseEndMs).toBe(10_100);
  expect(pause.isIgnoring(30_099)).toBe(true);
  expect(pause.isIgnoring(30_100)).toBe(false);
  expect(pause.health).toBe(1);
  for (let nowMs = 10_200; nowMs <= 40_000; nowMs += 100) pause.beat(nowMs);
  expect(pause.beat(86_440_000)).toBeGreaterThan(86_000_000);
  expect(pause.isIgnoring(86_440_000 + 59_999)).toBe(true);
  expect(pause.isIgnoring(86_440_000 + 60_000)).toBe(false);
});

it('finds a pause once, by what is heard before the beat', () => {
  const pause = new LocalPause(options, 0);
  expect(pause.notice(5_100)).toBe(5_000);
  expect(pause.notice(5_100)).toBe(0);
  expect(pause.beat(5_150)).toBe(0);
  expect(pause.health).toBe(1);
});

it('gets well by one every ten seconds, or by reasons to', () => {
  const pause = new LocalPause(options, 0);
  for (let count = 0; count < 9; count += 1) pause.worsen(0);
  expect(pause.health).toBe(7);
  pause.improve(0);
  expect(pause.health).toBe(6);
  for (let nowMs = 100; nowMs <= 20_000; nowMs += 100) pause.beat(nowMs);
  expect(pause.health).toBe(4);
});
