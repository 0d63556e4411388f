import fc from 'fast-check';
import { expect, test } from 'vitest';
import { begins, type Pair, PairSchedule } from '../../../src/core/merkle/pair-schedule.ts';

const OPTIONS = { intervalMs: 1_000, retryMinMs: 10, retryMaxMs: 100 };
const PAIRS: readonly Pair[] = Array.from({ length: 6 }, (_, partition) => ({
  partition,
  peer: 1,
}));

const steps = fc.array(
  fc.record({
    what: fc.constantFrom('take', 'equal', 'failed', 'hurry'),
    which: fc.nat(5),
    passMs: fc.nat(400),
    random: fc.double({ min: 0, max: 0.999, noNaN: true }),
  }),
  { maxLength: 200 },
);

test('a pair is compared once at a time, and none is ever due later than it should be', () => {
  fc.assert(
    fc.property(steps, (all) => {
      let random = 0;
      let nowMs = 0;
      const schedule = new PairSchedule<Pair>(OPTIONS, () => random);
      for (const pair of PAIRS) schedule.add(pair, 0);
      const running = new Set<Pair>();
      const latestMs = new Map(PAIRS.map((pair) => [pair, OPTIONS.intervalMs]));
      for (const step of all) {
        random = step.random;
        nowMs += step.passMs;
        const pair = PAIRS[step.which];
        if (pair === undefined) continue;
        if (step.what === 'take') {
          const taken = schedule.take(nowMs, () => true);
          if (taken === undefined) {
            for (const [other, dueMs] of latestMs) {
              expect(running.has(other) || dueMs > nowMs).toBe(true);
            }
          } else {
            expect(running.has(taken)).toBe(false);
            running.add(taken);
            latestMs.set(taken, Number.POSITIVE_INFINITY);
          }
        } else if (step.what === 'hurry') {
          schedule.hurry(pair, nowMs);
          latestMs.set(pair, Math.min(latestMs.get(pair) ?? nowMs, nowMs));
        } else if (running.delete(pair)) {
          const isEqual = step.what === 'equal';
          if (isEqual) schedule.equal(pair, nowMs);
          else schedule.failed(pair, nowMs, false);
          const pauseMs = isEqual ? 1.1 * OPTIONS.intervalMs : OPTIONS.retryMaxMs;
          const hurriedMs = isEqual ? (latestMs.get(pair) ?? nowMs) : Number.POSITIVE_INFINITY;
          latestMs.set(pair, Math.min(hurriedMs, nowMs + pauseMs));
        }
      }
    }),
  );
});

test('of any two nodes exactly one begins', () => {
  fc.assert(
    fc.property(fc.nat(200), fc.nat(200), fc.nat(65_535), (one, other, partition) => {
      fc.pre(one !== other);
      expect(begins(one, other, partition)).toBe(!begins(other, one, partition));
    }),
  );
});
