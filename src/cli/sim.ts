/** `coterie sim`: whole clusters on virtual time with faults; says which promises held. */
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Command, InvalidArgumentError } from 'commander';
import { CoterieError } from '../core/errors.ts';
import type { CampaignReport, RunSummary } from '../sim/campaign.ts';
import type { Scenario } from '../sim/scenario.ts';
import { wholeNumberIn } from './arguments.ts';
import type { CliContext, Simulator } from './ports.ts';
import { jsonLine } from './result-json.ts';
import { progressLine, reportText } from './sim-text.ts';

interface SimFlags {
  readonly seed: number;
  readonly runs: number;
  readonly nodes?: number;
  readonly replicas?: number;
  readonly minutes: number;
  readonly faults?: readonly string[];
  readonly workload?: string;
  readonly rate?: number;
  readonly threads?: number;
  readonly replay?: string;
  readonly out: string;
  readonly shrink: boolean;
  readonly failFast?: boolean;
  readonly json?: boolean;
}

const SEED_MAX = Number.MAX_SAFE_INTEGER;
const SHRINK_SECONDS = 120;
/** Failing runs that are made smaller; the others are named only. */
const SHRUNK_MAX = 3;

export function simCommand(context: CliContext): Command {
  return new Command('sim')
    .description('run whole clusters on virtual time, with faults, and check every promise')
    .option('--seed <n>', 'seed of the first run', wholeNumberIn({ min: 0, max: SEED_MAX }), 1)
    .option('--runs <n>', 'how many seeds', wholeNumberIn({ min: 1, max: 1_000_000 }), 10)
    .option('--nodes <n>', '1..9; default: drawn', wholeNumberIn({ min: 1, max: 9 }))
    .option('--replicas <n>', '1..nodes; default: drawn', wholeNumberIn({ min: 1, max: 9 }))
    .option('--minutes <m>', 'virtual minutes of each run', minutes, 2)
    .option('--faults <list>', 'kinds to choose among, comma separated, or none', kinds)
    .option('--workload <name>', 'default: drawn')
    .option('--rate <n>', 'operations per virtual second', wholeNumberIn({ min: 1, max: 10_000 }))
    .option('--threads <n>', 'default: one for each processor', wholeNumberIn({ min: 1, max: 256 }))
    .option('--replay <file>', 'run a stored scenario instead of seeds')
    .option('--out <folder>', 'where the scenarios of failures are stored', '.')
    .option('--fail-fast', 'begin no further run once one has failed')
    .option('--no-shrink', 'do not look for the smallest scenario that fails')
    .option('--json', 'print one JSON object')
    .action((flags: SimFlags) => runSimulation(context, flags));
}

function minutes(text: string): number {
  const value = Number(text);
  if (!/^\d+(\.\d+)?$/.test(text) || value <= 0 || value > 10_000) {
    throw new InvalidArgumentError('It must be a number above 0, at most 10,000.');
  }
  return value;
}

function kinds(text: string): string[] {
  if (text === 'none') return [];
  return text.split(',').filter((kind) => kind !== '');
}

async function runSimulation(context: CliContext, flags: SimFlags): Promise<void> {
  const simulator = await context.ports.simulator();
  if (flags.replay !== undefined) return replayFile(context, simulator, flags.replay, flags);
  const { seed: firstSeed, runs, nodes, replicas, faults, workload, rate, threads } = flags;
  const options = {
    minutes: flags.minutes,
    ...(nodes === undefined ? {} : { nodes }),
    ...(replicas === undefined ? {} : { replicas }),
    ...(faults === undefined ? {} : { faults }),
    ...(workload === undefined ? {} : { workload }),
    ...(rate === undefined ? {} : { rate }),
  };
  // Wrong options are told before anything runs.
  simulator.scenarioOf({ ...options, seed: firstSeed });
  const summaries: RunSummary[] = [];
  const startedMs = simulator.nowMs();
  const range = {
    ...options,
    firstSeed,
    runs,
    isFailFast: flags.failFast === true,
    ...(threads === undefined ? {} : { threads }),
  };
  await simulator.runSeeds(range, (summary) => {
    summaries.push(summary);
    showProgress(context, flags, summaries);
  });
  const report = simulator.reportOf(summaries, {
    firstSeed,
    realSeconds: (simulator.nowMs() - startedMs) / 1_000,
    replayOf: (seed) => simulator.replayCommand({ ...options, seed }),
  });
  await tell(context, flags, report);
  if (report.violations.length === 0) return;
  context.exitCode = 1;
  const failing = [...new Set(report.violations.map(({ seed }) => seed))].slice(0, SHRUNK_MAX);
  for (const seed of failing) {
    const scenario = simulator.scenarioOf({ ...options, seed });
    await tellFailure(context, simulator, scenario, flags);
  }
}

async function tell(context: CliContext, flags: SimFlags, report: CampaignReport): Promise<void> {
  const { terminal } = context;
  if (terminal.isTerminal && flags.json !== true) await terminal.writeError('\r\u001b[K');
  await terminal.write(flags.json === true ? jsonLine(report) : reportText(report, terminal));
}

function showProgress(context: CliContext, flags: SimFlags, done: readonly RunSummary[]): void {
  if (!context.terminal.isTerminal || flags.json === true) return;
  void context.terminal.writeError(`\r\u001b[K${progressLine(done, flags.runs)}`);
}

/** The story of the run, and the smallest scenario that breaks the same promise. */
async function tellFailure(
  context: CliContext,
  simulator: Simulator,
  scenario: Scenario,
  flags: SimFlags,
): Promise<void> {
  const { terminal } = context;
  const { result, stories } = await simulator.replay(scenario);
  const [first] = result.violations;
  if (first === undefined) {
    throw new CoterieError(
      'ASSERTION_FAILED',
      `Seed ${scenario.seed} failed, and did not when it was run again: it is not deterministic`,
    );
  }
  const isShrunk = flags.shrink && flags.json !== true;
  let smallest = scenario;
  let story = stories[0] ?? '';
  if (isShrunk) {
    await terminal.writeError(`Looking for the smallest scenario (${SHRINK_SECONDS} s at most)\n`);
    smallest = await simulator.shrink(scenario, first.check, SHRINK_SECONDS);
    const again = await simulator.replay(smallest);
    story = again.stories[0] ?? story;
  }
  const file = join(flags.out, `coterie-sim-${scenario.seed}-${first.check}.json`);
  await writeFile(file, `${JSON.stringify(smallest, null, 1)}\n`);
  await terminal.writeError(`${story}\nRepeat it: coterie sim --replay ${file}\n`);
}

async function replayFile(
  context: CliContext,
  simulator: Simulator,
  file: string,
  flags: SimFlags,
): Promise<void> {
  const scenario = await readScenario(file, simulator);
  const startedMs = simulator.nowMs();
  const { result, stories } = await simulator.replay(scenario);
  const report = simulator.reportOf([simulator.summarize(result)], {
    firstSeed: scenario.seed,
    realSeconds: (simulator.nowMs() - startedMs) / 1_000,
    replayOf: () => `coterie sim --replay ${file}`,
  });
  await tell(context, flags, report);
  if (result.violations.length === 0) return;
  context.exitCode = 1;
  await context.terminal.writeError(`${stories.join('\n\n')}\n`);
}

async function readScenario(file: string, simulator: Simulator): Promise<Scenario> {
  const text = await readFile(file, 'utf8').catch((error: Error) => {
    throw new CoterieError('INVALID_ARGUMENT', `Cannot read ${file}: ${error.message}`);
  });
  try {
    return simulator.parseScenario(JSON.parse(text));
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new CoterieError('INVALID_ARGUMENT', `${file} holds no scenario: ${reason}`);
  }
}
