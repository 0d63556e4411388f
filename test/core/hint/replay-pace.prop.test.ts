import fc from 'fast-check';
import { expect, test } from 'vitest';
import { ReplayPace } from '../../../src/core/hint/replay-pace.ts';

const OPTIONS = { settleMs: 1_000, retryMinMs: 100, retryMaxMs: 5_000 };

test('ready means: up without a gap for the settle time, and no pause under way', () => {
  const looks = fc.array(
    fc.record({ passedMs: fc.nat(700), isUp: fc.boolean(), fails: fc.boolean() }),
    { maxLength: 50 },
  );
  fc.assert(
    fc.property(looks, fc.double({ min: 0, max: 0.999, noNaN: true }), (all, random) => {
      const pace = new ReplayPace(OPTIONS, () => random);
      let nowMs = 0;
      let upSinceMs: number | undefined;
      let failedAtMs: number | undefined;
      for (const { passedMs, isUp, fails } of all) {
        nowMs += passedMs;
        if (!isUp) upSinceMs = undefined;
        else upSinceMs ??= nowMs;
        const phase = pace.look(nowMs, isUp);
        if (phase === 'ready') {
          expect(nowMs - (upSinceMs ?? nowMs)).toBeGreaterThanOrEqual(OPTIONS.settleMs);
          if (failedAtMs !== undefined) {
            expect(nowMs - failedAtMs).toBeGreaterThanOrEqual(OPTIONS.retryMinMs / 2);
          }
        }
        const isLong = upSinceMs !== undefined && nowMs - upSinceMs >= OPTIONS.settleMs * 1.25;
        const isPaused = failedAtMs !== undefined && nowMs - failedAtMs < OPTIONS.retryMaxMs;
        if (isLong && !isPaused) expect(phase).toBe('ready');
        if (fails) {
          pace.failed(nowMs);
          failedAtMs = nowMs;
        }
      }
    }),
  );
});
