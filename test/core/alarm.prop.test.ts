/** Whatever is done with an alarm, at most one wait is set, and each ring had its own setting. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { Alarm } from '../../src/core/alarm.ts';
import { Deadlines } from '../../src/core/deadlines.ts';

class StepClock {
  nowMs = 0;
  #timer: { atMs: number; callback: () => void } | undefined;

  monotonicMs(): number {
    return this.nowMs;
  }

  setTimer(delayMs: number, callback: () => void): { cancel(): void } {
    const timer = { atMs: this.nowMs + delayMs, callback };
    this.#timer = timer;
    return {
      cancel: () => {
        if (this.#timer === timer) this.#timer = undefined;
      },
    };
  }

  advance(ms: number): void {
    const untilMs = this.nowMs + ms;
    for (let timer = this.#timer; timer !== undefined && timer.atMs <= untilMs; ) {
      this.nowMs = timer.atMs;
      this.#timer = undefined;
      timer.callback();
      timer = this.#timer;
    }
    this.nowMs = untilMs;
  }
}

const steps = fc.array(
  fc.oneof(
    fc.record({ set: fc.integer({ min: 0, max: 100 }) }),
    fc.record({ wait: fc.integer({ min: 0, max: 100 }) }),
  ),
  { maxLength: 60 },
);

test('an alarm is the same as a variable that holds one due time', () => {
  fc.assert(
    fc.property(steps, fc.option(fc.nat(60)), (all, stopAt) => {
      const clock = new StepClock();
      const deadlines = new Deadlines(clock);
      const rungMs: number[] = [];
      const alarm = new Alarm(deadlines, () => rungMs.push(clock.nowMs));
      const expectedMs: number[] = [];
      let dueMs: number | undefined;
      let isStopped = false;
      for (const [index, step] of all.entries()) {
        if (index === stopAt) {
          alarm.stop();
          isStopped = true;
          dueMs = undefined;
        }
        if ('set' in step) {
          alarm.set(step.set);
          if (!isStopped) dueMs ??= clock.nowMs + step.set;
        } else {
          const untilMs = clock.nowMs + step.wait;
          clock.advance(step.wait);
          if (dueMs !== undefined && dueMs <= untilMs) {
            expectedMs.push(dueMs);
            dueMs = undefined;
          }
        }
        expect(deadlines.size).toBe(dueMs === undefined ? 0 : 1);
        expect(rungMs).toEqual(expectedMs);
      }
    }),
  );
});
