/** The estimate of other clocks, by examples in which the truth is known. */
import { expect, test } from 'vitest';
import { ClockOffsets, type ClockSample } from '../../../src/core/membership/clock-offset.ts';

/** This node's wall clock is its monotonic one plus this. */
const BASE_MS = 1_700_000_000_000;

interface Trip {
  readonly sentMs: number;
  /** On the way there and back. */
  readonly thereMs: number;
  readonly backMs: number;
  /** Of the other clock. */
  readonly aheadMs: number;
}

function sampleOf({ sentMs, thereMs, backMs, aheadMs }: Trip, baseMs = BASE_MS): ClockSample {
  const receivedMs = sentMs + thereMs + backMs;
  const peerWallMs = baseMs + sentMs + thereMs + aheadMs;
  return { sentMs, receivedMs, ownWallMs: baseMs + receivedMs, peerWallMs };
}

test('a trip that takes as long there as back shows the offset exactly', () => {
  const offsets = new ClockOffsets();
  offsets.note('a', sampleOf({ sentMs: 0, thereMs: 20, backMs: 20, aheadMs: 1_500 }));
  offsets.note('b', sampleOf({ sentMs: 10, thereMs: 5, backMs: 5, aheadMs: -700 }));
  expect(offsets.of('a')).toBe(1_500);
  expect(offsets.of('b')).toBe(-700);
});

test('nothing is known before the first sample', () => {
  const offsets = new ClockOffsets();
  expect(offsets.of('a')).toBeUndefined();
  expect(offsets.ownMs(['a', 'b'])).toBe(0);
});

test('the shortest of the last trips counts, and of equal ones the latest', () => {
  const offsets = new ClockOffsets();
  offsets.note('a', sampleOf({ sentMs: 0, thereMs: 2, backMs: 2, aheadMs: 100 }));
  offsets.note('a', sampleOf({ sentMs: 1_000, thereMs: 900, backMs: 0, aheadMs: 100 }));
  expect(offsets.of('a')).toBe(100);
  offsets.note('a', sampleOf({ sentMs: 3_000, thereMs: 2, backMs: 2, aheadMs: 104 }));
  expect(offsets.of('a')).toBe(104);
});

test('a clock that was set is followed when its eighth new sample has come', () => {
  const offsets = new ClockOffsets();
  offsets.note('a', sampleOf({ sentMs: 0, thereMs: 1, backMs: 1, aheadMs: 0 }));
  for (let turn = 1; turn <= 7; turn += 1) {
    offsets.note('a', sampleOf({ sentMs: turn * 1_000, thereMs: 5, backMs: 5, aheadMs: 60_000 }));
  }
  expect(offsets.of('a')).toBe(0);
  offsets.note('a', sampleOf({ sentMs: 9_000, thereMs: 5, backMs: 5, aheadMs: 60_000 }));
  expect(offsets.of('a')).toBe(60_000);
});

test('what was measured with a clock that was set since is forgotten', () => {
  const offsets = new ClockOffsets();
  offsets.note('a', sampleOf({ sentMs: 0, thereMs: 1, backMs: 1, aheadMs: 0 }));
  const trip = { sentMs: 1_000, thereMs: 1, backMs: 1, aheadMs: -5_000 };
  offsets.note('b', sampleOf(trip, BASE_MS + 5_000));
  expect(offsets.of('a')).toBeUndefined();
  expect(offsets.of('b')).toBe(-5_000);
});

test('an own clock that creeps by less than 50 ms keeps what was measured', () => {
  const offsets = new ClockOffsets();
  offsets.note('a', sampleOf({ sentMs: 0, thereMs: 1, backMs: 1, aheadMs: 0 }));
  offsets.note('b', sampleOf({ sentMs: 1_000, thereMs: 1, backMs: 1, aheadMs: 0 }, BASE_MS + 49));
  expect(offsets.of('a')).toBe(0);
});

test('the middle of all clocks is the one that most agree with, whatever a wrong one says', () => {
  const offsets = new ClockOffsets();
  offsets.note('a', sampleOf({ sentMs: 0, thereMs: 1, backMs: 1, aheadMs: 400 }));
  offsets.note('b', sampleOf({ sentMs: 5, thereMs: 1, backMs: 1, aheadMs: 420 }));
  offsets.note('c', sampleOf({ sentMs: 10, thereMs: 1, backMs: 1, aheadMs: 410 }));
  offsets.note('d', sampleOf({ sentMs: 15, thereMs: 1, backMs: 1, aheadMs: 86_400_000 }));
  expect(offsets.ownMs(['a', 'b', 'c', 'd'])).toBe(-410);
  expect(offsets.ownMs([])).toBe(0);
});

test('of two clocks the middle lies between them', () => {
  const offsets = new ClockOffsets();
  offsets.note('a', sampleOf({ sentMs: 0, thereMs: 1, backMs: 1, aheadMs: 400 }));
  expect(offsets.ownMs(['a'])).toBe(-200);
});

test('what is no time of any clock is left out', () => {
  const offsets = new ClockOffsets();
  const sample = sampleOf({ sentMs: 0, thereMs: 1, backMs: 1, aheadMs: 7 });
  for (const peerWallMs of [Number.NaN, Number.POSITIVE_INFINITY, 1e300, -1e300]) {
    offsets.note('a', { ...sample, peerWallMs });
  }
  expect(offsets.of('a')).toBeUndefined();
  offsets.note('a', sample);
  expect(offsets.of('a')).toBe(7);
});

test('an answer that seems to come before its question took no time', () => {
  const offsets = new ClockOffsets();
  offsets.note('a', { sentMs: 10, receivedMs: 9, ownWallMs: 1_000, peerWallMs: 1_050 });
  expect(offsets.of('a')).toBe(50);
});

test('a member that is forgotten has no offset', () => {
  const offsets = new ClockOffsets();
  offsets.note('a', sampleOf({ sentMs: 0, thereMs: 1, backMs: 1, aheadMs: 7 }));
  offsets.forget('a');
  expect(offsets.of('a')).toBeUndefined();
});
