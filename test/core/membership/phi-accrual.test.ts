import { expect, it } from 'vitest';
import { DEFAULT_DETECTOR_OPTIONS } from '../../../src/core/membership/detector-options.ts';
import { PHI_MAX, PhiAccrual, phiOf } from '../../../src/core/membership/phi-accrual.ts';

const options = DEFAULT_DETECTOR_OPTIONS.phi;
const DAY_MS = 86_400_000;

it('gives the phi of the normal distribution', () => {
  for (const [elapsedMs, phi] of [
    [1_128, 1],
    [1_309, 3],
    [1_561, 8],
    [1_703, 12],
  ] as const) {
    const given = phiOf({ elapsedMs, meanMs: 1_000, deviationMs: 100 });
    expect(Math.abs(given - phi), `${elapsedMs} ms: ${given}`).toBeLessThan(0.02);
  }
});

it('is finite whatever it is given', () => {
  const values = [0, -1, 1e-300, 1, 1e300, Number.POSITIVE_INFINITY, Number.NaN];
  for (const elapsedMs of values) {
    for (const meanMs of values) {
      for (const deviationMs of values) {
        const phi = phiOf({ elapsedMs, meanMs, deviationMs });
        expect(phi).toBeGreaterThanOrEqual(0);
        expect(phi).toBeLessThanOrEqual(PHI_MAX);
      }
    }
  }
});

it('is finite after constant gaps and after a silence of days', () => {
  const window = new PhiAccrual(options, 0);
  for (let at = 0; at <= 1_000; at += 1) window.record(at * 1_000);
  expect(window.meanMs).toBe(1_000);
  expect(window.deviationMs).toBe(250);
  expect(window.phi(1_000_000)).toBe(0);
  expect(window.phi(1_002_499)).toBe(0);
  expect(window.phi(1_003_900)).toBeGreaterThan(7.9);
  expect(window.phi(1_003_920)).toBeLessThan(8.5);
  expect(window.phi(1_000_000 + 30 * DAY_MS)).toBe(PHI_MAX);
});

it('expects a gap of 1.5 s of a member that it has not heard', () => {
  const window = new PhiAccrual(options, 500);
  expect(window.meanMs).toBe(1_500);
  expect(window.deviationMs).toBe(375);
  expect(window.evidenceMs).toBe(500);
  expect(window.phi(3_500)).toBe(0);
  expect(window.phi(5_700)).toBeGreaterThan(8);
});

it('takes at most one sample in 250 ms, and none that is an outage', () => {
  const window = new PhiAccrual(options, 0);
  window.record(0);
  window.record(100);
  window.record(249);
  expect(window.meanMs).toBe(1_500);
  expect(window.evidenceMs).toBe(249);
  window.record(6_000);
  expect(window.meanMs).toBe(1_500);
  window.record(6_300);
  expect(window.meanMs).toBeCloseTo((1_125 + 1_875 + 300) / 3, 10);
});

it('takes no sample of a gap that was declared void, once', () => {
  const window = new PhiAccrual(options, 0);
  window.record(0);
  window.voidGap();
  window.record(4_000);
  expect(window.meanMs).toBe(1_500);
  window.record(8_000);
  expect(window.meanMs).toBeGreaterThan(1_500);
});

it('does not become hasty by evidence that comes with every reply', () => {
  const window = new PhiAccrual(options, 0);
  for (let atMs = 0; atMs <= 100_000; atMs += 10) window.record(atMs);
  expect(window.meanMs).toBe(1_000);
  expect(window.phi(103_100)).toBeLessThan(3);
});

it('forgets all but the newest 200 gaps', () => {
  const window = new PhiAccrual(options, 0);
  for (let atMs = 0; atMs <= 400_000; atMs += 4_000) window.record(atMs);
  for (let atMs = 402_000; atMs <= 800_000; atMs += 2_000) window.record(atMs);
  expect(window.meanMs).toBe(2_000);
  expect(window.deviationMs).toBe(500);
});
