/** Laws of the estimate of other clocks. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { ClockOffsets } from '../../../src/core/membership/clock-offset.ts';

const BASE_MS = 1_700_000_000_000;
const SAMPLES = 8;

const trips = fc.array(
  fc.record({
    thereMs: fc.integer({ min: 0, max: 5_000 }),
    backMs: fc.integer({ min: 0, max: 5_000 }),
    pauseMs: fc.integer({ min: 0, max: 10_000 }),
  }),
  { minLength: 1, maxLength: 30 },
);
const aheads = fc.integer({ min: -1e9, max: 1e9 });

test('the estimate is never further off than half of the shortest of the last eight trips', () => {
  fc.assert(
    fc.property(trips, aheads, (all, aheadMs) => {
      const offsets = new ClockOffsets();
      let nowMs = 0;
      const tripsMs: number[] = [];
      for (const { thereMs, backMs, pauseMs } of all) {
        const sentMs = nowMs + pauseMs;
        nowMs = sentMs + thereMs + backMs;
        const peerWallMs = BASE_MS + sentMs + thereMs + aheadMs;
        const ownWallMs = BASE_MS + nowMs;
        offsets.note('a', { sentMs, receivedMs: nowMs, ownWallMs, peerWallMs });
        tripsMs.push(thereMs + backMs);
        const errorMs = Math.abs((offsets.of('a') ?? Number.NaN) - aheadMs);
        expect(errorMs).toBeLessThanOrEqual(Math.min(...tripsMs.slice(-SAMPLES)) / 2);
      }
    }),
  );
});

test('whatever a minority of clocks says, the own offset stays within what the others say', () => {
  fc.assert(
    fc.property(
      fc.array(fc.integer({ min: -500, max: 500 }), { minLength: 2, maxLength: 9 }),
      fc.array(fc.double(), { maxLength: 10 }),
      (honest, wild) => {
        const offsets = new ClockOffsets();
        const ids: string[] = [];
        const note = (id: string, peerWallMs: number): void => {
          ids.push(id);
          offsets.note(id, { sentMs: 0, receivedMs: 0, ownWallMs: BASE_MS, peerWallMs });
        };
        for (const [index, aheadMs] of honest.entries()) note(`h${index}`, BASE_MS + aheadMs);
        // This node's own clock is an honest one too.
        for (const [index, wallMs] of wild.slice(0, honest.length).entries()) {
          note(`w${index}`, wallMs);
        }
        const ownMs = offsets.ownMs(ids);
        const middleMs = -ownMs;
        expect(middleMs).toBeGreaterThanOrEqual(Math.min(0, ...honest));
        expect(middleMs).toBeLessThanOrEqual(Math.max(0, ...honest));
      },
    ),
  );
});

test('the order in which members are asked about does not matter', () => {
  fc.assert(
    fc.property(fc.array(aheads, { maxLength: 12 }), (all) => {
      const offsets = new ClockOffsets();
      const ids = all.map((_, index) => `m${index}`);
      for (const [index, aheadMs] of all.entries()) {
        const peerWallMs = BASE_MS + aheadMs;
        offsets.note(`m${index}`, { sentMs: 0, receivedMs: 0, ownWallMs: BASE_MS, peerWallMs });
      }
      expect(offsets.ownMs([...ids].reverse())).toBe(offsets.ownMs(ids));
    }),
  );
});
