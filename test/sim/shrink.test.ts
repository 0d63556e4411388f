import { describe, expect, it } from 'vitest';
import type { Scenario } from '../../src/sim/scenario.ts';
import { shrinkScenario } from '../../src/sim/shrink.ts';
import type { ShrinkProgress } from '../../src/sim/shrinking/trials.ts';
import {
  allSteps,
  CHECK,
  type Core,
  FakeRuns,
  largeScenario,
  WORLD,
} from './shrinking/fake-run.ts';

const endless = { isOver: () => false };

async function shrunk(core: Core, scenario = largeScenario()) {
  const runs = new FakeRuns(core);
  const smallest = await shrinkScenario(WORLD, scenario, CHECK, {
    runScenario: runs.runScenario,
    ...endless,
  });
  return { runs, smallest };
}

function faultTimes(scenario: Scenario): readonly number[] {
  return scenario.faults.map((fault) => fault.atMs);
}

function stepIds(scenario: Scenario): readonly number[] {
  return allSteps(scenario)
    .map((step) => step.id)
    .sort((one, other) => one - other);
}

describe('the core of a failure is all that is left', () => {
  it('two faults of 60 and two steps of 400, within 90 runs', async () => {
    const { runs, smallest } = await shrunk({ faults: [8_001, 32_001], steps: [74, 110] });
    expect(faultTimes(smallest)).toEqual([8_001, 32_001]);
    expect(stepIds(smallest)).toEqual([74, 110]);
    // The faults are about nodes 0 and 1.
    expect(smallest).toMatchObject({ nodes: 2, replicas: 1, partitions: 1, limits: {} });
    expect(smallest.network).toEqual({
      ...{ delayMinMs: 3.5, delayMeanMs: 0, tailShare: 0, tailFactor: 1 },
    });
    expect(smallest.clocks).toEqual(Array(2).fill({ offsetMs: 0, driftPpm: 0 }));
    expect(runs.candidates.length).toBeLessThan(90);
  });

  it('one step and no fault, within 40 runs', async () => {
    const { runs, smallest } = await shrunk({ faults: [], steps: [201] });
    expect(smallest.faults).toEqual([]);
    expect(stepIds(smallest)).toEqual([201]);
    expect(smallest.clients).toHaveLength(1);
    expect(runs.candidates.length).toBeLessThan(40);
  });

  it('six steps of different keys and clients, within 160 runs', async () => {
    const steps = [9, 50, 51, 122, 203, 300];
    const { runs, smallest } = await shrunk({ faults: [2_001], steps });
    expect(faultTimes(smallest)).toEqual([2_001]);
    expect(stepIds(smallest)).toEqual(steps);
    expect(runs.candidates.length).toBeLessThan(160);
  });

  it('no step at all when a fault is enough', async () => {
    const loss = largeScenario().faults.find((fault) => fault.kind === 'loss')?.atMs ?? 0;
    const { smallest } = await shrunk({ faults: [loss], steps: [] });
    expect(smallest).toMatchObject({ nodes: 1, clients: [] });
    expect(faultTimes(smallest)).toEqual([loss]);
  });
});

it('a scenario ends soon after its violation', async () => {
  const { runs, smallest } = await shrunk({ faults: [], steps: [41] });
  const [, second] = runs.candidates;
  const due = allSteps(largeScenario()).find((step) => step.id === 41)?.atMs ?? 0;
  expect(second && Math.max(...allSteps(second).map((step) => step.atMs))).toBe(due);
  expect(smallest.durationMs).toBe(due + 1);
});

it('what is needed after the violation is found by halving', async () => {
  const late = largeScenario().faults[40]?.atMs ?? 0;
  const { smallest } = await shrunk({ faults: [late], steps: [41] });
  expect(faultTimes(smallest)).toEqual([late]);
  expect(smallest.durationMs).toBeLessThan(90_000);
});

it('nodes go down to as many as the failure needs', async () => {
  const also = ({ nodes, replicas }: Scenario) => nodes >= 4 && replicas === 3;
  const { smallest } = await shrunk({ faults: [], steps: [41], also });
  expect(smallest).toMatchObject({ nodes: 4, replicas: 3, partitions: 1 });
  expect(smallest.clocks).toHaveLength(4);
});

it('clocks and limits that matter stay, each by itself', async () => {
  const also = ({ clocks, limits, nodes, network }: Scenario) =>
    nodes === 5 &&
    clocks[2]?.offsetMs === 200 &&
    limits.batchBytesMax === 4_096 &&
    network.delayMeanMs === 3;
  const { smallest } = await shrunk({ faults: [], steps: [41], also });
  expect(smallest.clocks.map((clock) => clock.offsetMs)).toEqual([0, 0, 200, 0, 0]);
  expect(smallest.limits).toEqual({ batchBytesMax: 4_096 });
  expect(smallest.network).toMatchObject({ delayMeanMs: 3, tailShare: 0 });
});

it('a fault lasts no longer than it must', async () => {
  const scenario = largeScenario();
  const crash = { kind: 'crash', atMs: 500, node: 1, downMs: 8_000, unsynced: 'lost' } as const;
  const also = ({ faults }: Scenario) =>
    faults.some((fault) => 'downMs' in fault && fault.downMs >= 900);
  const { smallest } = await shrunk(
    { faults: [500], steps: [41], also },
    { ...scenario, faults: [crash] },
  );
  expect(smallest.faults).toMatchObject([{ kind: 'crash', downMs: 1_000 }]);
});

it('losses of disks stay within what fewer replicas can survive', async () => {
  const scenario = largeScenario();
  const wipe = { kind: 'wipe', atMs: 20_000, node: 1, downMs: 1_000 } as const;
  const { runs, smallest } = await shrunk(
    { faults: [20_000], steps: [41] },
    { ...scenario, faults: [wipe] },
  );
  expect(smallest).toMatchObject({ replicas: 3, nodes: 3 });
  const withLoss = runs.candidates.filter((candidate) => candidate.faults.length > 0);
  expect(withLoss.every((candidate) => candidate.replicas === 3)).toBe(true);
});

describe('whatever the budget, what is returned still fails', () => {
  it.each([0, 1, 2, 5, 10, 20, 40])('after %i runs', async (budget) => {
    const runs = new FakeRuns({ faults: [8_001, 32_001], steps: [74, 110] });
    const smallest = await shrinkScenario(WORLD, largeScenario(), CHECK, {
      runScenario: runs.runScenario,
      isOver: () => runs.candidates.length >= budget,
    });
    expect(runs.candidates.length).toBeLessThanOrEqual(budget);
    expect(runs.fails(smallest)).toBe(true);
  });
});

it('the same scenario is shrunk in the same way, run by run', async () => {
  const core = { faults: [8_001], steps: [74, 110] };
  const one = await shrunk(core);
  const other = await shrunk(core);
  expect(other.runs.candidates).toEqual(one.runs.candidates);
  expect(other.smallest).toEqual(one.smallest);
});

it('no scenario is run twice, and only the failed check is judged', async () => {
  const { runs } = await shrunk({ faults: [8_001], steps: [74, 110] });
  const texts = runs.candidates.map((candidate) => JSON.stringify(candidate));
  expect(new Set(texts).size).toBe(texts.length);
  expect(runs.checks.every((checks) => checks?.join() === CHECK)).toBe(true);
});

it('a scenario that does not fail comes back as it was', async () => {
  const scenario = largeScenario();
  const { runs, smallest } = await shrunk({ faults: [3], steps: [] }, scenario);
  expect(smallest).toBe(scenario);
  expect(runs.candidates).toHaveLength(1);
});

it('a violation of another promise does not count', async () => {
  const scenario = largeScenario();
  const runs = new FakeRuns({ faults: [], steps: [41] });
  const options = { runScenario: runs.runScenario, ...endless };
  expect(await shrinkScenario(WORLD, scenario, 'bounds', options)).toBe(scenario);
});

it('a run that throws is not taken and is reported', async () => {
  const core = { faults: [], steps: [41] };
  const runs = new FakeRuns(core);
  let last: ShrinkProgress | undefined;
  const smallest = await shrinkScenario(WORLD, largeScenario(), CHECK, {
    ...endless,
    runScenario: (world, scenario, options) => {
      if (scenario.nodes < 5) return Promise.reject(new Error('too few nodes'));
      return runs.runScenario(world, scenario, options);
    },
    onProgress: (progress) => {
      last = progress;
    },
  });
  expect(smallest.nodes).toBe(5);
  expect(stepIds(smallest)).toEqual([41]);
  expect(last?.best).toBe(smallest);
  expect(last?.thrown.length).toBeGreaterThan(0);
  expect(last?.runs).toBe(runs.candidates.length + (last?.thrown.length ?? 0));
});
