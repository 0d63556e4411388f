/** What every Clock on real time must do (src/env/clock.ts), run over each adapter. */
import { describe, expect, it } from 'vitest';
import type { Clock } from '../../src/env/clock.ts';

export function describeClock(name: string, makeClock: () => Clock): void {
  describe(`${name} as a Clock`, () => {
    const passed = (clock: Clock, delayMs: number): Promise<void> =>
      new Promise((resolve) => {
        clock.setTimer(delayMs, resolve);
      });

    it('does not go back, and a timer does not fire early', async () => {
      const clock = makeClock();
      const startMs = clock.monotonicMs();
      await passed(clock, 10);
      // The system counts whole milliseconds, so a timer may fire a fraction of one too early.
      expect(clock.monotonicMs() - startMs).toBeGreaterThanOrEqual(9);
    });

    it('tells Unix time in milliseconds', () => {
      const beforeMs = Date.now();
      const wallMs = makeClock().wallMs();
      expect(wallMs).toBeGreaterThanOrEqual(beforeMs);
      expect(wallMs).toBeLessThanOrEqual(Date.now());
    });

    it('does not fire a cancelled timer, and cancelling it again does nothing', async () => {
      const clock = makeClock();
      let hasFired = false;
      const timer = clock.setTimer(0, () => {
        hasFired = true;
      });
      timer.cancel();
      timer.cancel();
      await passed(clock, 5);
      expect(hasFired).toBe(false);
    });

    it('fires a timer without delay in a later turn, and once', async () => {
      const clock = makeClock();
      let count = 0;
      const timer = clock.setTimer(0, () => {
        count += 1;
      });
      expect(count).toBe(0);
      await passed(clock, 5);
      timer.cancel();
      await passed(clock, 5);
      expect(count).toBe(1);
    });

    it('runs deferred work once all that was ready has run, in the order of the calls', async () => {
      const clock = makeClock();
      const order: string[] = [];
      const deferred = new Promise<void>((resolve) => {
        clock.defer(() => order.push('first deferred'));
        clock.defer(() => {
          order.push('second deferred');
          resolve();
        });
      });
      const ready = Promise.resolve().then(() => order.push('microtask'));
      order.push('now');
      await Promise.all([deferred, ready]);
      expect(order).toEqual(['now', 'microtask', 'first deferred', 'second deferred']);
    });
  });
}
