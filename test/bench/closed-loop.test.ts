import { expect, it } from 'vitest';
import { runClosedLoop } from '../../src/bench/closed-loop.ts';

it('keeps so many requests in flight and no more, and asks for each once', async () => {
  let inFlight = 0;
  let most = 0;
  const asked: number[] = [];
  const result = await runClosedLoop({
    inFlight: 4,
    operations: 20,
    nowMs: () => asked.length,
    run: async (index) => {
      asked.push(index);
      inFlight += 1;
      most = Math.max(most, inFlight);
      await new Promise<void>((resolve) => setImmediate(resolve));
      inFlight -= 1;
    },
  });
  expect(most).toBe(4);
  expect(asked.toSorted((a, b) => a - b)).toEqual(Array.from({ length: 20 }, (_, i) => i));
  expect(result.operations).toBe(20);
});

it('gives percentiles by nearest rank', async () => {
  let nowMs = 0;
  const result = await runClosedLoop({
    inFlight: 1,
    operations: 100,
    nowMs: () => nowMs,
    run: async (index) => {
      nowMs += index + 1;
    },
  });
  expect(result).toMatchObject({ p50Ms: 50, p99Ms: 99, maxMs: 100 });
  expect(result.elapsedSeconds).toBeCloseTo(5.05);
});

it('rejects with the first failure, once everything in flight has ended', async () => {
  let ended = 0;
  const failing = runClosedLoop({
    inFlight: 3,
    operations: 9,
    nowMs: () => 0,
    run: async (index) => {
      await new Promise<void>((resolve) => setImmediate(resolve));
      if (index === 1) throw new Error('no');
      ended += 1;
    },
  });
  await expect(failing).rejects.toThrow('no');
  expect(ended).toBe(8);
});
