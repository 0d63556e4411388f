import { expect, it } from 'vitest';
import { LatencyWindow, SAMPLES_MIN, WINDOW } from '../../src/core/latency-window.ts';

function after(times: readonly number[]): LatencyWindow {
  const window = new LatencyWindow();
  for (const time of times) window.add(time);
  return window;
}

const ones = (count: number): number[] => Array.from({ length: count }, () => 1);

it('tells nothing before there were enough answers', () => {
  expect(after(ones(SAMPLES_MIN - 1)).highMs).toBe(0);
  expect(after(ones(SAMPLES_MIN)).highMs).toBe(1);
});

it('leaves one slow answer of twenty out, and not two', () => {
  expect(after([...ones(19), 500]).highMs).toBe(1);
  expect(after([...ones(18), 500, 500]).highMs).toBe(500);
});

it('forgets what was slow once there were as many others as it keeps', () => {
  const slow = Array.from({ length: WINDOW }, () => 500);
  expect(after(slow).highMs).toBe(500);
  expect(after([...slow, ...ones(WINDOW)]).highMs).toBe(1);
});
