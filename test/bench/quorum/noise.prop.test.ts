/** The design effect of counted shares, and the range that follows, whatever was counted. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Counted, designEffect } from '../../../src/bench/quorum/noise.ts';
import { type Figure, shareOf } from '../../../src/bench/report/measured.ts';

const ROUNDING = 1e-9;

const counted = fc
  .tuple(fc.nat({ max: 500 }), fc.nat({ max: 500 }))
  .map(([hits, misses]): Counted => [hits, hits + misses]);
/** With hits and misses. */
const mixed = fc
  .tuple(fc.integer({ min: 1, max: 500 }), fc.integer({ min: 1, max: 500 }))
  .map(([hits, misses]): Counted => [hits, hits + misses]);
const effect = fc.double({ min: 1, max: 1_000, noNaN: true });

function expectWithin(inner: Figure, outer: Figure): void {
  expect(inner.low).toBeGreaterThanOrEqual((outer.low ?? 0) - ROUNDING);
  expect(inner.high).toBeLessThanOrEqual((outer.high ?? 1) + ROUNDING);
}

describe('the design effect', () => {
  it('is a number not below 1, or is unknown', () => {
    fc.assert(
      fc.property(fc.array(fc.array(counted, { maxLength: 8 }), { maxLength: 5 }), (settings) => {
        const is = designEffect(settings);
        if (is === null) return;
        expect(Number.isFinite(is)).toBe(true);
        expect(is).toBeGreaterThanOrEqual(1);
      }),
    );
  });

  it('is 1 when the slices of each setting are equal', () => {
    const slices = fc
      .tuple(mixed, fc.integer({ min: 2, max: 8 }))
      .map(([slice, count]) => Array.from({ length: count }, () => slice));
    fc.assert(
      fc.property(fc.array(slices, { minLength: 1, maxLength: 5 }), (settings) => {
        expect(designEffect(settings)).toBe(1);
      }),
    );
  });

  it('does not fall when slices move apart around their share', () => {
    const apart = fc.tuple(fc.nat({ max: 200 }), fc.nat({ max: 200 }));
    fc.assert(
      fc.property(apart, ([one, other]) => {
        const of = (by: number) =>
          designEffect([
            [
              [200 - by, 400],
              [200 + by, 400],
            ],
          ]) ?? 0;
        expect(of(Math.max(one, other))).toBeGreaterThanOrEqual(of(Math.min(one, other)));
      }),
    );
  });
});

describe('the range of a share', () => {
  it('widens with the design effect, around the same share', () => {
    fc.assert(
      fc.property(counted, effect, effect, ([hits, trials], one, other) => {
        const narrow = shareOf(hits, trials, Math.min(one, other));
        const wide = shareOf(hits, trials, Math.max(one, other));
        expect(narrow.value).toBe(wide.value);
        expectWithin(narrow, wide);
        if (hits > 0 && trials > 0) expect(narrow.value).toBe(hits / trials);
      }),
    );
  });

  it('is strictly wider for slices that differ than for as many independent trials', () => {
    const [hits, trials] = [120, 200];
    const differing =
      designEffect([
        [
          [30, 100],
          [90, 100],
        ],
      ]) ?? 1;
    const independent = shareOf(hits, trials);
    const honest = shareOf(hits, trials, differing);
    expect(honest.low ?? 0).toBeLessThan(independent.low ?? 0);
    expect(honest.high ?? 1).toBeGreaterThan(independent.high ?? 1);
  });

  it('never widens with more trials of the same share', () => {
    fc.assert(
      fc.property(counted, effect, fc.integer({ min: 1, max: 50 }), ([hits, trials], by, times) => {
        expectWithin(shareOf(hits * times, trials * times, by), shareOf(hits, trials, by));
      }),
    );
  });
});
