import { describe, expect, it } from 'vitest';
import type { Driver } from '../../src/env/driver.ts';
import { systemCrc32 } from '../../src/platform/system/crc32.ts';
import { macrotaskDriver } from '../../src/platform/system/macrotask-driver.ts';
import { planScenario } from '../../src/sim/plan.ts';
import type { PlanOptions, RunResult } from '../../src/sim/result.ts';
import { runScenario } from '../../src/sim/run.ts';
import type { Scenario } from '../../src/sim/scenario.ts';
import { WORKLOADS } from '../../src/sim/workloads/all.ts';

const world = { driver: macrotaskDriver, checksum: systemCrc32 };

function ran(options: PlanOptions, change: Partial<Scenario> = {}): Promise<RunResult> {
  return runScenario(world, { ...planScenario({ minutes: 0.1, nodes: 3, ...options }), ...change });
}

describe('a run', () => {
  it.each(WORKLOADS.map(({ name }) => name))(
    'keeps every promise with workload %s',
    async (name) => {
      const result = await ran({ seed: 1, workload: name, faults: [] });
      expect(result.violations).toEqual([]);
      expect(result.checksPassed.length).toBeGreaterThan(10);
      expect(result.acknowledged / result.operations).toBeGreaterThan(0.9);
    },
  );

  it('is the same twice, and another with another seed', async () => {
    const [first, second, other] = [
      await ran({ seed: 3 }),
      await ran({ seed: 3 }),
      await ran({ seed: 4 }),
    ];
    expect(second.traceHash).toBe(first.traceHash);
    expect(second.history.operations).toEqual(first.history.operations);
    expect(other.traceHash).not.toBe(first.traceHash);
  });

  it('injects faults, counts them and heals: what is asked afterwards succeeds', async () => {
    const result = await ran({ seed: 5, minutes: 0.3, faults: ['crash', 'partition'] });
    expect(result.violations).toEqual([]);
    expect(result.faults['crash']).toBeGreaterThan(0);
    expect(result.faults['partition']).toBeGreaterThan(0);
    const { afterHealing, operations, healedUs } = result.history;
    expect(afterHealing.length).toBeGreaterThan(10);
    const late = operations.filter(({ id }) => afterHealing.includes(id));
    expect(late.every(({ outcome, startUs }) => outcome === 'ok' && startUs > healedUs)).toBe(true);
  });

  it('says what is not enabled yet, and why', async () => {
    const { notEnabled } = await ran({ seed: 6, faults: [], workload: 'register' });
    expect(notEnabled).toContainEqual({ name: 'membership-change', needs: ['elasticity'] });
  });

  it('asks every node in the end what it thinks of every member', async () => {
    const { history } = await ran({ seed: 5, minutes: 0.3, faults: ['restart'] });
    const { memberViews = [], memberChanges = [] } = history;
    expect(memberViews).toHaveLength(9);
    expect(new Set(memberViews.map(({ state }) => state))).toEqual(new Set(['ALIVE']));
    expect(memberChanges.filter(({ kind }) => kind === 'up').length).toBeGreaterThanOrEqual(6);
  });

  it('runs the checks that are asked for and no other', async () => {
    const scenario = planScenario({ seed: 7, minutes: 0.05, nodes: 3, faults: [] });
    const { checksPassed } = await runScenario(world, scenario, { checks: ['no-lost-write'] });
    expect(checksPassed).toEqual(['no-lost-write']);
  });

  it('that breaks inside is a violation with its seed, and what is known is told', async () => {
    const broken = { ...world, driver: breaksAt(2_000) };
    const scenario = planScenario({ seed: 8, minutes: 0.1, nodes: 3, faults: [] });
    const result = await runScenario(broken, scenario);
    expect(result.violations.map(({ check }) => check)).toContain('bug');
    expect(result.violations[0]?.message).toMatch(
      /Seed 8 broke after .* virtual s: .*step 2000 is broken/s,
    );
    expect(result.checksPassed).toEqual([]);
  });

  it('without clients and faults comes to nothing and breaks nothing', async () => {
    const result = await ran({ seed: 9, faults: [] }, { clients: [] });
    expect(result).toMatchObject({ violations: [], operations: 0, acknowledged: 0 });
  });
});

function breaksAt(count: number): Driver {
  let steps = 0;
  return (step) =>
    macrotaskDriver(() => {
      steps += 1;
      if (steps === count) throw new TypeError(`step ${count} is broken`);
      return step();
    });
}
