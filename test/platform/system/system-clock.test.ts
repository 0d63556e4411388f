import { expect, it } from 'vitest';
import { systemClock } from '../../../src/platform/system/system-clock.ts';
import { describeClock } from '../../conformance/clock.ts';

describeClock('systemClock', () => systemClock);

const nextTimer = (delayMs: number): Promise<void> =>
  new Promise((resolve) => {
    systemClock.setTimer(delayMs, resolve);
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
