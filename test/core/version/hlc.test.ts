import { expect, test } from 'vitest';
import {
  ceilingFor,
  HLC_EPOCH_UNIX_MS,
  HybridLogicalClock,
  hlcFromUnixMs,
  hlcToUnixMs,
} from '../../../src/core/version/hlc.ts';

const NOON = HLC_EPOCH_UNIX_MS + 43_200_000;
const at = (wallMs: number, monotonicMs: number) => ({ wallMs: NOON + wallMs, monotonicMs });
const startedAt = (ceiling: number) => new HybridLogicalClock({ ceiling, reading: at(0, 0) });

test('a tick is milliseconds since 2025 times 4,096 and a counter', () => {
  expect(HLC_EPOCH_UNIX_MS).toBe(Date.UTC(2025, 0, 1));
  expect(hlcFromUnixMs(HLC_EPOCH_UNIX_MS + 7)).toBe(28_672);
  expect(hlcToUnixMs(28_672 + 4_095)).toBe(HLC_EPOCH_UNIX_MS + 7);
  expect(hlcFromUnixMs(HLC_EPOCH_UNIX_MS + 7.9)).toBe(28_672);
  const clock = startedAt(0);
  expect(clock.issue(at(0, 0))).toBe(hlcFromUnixMs(NOON));
  expect(clock.issue(at(0, 0))).toBe(hlcFromUnixMs(NOON) + 1);
  expect(clock.issue(at(1, 1))).toBe(hlcFromUnixMs(NOON + 1));
  expect(clock.latest).toBe(hlcFromUnixMs(NOON + 1));
});

test('a start begins above the ceiling, whatever the wall clock says', () => {
  const ceiling = hlcFromUnixMs(NOON + 60_000);
  const clock = startedAt(ceiling);
  expect(clock.issue(at(0, 0))).toBe(ceiling + 1);
  expect(clock.issue(at(60_001, 60_001))).toBe(hlcFromUnixMs(NOON + 60_001));
});

test('a full counter carries into the milliseconds', () => {
  const clock = startedAt(0);
  let last = 0;
  for (let count = 0; count < 4_097; count += 1) last = clock.issue(at(0, 0));
  expect(hlcToUnixMs(last)).toBe(NOON + 1);
  expect(last).toBe(hlcFromUnixMs(NOON + 1));
});

test('a wall clock set back does not take ticks back', () => {
  const clock = startedAt(0);
  const first = clock.issue(at(0, 0));
  expect(clock.issue(at(-400, 1))).toBe(first + 1);
  expect(clock.isJumped).toBe(false);
});

test('a wall clock that jumps is not followed, the monotonic one is', () => {
  const clock = startedAt(0);
  expect(clock.issue(at(3_600_000, 10))).toBe(hlcFromUnixMs(NOON + 10));
  expect(clock.isJumped).toBe(true);
  expect(clock.issue(at(3_600_005, 15))).toBe(hlcFromUnixMs(NOON + 15));
  expect(clock.isJumped).toBe(true);
  // Back within 500 ms of where the monotonic clock says it should be.
  expect(clock.issue(at(320, 20))).toBe(hlcFromUnixMs(NOON + 320));
  expect(clock.isJumped).toBe(false);
});

test('a jump of exactly the allowed skew is followed, one millisecond more is not', () => {
  const clock = startedAt(0);
  expect(hlcToUnixMs(clock.issue(at(500, 0)))).toBe(NOON + 500);
  expect(clock.isJumped).toBe(false);
  clock.issue(at(1_001, 0));
  expect(clock.isJumped).toBe(true);
  const strict = new HybridLogicalClock({ ceiling: 0, reading: at(0, 0), maxSkewMs: 10 });
  strict.issue(at(11, 0));
  expect(strict.isJumped).toBe(true);
});

test("a jumped wall clock is followed again when the peers' median agrees with it", () => {
  const clock = startedAt(0);
  clock.issue(at(7_200_000, 5));
  expect(clock.isJumped).toBe(true);
  clock.agree(at(7_200_001, 6));
  expect(clock.isJumped).toBe(false);
  expect(clock.issue(at(7_200_002, 7))).toBe(hlcFromUnixMs(NOON + 7_200_002));
});

test('a wall clock before 2025 is refused at the start and when it is agreed on', () => {
  const early = { wallMs: HLC_EPOCH_UNIX_MS - 1, monotonicMs: 0 };
  const refused = expect.objectContaining({ code: 'CLOCK_SKEW', applied: 'no' });
  expect(() => new HybridLogicalClock({ ceiling: 0, reading: early })).toThrow(refused);
  expect(() => startedAt(0).agree(early)).toThrow(refused);
  expect(hlcFromUnixMs(early.wallMs)).toBeLessThan(0);
});

test('ticks that are used up are an error, not a number that is no longer exact', () => {
  const clock = startedAt(Number.MAX_SAFE_INTEGER - 1);
  expect(clock.issue(at(0, 0))).toBe(Number.MAX_SAFE_INTEGER);
  expect(() => clock.issue(at(0, 0))).toThrow(expect.objectContaining({ code: 'CLOCK_SKEW' }));
});

test('the ceiling lies 250 ms above the last tick', () => {
  expect(hlcToUnixMs(ceilingFor(hlcFromUnixMs(NOON)))).toBe(NOON + 250);
});
