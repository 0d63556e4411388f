/** The simulator for programs: whole clusters in this process, under a seed, with faults
 *  (`import { simulate } from 'coterie/sim'`).
 *  Not here: the simulator (sim), the command line (cli/sim.ts). */

import { CoterieError } from './core/errors.ts';
import {
  checkOptionNames,
  type KnownOptions,
  knownOptions,
  type OptionNames,
} from './core/known-options.ts';
import { systemCrc32 } from './platform/system/crc32.ts';
import { macrotaskDriver } from './platform/system/macrotask-driver.ts';
import { systemClock } from './platform/system/system-clock.ts';
import { type CampaignReport, type RunSummary, reportOf, summarize } from './sim/campaign.ts';
import type { SetValues } from './sim/clients/set-values.ts';
import { planScenario } from './sim/plan.ts';
import { tellStory } from './sim/report/story.ts';
import type { RunResult, RunWorld } from './sim/result.ts';
import { runScenario } from './sim/run.ts';
import type { Scenario } from './sim/scenario.ts';

export type { CampaignReport, RunSummary } from './sim/campaign.ts';
export type { SetChange, SetValues } from './sim/clients/set-values.ts';
export type { NotEnabled } from './sim/result.ts';
export type { Scenario } from './sim/scenario.ts';

export interface SimulateOptions {
  /** Of the first run, a whole number, 0 or more; the others follow it. Default 1. */
  readonly seed?: number;
  /** Default 1. */
  readonly runs?: number;
  /** 1..9; drawn by each seed when absent. */
  readonly nodes?: number;
  /** 1..nodes; drawn by each seed when absent. */
  readonly replicas?: number;
  /** Virtual minutes in which clients ask and things break, above 0. Default 2. */
  readonly minutes?: number;
  /** Kinds of faults to choose among, `[]` for none; all when absent. */
  readonly faults?: readonly string[];
  /** Drawn by each seed when absent. */
  readonly workload?: string;
  /** Operations of all clients in a virtual second, on average, above 0. Default 40. */
  readonly rate?: number;
  /** How the clients of the workload `set` keep, change and merge their sets; a list of numbers
   *  when absent. Called with the machine's clock, timers and randomness out of reach. */
  readonly values?: SetValues;
  /** Told of every run as it ends. */
  readonly onRun?: (summary: RunSummary) => void;
}

export const MINUTES_DEFAULT = 2;
const RUNS_MAX = 1_000_000;
const OPTIONS: OptionNames<SimulateOptions> = {
  seed: true,
  runs: true,
  nodes: true,
  replicas: true,
  minutes: true,
  faults: true,
  workload: true,
  rate: true,
  values: true,
  onRun: true,
};
const SIMULATE: KnownOptions = knownOptions('simulate', OPTIONS);

/** What a simulation runs on: nothing of the machine but its event loop. */
export const simulationWorld: RunWorld = { driver: macrotaskDriver, checksum: systemCrc32 };

/** Runs one seed after the other. A broken promise is a `violation` of the report, not an error.
 *  Errors: INVALID_ARGUMENT for options that do not fit; also when a function of `values` throws or
 *  returns something else than it should, with what it threw as `cause`. */
export async function simulate(options: SimulateOptions = {}): Promise<CampaignReport> {
  checkOptionNames(options, SIMULATE);
  const { seed: firstSeed = 1, runs = 1, onRun, values, ...rest } = options;
  checkRuns(runs);
  const runOptions = values === undefined ? {} : { values };
  const summaries: RunSummary[] = [];
  const startedMs = systemClock.monotonicMs();
  for (let seed = firstSeed; seed < firstSeed + runs; seed += 1) {
    const summary = summarize(
      await runScenario(simulationWorld, scenarioOf({ ...rest, seed }), runOptions),
    );
    summaries.push(summary);
    onRun?.(summary);
  }
  return reportOf(summaries, {
    firstSeed,
    realSeconds: (systemClock.monotonicMs() - startedMs) / 1_000,
    replayOf: (seed) =>
      values === undefined ? replayCommand({ ...rest, seed }) : replayCall({ seed, ...rest }),
  });
}

function checkRuns(runs: number): void {
  if (Number.isInteger(runs) && runs >= 1 && runs <= RUNS_MAX) return;
  const shown = String(runs);
  throw new CoterieError(
    'INVALID_ARGUMENT',
    `runs is ${shown}; it must be a whole number from 1 to ${RUNS_MAX}`,
  );
}

/** The command line knows nothing of a program's own functions: only the program repeats its run.
 */
function replayCall(options: SeedOptions): string {
  const given = Object.entries(options).flatMap(([name, value]) =>
    value === undefined ? [] : [`${name}: ${JSON.stringify(value)}`],
  );
  return `simulate({ ${[...given, 'values'].join(', ')} })`;
}

export type SeedOptions = Omit<SimulateOptions, 'runs' | 'onRun' | 'values'> & {
  readonly seed: number;
};

export function scenarioOf(options: SeedOptions): Scenario {
  return planScenario({ minutes: MINUTES_DEFAULT, ...options });
}

/** The command that repeats one run. */
export function replayCommand(options: SeedOptions): string {
  const { seed, nodes, replicas, minutes, faults, workload, rate } = options;
  const flags = [
    `--seed ${seed}`,
    nodes === undefined ? '' : `--nodes ${nodes}`,
    replicas === undefined ? '' : `--replicas ${replicas}`,
    minutes === undefined ? '' : `--minutes ${minutes}`,
    faults === undefined ? '' : `--faults ${faults.join(',') || 'none'}`,
    workload === undefined ? '' : `--workload ${workload}`,
    rate === undefined ? '' : `--rate ${rate}`,
  ];
  return `coterie sim ${flags.filter((flag) => flag !== '').join(' ')}`;
}

/** Runs a stored scenario once more. Its failures are told as stories. */
export async function replay(
  scenario: Scenario,
): Promise<{ readonly result: RunResult; readonly stories: readonly string[] }> {
  const result = await runScenario(simulationWorld, scenario);
  return { result, stories: result.violations.map((violation) => tellStory(result, violation)) };
}
