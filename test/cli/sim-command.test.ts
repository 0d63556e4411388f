/** What `coterie sim` asks of the simulator, and what it makes of the answers. */
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Simulator } from '../../src/cli/ports.ts';
import type { SeedRange } from '../../src/cli/sim-pool.ts';
import { type RunSummary, reportOf } from '../../src/sim/campaign.ts';
import { planScenario } from '../../src/sim/plan.ts';
import type { RunResult } from '../../src/sim/result.ts';
import type { Scenario } from '../../src/sim/scenario.ts';
import { parseScenario } from '../../src/sim/scenario-file.ts';
import { replayCommand } from '../../src/simulate.ts';
import { FakeWorld } from './fake-world.ts';

const VIOLATION = { check: 'no-lost-write', message: 'w3 is gone', operations: [3] };

class FakeSimulator implements Simulator {
  readonly ranges: SeedRange[] = [];
  readonly replayed: Scenario[] = [];
  readonly shrunk: string[] = [];
  readonly reportOf = reportOf;
  readonly replayCommand = replayCommand;
  readonly parseScenario = parseScenario;
  sometimes: Record<string, number> = {};
  readonly #failing: readonly number[];
  #nowMs = 0;

  constructor(failing: readonly number[] = []) {
    this.#failing = failing;
  }

  nowMs(): number {
    this.#nowMs += 500;
    return this.#nowMs;
  }

  readonly scenarioOf: Simulator['scenarioOf'] = (options) =>
    planScenario({ minutes: 0.1, ...options });

  readonly runSeeds: Simulator['runSeeds'] = async (range, onRun) => {
    this.ranges.push(range);
    for (let seed = range.firstSeed; seed < range.firstSeed + range.runs; seed += 1) {
      onRun(this.#summary(seed));
    }
  };

  readonly summarize: Simulator['summarize'] = ({ scenario }) => this.#summary(scenario.seed);

  readonly replay: Simulator['replay'] = async (scenario) => {
    this.replayed.push(scenario);
    const violations = this.#failing.includes(scenario.seed) ? [VIOLATION] : [];
    const result = { scenario, violations } as unknown as RunResult;
    return { result, stories: violations.map(() => 'At 3 s the write was lost.') };
  };

  readonly shrink: Simulator['shrink'] = async (scenario, check) => {
    this.shrunk.push(check);
    return { ...scenario, faults: [] };
  };

  #summary(seed: number): RunSummary {
    const { check, message } = VIOLATION;
    return {
      seed,
      traceHash: `${seed}`,
      violations: this.#failing.includes(seed) ? [{ check, message }] : [],
      operations: 100,
      acknowledged: 90,
      faults: { crash: 2 },
      messages: 1_000,
      virtualMs: 120_000,
      events: 5_000,
      checksPassed: ['progress'],
      notEnabled: [],
      sometimes: this.sometimes,
    };
  }
}

describe('coterie sim', () => {
  let folder: string;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'coterie-test-'));
  });
  afterEach(() => rm(folder, { recursive: true, force: true }));

  async function run(simulator: FakeSimulator, ...flags: string[]) {
    const world = new FakeWorld();
    world.simulator = simulator;
    return world.run('sim', '--out', folder, ...flags);
  }

  it('runs ten seeds of two virtual minutes when told nothing', async () => {
    const simulator = new FakeSimulator();
    const { exitCode, stdout } = await run(simulator);
    expect(exitCode).toBe(0);
    expect(simulator.ranges).toEqual([{ minutes: 2, firstSeed: 1, runs: 10, isFailFast: false }]);
    expect(stdout).toMatch(/runs\t10 from seed 1\n/);
    expect(stdout).toMatch(/violations\t0\n/);
  });

  it('fits on a terminal, however many rare paths there were, and groups digits', async () => {
    const world = new FakeWorld();
    const simulator = new FakeSimulator();
    simulator.sometimes = Object.fromEntries(
      Array.from({ length: 60 }, (_, at) => [`path_number_${at} taken`, 12_345]),
    );
    Object.assign(world, { simulator, isTerminal: true, columns: 80 });
    const { stdout } = await world.run('sim', '--out', folder, '--runs', '1');
    for (const line of stdout.split('\n')) expect(line.length).toBeLessThanOrEqual(80);
    expect(stdout).toContain('path_number_59 taken 12,345');
    expect(stdout).toMatch(/frames delivered +1,000 /);
  });

  it('hands every flag on', async () => {
    const simulator = new FakeSimulator();
    const flags = '--seed 7 --runs 2 --nodes 5 --replicas 3 --minutes 0.5 --threads 1';
    const drawn = ['--faults', 'crash,pause', '--workload', 'set', '--rate', '400'];
    await run(simulator, ...flags.split(' '), ...drawn);
    expect(simulator.ranges).toEqual([
      {
        firstSeed: 7,
        runs: 2,
        nodes: 5,
        replicas: 3,
        minutes: 0.5,
        threads: 1,
        faults: ['crash', 'pause'],
        workload: 'set',
        rate: 400,
        isFailFast: false,
      },
    ]);
  });

  it('prints one object with --json', async () => {
    const { exitCode, stdout } = await run(new FakeSimulator(), '--runs', '3', '--json');
    expect(exitCode).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({
      runs: 3,
      firstSeed: 1,
      violations: [],
      operations: 300,
      acknowledged: 270,
      faults: { crash: 6 },
      messages: 3_000,
      virtualSeconds: 360,
      realSeconds: 0.5,
      traceHash: expect.stringMatching(/^[0-9a-f]{16}$/),
    });
  });

  it('exits 1 on a broken promise, names the command that repeats it and tells the story', async () => {
    const simulator = new FakeSimulator([4]);
    const { exitCode, stdout, stderr } = await run(simulator, '--minutes', '0.1', '--runs', '5');
    expect(exitCode).toBe(1);
    expect(stdout).toMatch('seed 4 breaks no-lost-write: w3 is gone');
    expect(stdout).toMatch('coterie sim --seed 4 --minutes 0.1');
    expect(stderr).toMatch('At 3 s the write was lost.');
    expect(simulator.shrunk).toEqual(['no-lost-write']);
  });

  it('stores the smallest scenario that failed, and replays it', async () => {
    const simulator = new FakeSimulator([4]);
    const { stderr } = await run(simulator, '--runs', '5');
    const file = /--replay (\S+)/.exec(stderr)?.[1] ?? '';
    const stored = parseScenario(JSON.parse(await readFile(file, 'utf8')));
    expect(stored).toMatchObject({ seed: 4, faults: [] });
    const again = await run(simulator, '--replay', file);
    expect(again.exitCode).toBe(1);
    expect(again.stderr).toMatch('At 3 s the write was lost.');
  });

  it('leaves the scenario as it is with --no-shrink', async () => {
    const simulator = new FakeSimulator([1]);
    await run(simulator, '--runs', '1', '--no-shrink');
    expect(simulator.shrunk).toEqual([]);
    expect(simulator.replayed).toHaveLength(1);
  });

  it.each([
    ['--faults', 'meteor'],
    ['--workload', 'chess'],
    ['--nodes', '2', '--replicas', '3'],
    ['--minutes', '0'],
    ['--rate', '0'],
    ['--runs', '0'],
    ['--replay', '/nonexistent/file.json'],
  ])('refuses %s %s before anything runs', async (...flags) => {
    const simulator = new FakeSimulator();
    const { exitCode, stderr } = await run(simulator, ...flags);
    expect(exitCode).toBe(2);
    expect(stderr).not.toBe('');
    expect(simulator.ranges).toEqual([]);
  });
});
