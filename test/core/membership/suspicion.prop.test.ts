import fc from 'fast-check';
import { expect, it } from 'vitest';
import { DEFAULT_DETECTOR_OPTIONS } from '../../../src/core/membership/detector-options.ts';
import { Suspicion, suspicionFloorMs } from '../../../src/core/membership/suspicion.ts';

const options = DEFAULT_DETECTOR_OPTIONS.suspicion;

it('lies between floor and ceiling and never gets longer by an accuser or by better health', () => {
  const count = fc.integer({ min: 2, max: 5_000 });
  const startMs = fc.integer({ min: 0, max: 1e12 });
  fc.assert(
    fc.property(count, startMs, fc.nat(7), fc.integer({ min: 1, max: 20 }), (n, at, health, by) => {
      const suspicion = new Suspicion(options, { startMs: at, memberCount: n });
      const floorMs = suspicionFloorMs(options.floorMs, n);
      const dueMs = suspicion.dueMs(by, health);
      expect(dueMs).toBeGreaterThanOrEqual(at + floorMs * (1 + health) - 1e-3);
      expect(dueMs).toBeLessThanOrEqual(at + 3 * floorMs * (1 + health) + 1e-3);
      expect(suspicion.dueMs(by + 1, health)).toBeLessThanOrEqual(dueMs);
      expect(suspicion.dueMs(by, health + 1)).toBeGreaterThan(dueMs);
      expect(suspicion.soonestMs).toBeLessThanOrEqual(dueMs);
      expect(suspicion.soonestMs).toBeCloseTo(suspicion.dueMs(n, 0), 3);
      suspicion.hasten(at);
      expect(suspicion.soonestMs).toBe(at + options.refusedMs);
      expect(suspicion.dueMs(by, health)).toBe(at + options.refusedMs);
    }),
  );
});
