import fc from 'fast-check';
import { expect, it } from 'vitest';
import { Deadlines } from '../../src/core/deadlines.ts';
import { StepClock } from './step-clock.ts';

it('calls back every wait that is not cancelled, once, never early, with at most one timer', () => {
  fc.assert(
    fc.property(
      fc.array(fc.record({ dueMs: fc.nat({ max: 100 }), isCancelled: fc.boolean() })),
      fc.array(fc.nat({ max: 120 })),
      (waits, stops) => {
        const clock = new StepClock();
        const deadlines = new Deadlines(clock);
        const called = waits.map(() => 0);
        const entries = waits.map(({ dueMs }, index) =>
          deadlines.add(dueMs, () => {
            expect(clock.monotonicMs()).toBeGreaterThanOrEqual(dueMs);
            called[index]! += 1;
          }),
        );
        for (const [index, { isCancelled }] of waits.entries()) {
          if (isCancelled) deadlines.cancel(entries[index]!);
        }
        for (const stop of [...stops.toSorted((a, b) => a - b), 200]) {
          clock.advanceTo(stop);
          expect(clock.timerCount).toBeLessThanOrEqual(1);
        }
        expect(called).toEqual(waits.map(({ isCancelled }) => (isCancelled ? 0 : 1)));
        expect(deadlines.size).toBe(0);
      },
    ),
  );
});
