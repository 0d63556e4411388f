import { expect, it } from 'vitest';
import { DEFAULT_DETECTOR_OPTIONS } from '../../../src/core/membership/detector-options.ts';
import { Suspicion, suspicionFloorMs } from '../../../src/core/membership/suspicion.ts';

const options = DEFAULT_DETECTOR_OPTIONS.suspicion;

it('takes 4 s at least, and more with the logarithm of the members', () => {
  expect(suspicionFloorMs(4_000, 3)).toBe(4_000);
  expect(suspicionFloorMs(4_000, 10)).toBe(4_000);
  expect(suspicionFloorMs(4_000, 100)).toBeCloseTo(8_000, 9);
  expect(suspicionFloorMs(4_000, 1_000)).toBeCloseTo(12_000, 9);
});

it('starts at three times that and shrinks with each accuser, by the logarithm', () => {
  const suspicion = new Suspicion(options, { startMs: 1_000, memberCount: 10 });
  expect(suspicion.dueMs(1, 0)).toBe(13_000);
  expect(suspicion.dueMs(2, 0)).toBeCloseTo(9_000, 9);
  expect(suspicion.dueMs(3, 0)).toBeCloseTo(6_660.15, 2);
  expect(suspicion.dueMs(4, 0)).toBe(5_000);
  expect(suspicion.dueMs(9, 0)).toBe(5_000);
});

it('waits for no more accusers than there are', () => {
  expect(new Suspicion(options, { startMs: 0, memberCount: 2 }).dueMs(1, 0)).toBe(4_000);
  const ofThree = new Suspicion(options, { startMs: 0, memberCount: 3 });
  expect(ofThree.dueMs(1, 0)).toBe(12_000);
  expect(ofThree.dueMs(2, 0)).toBe(4_000);
});

it('waits longer the more this node has reason to doubt itself', () => {
  const suspicion = new Suspicion(options, { startMs: 0, memberCount: 5 });
  expect(suspicion.dueMs(4, 7)).toBe(32_000);
  expect(suspicion.dueMs(1, 7)).toBe(96_000);
});

it('takes a second when the machine refuses, whatever the health of this node', () => {
  const suspicion = new Suspicion(options, { startMs: 0, memberCount: 5 });
  suspicion.hasten(500);
  suspicion.hasten(900);
  expect(suspicion.dueMs(1, 7)).toBe(1_500);
});
