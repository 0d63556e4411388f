import { expect, it } from 'vitest';
import { DEFAULT_DETECTOR_OPTIONS } from '../../../src/core/membership/detector-options.ts';
import { FlapDamping } from '../../../src/core/membership/flap-damping.ts';

const options = DEFAULT_DETECTOR_OPTIONS.flap;

it('bears three returns in ten minutes and damps from the fourth on, for two minutes', () => {
  const flaps = new FlapDamping(options);
  expect([0, 60_000, 120_000].map((atMs) => flaps.returned(atMs))).toEqual([false, false, false]);
  expect(flaps.isDamped(120_000)).toBe(false);
  expect(flaps.returned(180_000)).toBe(true);
  expect(flaps.isDamped(299_999)).toBe(true);
  expect(flaps.isDamped(300_000)).toBe(false);
});

it('is told once while it lasts, and lasts from the newest return', () => {
  const flaps = new FlapDamping(options);
  for (const atMs of [0, 1, 2]) flaps.returned(atMs);
  expect(flaps.returned(3)).toBe(true);
  expect(flaps.returned(100_000)).toBe(false);
  expect(flaps.isDamped(219_999)).toBe(true);
  expect(flaps.returned(220_000)).toBe(true);
});

it('does not damp a member that comes back every four minutes', () => {
  const flaps = new FlapDamping(options);
  for (let count = 0; count < 20; count += 1) expect(flaps.returned(count * 240_000)).toBe(false);
});
