import { describe, expect, it } from 'vitest';
import { LoadSlices } from '../../src/bench/load-slices.ts';

describe('slices of a run', () => {
  it('follow the time, and an operation counts where it was meant to begin', () => {
    const slices = new LoadSlices({ count: 4, seconds: 2, operations: undefined }, 1_000);
    for (const intendedMs of [1_000, 1_499, 1_500, 2_999]) slices.of(intendedMs).operations += 1;
    expect(
      slices.slices(3_100).map(({ seconds, outcomes }) => [seconds, outcomes.operations]),
    ).toEqual([
      [0.5, 2],
      [1.499, 1],
      [0, 0],
      [0.101, 1],
    ]);
    expect(slices.total().operations).toBe(4);
  });

  it('follow the work where there is no time, or where it ends sooner', () => {
    for (const seconds of [undefined, 1_000]) {
      const slices = new LoadSlices({ count: 2, seconds, operations: 6 }, 0);
      for (let begun = 0; begun < 6; begun += 1) slices.of(begun).operations += 1;
      expect(slices.all.map(({ operations }) => operations)).toEqual([3, 3]);
    }
  });

  it('take what begins after the end in the last one, and never go back', () => {
    const slices = new LoadSlices({ count: 2, seconds: 1, operations: undefined }, 0);
    expect(slices.of(5_000)).toBe(slices.all[1]);
    expect(slices.of(100)).toBe(slices.all[1]);
  });
});
