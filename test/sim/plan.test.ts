import { describe, expect, it } from 'vitest';
import { planScenario } from '../../src/sim/plan.ts';

const seeds = Array.from({ length: 40 }, (_, seed) => seed);

describe('the plan of a seed', () => {
  it('is the same every time and plain JSON', () => {
    const scenario = planScenario({ seed: 5, minutes: 1 });
    expect(planScenario({ seed: 5, minutes: 1 })).toEqual(scenario);
    expect(JSON.parse(JSON.stringify(scenario))).toEqual(scenario);
  });

  it('varies everything that a run consists of', () => {
    const scenarios = seeds.map((seed) => planScenario({ seed, minutes: 0.1 }));
    const variety = (of: (scenario: (typeof scenarios)[number]) => unknown) =>
      new Set(scenarios.map((scenario) => JSON.stringify(of(scenario)))).size;
    expect(variety(({ workload }) => workload)).toBe(8);
    expect(variety(({ nodes }) => nodes)).toBeGreaterThan(3);
    expect(variety(({ replicas }) => replicas)).toBeGreaterThan(2);
    expect(variety(({ network }) => network)).toBe(seeds.length);
    expect(variety(({ limits }) => limits)).toBeGreaterThan(5);
    expect(variety(({ clocks }) => clocks)).toBeGreaterThan(10);
    expect(variety(({ faults }) => faults)).toBeGreaterThan(20);
  });

  it('is of a size that can be a cluster', () => {
    for (const seed of seeds) {
      const { nodes, replicas, clocks, clients } = planScenario({ seed, minutes: 0.1 });
      expect(replicas).toBeLessThanOrEqual(nodes);
      expect(clocks).toHaveLength(nodes);
      expect(clients.length).toBeGreaterThanOrEqual(4);
      expect(clients.length).toBeLessThanOrEqual(8);
    }
  });

  it('takes what it is told and draws the rest', () => {
    const options = { seed: 3, nodes: 4, replicas: 2, minutes: 2, workload: 'cart' };
    const scenario = planScenario({ ...options, faults: ['crash'] });
    expect(scenario).toMatchObject({
      nodes: 4,
      replicas: 2,
      workload: 'cart',
      durationMs: 120_000,
    });
    expect(new Set(scenario.faults.map(({ kind }) => kind))).toEqual(new Set(['crash']));
    expect(planScenario({ ...options, faults: [] }).faults).toEqual([]);
  });

  it('has forty operations in a virtual second, or as many as it is told', () => {
    const stepsOf = (rate?: number): number =>
      planScenario({ seed: 3, minutes: 1, ...(rate === undefined ? {} : { rate }) }).clients.reduce(
        (sum, { steps }) => sum + steps.length,
        0,
      );
    expect(stepsOf() / 60).toBeCloseTo(40, -1);
    expect(stepsOf(400) / 60).toBeCloseTo(400, -2);
  });

  it.each([
    [{ workload: 'nothing' }, /There is no workload nothing/],
    [{ faults: ['earthquake'] }, /There is no fault earthquake/],
    [{ nodes: 2, replicas: 3 }, /replicas is 3/],
    [{ nodes: 99 }, /nodes is 99/],
    [{ minutes: 0 }, /minutes is 0/],
    [{ rate: 0 }, /rate is 0/],
    [{ rate: 20_000 }, /rate is 20000/],
  ])('refuses %j', (options, message) => {
    expect(() => planScenario({ seed: 1, ...options })).toThrow(message);
  });
});
