import { expect, it } from 'vitest';
import { systemClock } from '../../../src/platform/system/system-clock.ts';

const nextTimer = (delayMs: number): Promise<void> =>
  new Promise((resolve) => {
    systemClock.setTimer(delayMs, resolve);
  });

it('the monotonic clock does not go back and a timer does not fire early', async () => {
  const startMs = systemClock.monotonicMs();
  await nextTimer(10);
  // The system counts whole milliseconds, so a timer may fire a fraction of one too early.
  expect(systemClock.monotonicMs() - startMs).toBeGreaterThanOrEqual(9);
});

it('wall time is Unix time in milliseconds', () => {
  const beforeMs = Date.now();
  const wallMs = systemClock.wallMs();
  expect(wallMs).toBeGreaterThanOrEqual(beforeMs);
  expect(wallMs).toBeLessThanOrEqual(Date.now());
});

it('a cancelled timer does not fire, and cancelling it again does nothing', async () => {
  let hasFired = false;
  const timer = systemClock.setTimer(0, () => {
    hasFired = true;
  });
  timer.cancel();
  timer.cancel();
  await nextTimer(5);
  expect(hasFired).toBe(false);
});

it('a delay too large for the system is a long one, a negative one is none', async () => {
  let hasFired = false;
  const far = systemClock.setTimer(2 ** 40, () => {
    hasFired = true;
  });
  await nextTimer(-5);
  await nextTimer(5);
  expect(hasFired).toBe(false);
  far.cancel();
});

it('deferred work runs once everything that was ready has run, in the order of the calls', async () => {
  const order: string[] = [];
  const deferred = new Promise<void>((resolve) => {
    systemClock.defer(() => order.push('first deferred'));
    systemClock.defer(() => {
      order.push('second deferred');
      resolve();
    });
  });
  const ready = Promise.resolve().then(() => order.push('microtask'));
  order.push('now');
  await Promise.all([deferred, ready]);
  expect(order).toEqual(['now', 'microtask', 'first deferred', 'second deferred']);
});
