/** Laws of the time that one peer takes to answer. */
import fc from 'fast-check';
import { test } from 'vitest';
import { ReplyTimes } from '../../../src/node/link/reply-times.ts';

const step = fc.record({
  waitMs: fc.integer({ min: 0, max: 1_000_000 }),
  what: fc.constantFrom('sent', 'over', 'refused', 'drop'),
  id: fc.integer({ min: 1, max: 4 }),
});

test('the time is finite, not negative, and never above the longest wait or refusal', () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
      const times = new ReplyTimes();
      let nowMs = 1;
      for (const { waitMs, what, id } of steps) {
        nowMs += waitMs;
        if (what === 'sent') times.sent(id, nowMs);
        else if (what === 'drop') times.drop();
        else times.over(id, nowMs, what === 'refused');
        const latencyMs = times.latencyMs(nowMs);
        if (!Number.isFinite(latencyMs) || latencyMs < 0 || latencyMs > nowMs + 100) return false;
      }
      return true;
    }),
  );
});

test('without a request under way the time never rises by itself', () => {
  fc.assert(
    fc.property(fc.nat(100_000), fc.nat(100_000), fc.nat(100_000), (tookMs, oneMs, twoMs) => {
      const times = new ReplyTimes();
      times.sent(1, 0);
      times.over(1, tookMs, false);
      return times.latencyMs(tookMs + oneMs) >= times.latencyMs(tookMs + oneMs + twoMs);
    }),
  );
});
