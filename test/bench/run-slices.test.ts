import { describe, expect, it } from 'vitest';
import { Outcomes } from '../../src/bench/outcomes.ts';
import { runNoise, runSlices } from '../../src/bench/run-slices.ts';

function client(slices: readonly (readonly [reads: number, ms: number])[]) {
  return {
    elapsedSeconds: slices.length,
    unstarted: 0,
    processorSeconds: 1,
    slices: slices.map(([reads, ms]) => {
      const outcomes = new Outcomes();
      for (let read = 0; read < reads; read += 1) outcomes.took('read', ms);
      outcomes.succeeded = reads;
      return { seconds: reads === 0 ? 0 : 1, outcomes: outcomes.encode() };
    }),
  };
}

describe('the slices of a run', () => {
  it('are those of all clients together, and leave out what is not known', () => {
    const slices = runSlices([
      client([
        [10, 1],
        [20, 2],
        [0, 0],
      ]),
      client([
        [30, 1],
        [20, 2],
        [0, 0],
      ]),
    ]);
    expect(slices).toEqual([
      { throughput: 40, readP50Ms: 1, readP99Ms: 1, readP999Ms: 1 },
      { throughput: 40, readP50Ms: 2, readP99Ms: 2, readP999Ms: 2 },
      {},
    ]);
  });

  it('that are alike tell of little noise, that are not of much', () => {
    const noiseOf = (...reads: number[]) =>
      runNoise(runSlices([client(reads.map((each) => [each, 1]))]));
    expect(noiseOf(100, 100, 100).throughput).toBe(1);
    expect(noiseOf(100, 101, 99, 100).throughput).toBeLessThan(1.2);
    expect(noiseOf(100, 200, 50, 100).throughput).toBeGreaterThan(2);
    expect(noiseOf(100)).toEqual({});
  });
});
