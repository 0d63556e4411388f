/** Simulates seeds, or a stored scenario, on a copy of the built product, with a canary in it. The
 *  copy lies in node_modules, where the product's packages resolve, and is removed afterwards. */
import { spawn } from 'node:child_process';
import { cp, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { parseScenario } from '../../../src/sim/scenario-file.ts';
import { replay, type Scenario, type SimulateOptions, simulate } from '../../../src/simulate.ts';
import { type Canary, type DrawnCanary, edited, isStaged, type StagedCanary } from './canary.ts';

const ROOT = fileURLToPath(new URL('../../..', import.meta.url));
const COPIES = join(ROOT, 'node_modules', '.cache', 'coterie-canaries');
const SCENARIOS = new URL('./scenarios/', import.meta.url);

export interface Range {
  readonly firstSeed: number;
  readonly runs: number;
}

export interface Found {
  readonly seed: number;
  /** Checks that found something in this run, without repetition, the most telling first. */
  readonly checks: readonly string[];
  /** Of the first of them. */
  readonly message: string;
}

/** The first of the seeds in which one of the canary's checks finds something, if any does; with a
 *  scenario of its own it is that or nothing, whatever the range. What edits that slow the product
 *  down break besides does not count. `signal` ends the process that looks: its reason is then
 *  thrown. */
export async function hunt(
  canary: Canary,
  range: Range,
  signal: AbortSignal,
): Promise<Found | undefined> {
  signal.throwIfAborted();
  await mkdir(COPIES, { recursive: true });
  const folder = await mkdtemp(join(COPIES, `${canary.name}-`));
  try {
    await copyProduct(folder);
    for (const edit of canary.edits) {
      const file = join(folder, 'dist', edit.file);
      await writeFile(file, edited(canary, edit, await readFile(file, 'utf8')));
    }
    return await simulateIn(folder, await trialsOf(canary, range), signal);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** The same on the product as it is, in this process. */
export async function huntNothing(canary: Canary, range: Range): Promise<readonly string[]> {
  const { violations } = isStaged(canary)
    ? (await replay(await scenarioOf(canary))).result
    : await simulate(optionsOf(canary, range));
  return violations.map(({ check, message }) => `${check}: ${message}`);
}

export async function scenarioOf({ scenario }: StagedCanary): Promise<Scenario> {
  return parseScenario(JSON.parse(await readFile(new URL(scenario, SCENARIOS), 'utf8')));
}

/** What the process of the copy runs, one seed after the other. */
interface Trials extends Range {
  readonly name: string;
  readonly checks: readonly string[];
  readonly options?: SimulateOptions;
  /** Instead of options; there is one seed then, its own. */
  readonly scenario?: Scenario;
}

async function trialsOf(canary: Canary, range: Range): Promise<Trials> {
  const { name, checks } = canary;
  if (!isStaged(canary)) return { name, checks, ...range, options: optionsOf(canary, range) };
  const scenario = await scenarioOf(canary);
  return { name, checks, firstSeed: scenario.seed, runs: 1, scenario };
}

function optionsOf(canary: DrawnCanary, { firstSeed, runs }: Range): SimulateOptions {
  const { workload, faults, minutes, nodes, replicas } = canary;
  return {
    ...{ seed: firstSeed, runs, workload, faults, minutes },
    ...(nodes === undefined ? {} : { nodes }),
    ...(replicas === undefined ? {} : { replicas }),
  };
}

async function copyProduct(folder: string): Promise<void> {
  const isCode = (source: string): boolean => !/\.(map|d\.ts|tsbuildinfo)$/.test(source);
  await cp(join(ROOT, 'dist'), join(folder, 'dist'), { recursive: true, filter: isCode });
  await cp(join(ROOT, 'package.json'), join(folder, 'package.json'));
}

/** Runs in the process of the copy: module, trials. */
const PROGRAM = `
const [module, text] = process.argv.slice(1);
const { firstSeed, runs, checks: wanted, options, scenario } = JSON.parse(text);
const { replay, simulate } = await import(module);
let found;
for (let seed = firstSeed; seed < firstSeed + runs && !found; seed += 1) {
  const { violations: all } =
    scenario === undefined
      ? await simulate({ ...options, seed, runs: 1 })
      : (await replay(scenario)).result;
  const violations = all.filter(({ check }) => wanted.includes(check));
  if (violations.length === 0) continue;
  const checks = [...new Set(violations.map(({ check }) => check))];
  found = { seed, checks, message: violations[0].message };
}
console.log(JSON.stringify({ found }));
`;

function simulateIn(
  folder: string,
  trials: Trials,
  signal: AbortSignal,
): Promise<Found | undefined> {
  const module = pathToFileURL(join(folder, 'dist', 'simulate.js')).href;
  const args = ['--input-type=module', '-e', PROGRAM, module, JSON.stringify(trials)];
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, args, {
      stdio: ['ignore', 'pipe', 'pipe'],
      signal,
    });
    let stdout = '';
    let stderr = '';
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      stdout += text;
    });
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      stderr += text;
    });
    child.on('error', reject);
    child.on('close', (code) => {
      if (code === 0) resolve(JSON.parse(stdout).found);
      else reject(new Error(`Canary ${trials.name} cannot be run (exit ${code}): ${stderr}`));
    });
  });
}

/** Works on two at a time, as many as the smallest machine has processors. */
export async function twoAtATime<Item>(
  items: readonly Item[],
  work: (item: Item) => Promise<void>,
): Promise<void> {
  const left = [...items];
  const worker = async (): Promise<void> => {
    for (let item = left.shift(); item !== undefined; item = left.shift()) await work(item);
  };
  await Promise.all([worker(), worker()]);
}
