/** Measures the settings of one N on one cluster: slices of all settings in turn, each round in
 *  another order, so that what the machine does meanwhile falls on all alike; then, when one is
 *  asked for, a fault that all settings meet at the same time.
 *  Not here: starting clusters and clients (cli), what a slice is (quorum-cell.ts), the report. */

import { SeededRandom } from '../../core/seeded-random.ts';
import type { Clock } from '../../env/clock.ts';
import { type Chance, shuffle } from '../chance.ts';
import type { BenchCluster, ClusterFaults, FaultKind } from '../cluster.ts';
import { legsBetween } from '../legs-between.ts';
import type { BenchClients } from '../run-benchmark.ts';
import { optionsOfClients } from '../run-benchmark.ts';
import { CellResult, type Figures } from './cell-result.ts';
import type { TimelineSlice } from './quorum-cell.ts';
import type { QuorumConfig } from './quorum-report.ts';
import type { QuorumSetting } from './setting.ts';

export interface QuorumInput {
  readonly settings: readonly QuorumSetting[];
  readonly config: QuorumConfig;
  readonly seed: number;
  readonly fault: FaultKind | undefined;
  readonly isStopped: () => boolean;
  readonly onProgress: (progress: QuorumProgress) => void;
}

export interface QuorumProgress {
  readonly setting: string;
  /** From 1; 0: loading. */
  readonly round: number;
  readonly figures?: Figures;
  readonly errors: number;
}

/** Requests in flight beside those of the load: probes, keys that are loaded, and timelines of all
 *  settings while a node is at fault. */
const IN_FLIGHT_SPARE = 16_384;

const STOP_POLL_MS = 200;

export async function measureSettings(
  clock: Clock,
  cluster: BenchCluster,
  clients: BenchClients,
  input: QuorumInput,
): Promise<CellResult[]> {
  const { settings, config, seed, isStopped, onProgress } = input;
  await clients.all(() => ({
    do: 'connect',
    nodes: cluster.addresses,
    timeoutMs: config.timeoutMs,
    inFlightMax: config.inFlight + IN_FLIGHT_SPARE,
  }));
  const results = settings.map((setting) => new CellResult(setting));
  for (const [index, { setting }] of results.entries()) {
    if (isStopped()) return [];
    onProgress({ setting: setting.name, round: 0, errors: 0 });
    await prepare(clients, setting, index, input);
  }
  const chance = new SeededRandom(seed, 'order of slices');
  for (let round = 0; round <= config.rounds; round += 1) {
    for (const result of shuffled(results, chance)) {
      if (isStopped()) return results;
      const { name } = result.setting;
      const legsBefore = await cluster.legs();
      const before = await cluster.processorSeconds();
      const parts = await clients.all(() => ({ do: 'slice', name }));
      const after = await cluster.processorSeconds();
      const legs = legsBetween(legsBefore, await cluster.legs());
      // The first round warms up: code is compiled, links are there, contexts are known.
      if (round === 0) continue;
      const figures = result.add(parts, { nodeSeconds: differences(before, after), legs });
      onProgress({ setting: name, round, figures, errors: result.errorCount });
    }
  }
  if (input.fault !== undefined && cluster.faults !== undefined && !isStopped()) {
    await measureFault(clock, cluster.faults, clients, results, { ...input, fault: input.fault });
  }
  return results;
}

/** Each setting has a bucket of its own: reads of one never meet the writes of another. */
async function prepare(
  clients: BenchClients,
  setting: QuorumSetting,
  index: number,
  { config, seed }: QuorumInput,
): Promise<void> {
  const { mix, distribution, keys, valueBytes, update, contextsMax, bucket } = config;
  const durability = config.durability === undefined ? {} : { durability: config.durability };
  const loads = optionsOfClients(
    {
      ...{ mix, distribution, keys, valueBytes, update, contextsMax },
      bucket: `${bucket}.${index}`,
      read: setting.read,
      write: { ...setting.write, ...durability },
      pace: { kind: 'closed', inFlight: config.inFlight },
      clients: clients.count,
      warmupSeconds: 0,
      seconds: config.sliceSeconds,
      timeoutMs: config.timeoutMs,
    },
    seed,
  );
  await clients.all((client) => ({
    do: 'cell',
    name: setting.name,
    options: {
      load: loads[client] ?? missing(client),
      lanes: config.lanes,
    },
  }));
}

/** A third of the time before it, a third with it, a third after it. */
async function measureFault(
  clock: Clock,
  faults: ClusterFaults,
  clients: BenchClients,
  results: readonly CellResult[],
  { fault, config, isStopped }: QuorumInput & { readonly fault: FaultKind },
): Promise<void> {
  const { seconds, sliceSeconds, perSecond } = config.timeline;
  const startedMs = clock.monotonicMs();
  const now = (): number => (clock.monotonicMs() - startedMs) / 1_000;
  const until = async (second: number): Promise<void> => {
    while (now() < second && !isStopped()) {
      const leftMs = Math.min(STOP_POLL_MS, (second - now()) * 1_000);
      await new Promise<void>((resolve) => clock.setTimer(Math.max(1, leftMs), resolve));
    }
  };
  const counting = clients.all(() => ({
    do: 'timelines',
    names: results.map(({ setting }) => setting.name),
    seconds,
    sliceSeconds,
    perSecond: perSecond / clients.count,
  }));
  const injecting = (async () => {
    await until(seconds / 3);
    const fromSeconds = now();
    const node = await faults.inject(fault);
    await until((2 * seconds) / 3);
    await faults.heal();
    return { kind: fault, node, fromSeconds, toSeconds: now() };
  })();
  const [counted, span] = await Promise.all([counting, injecting]);
  for (const [at, result] of results.entries()) {
    const timelines = counted.map((timelinesOfClient) => timelinesOfClient[at] ?? []);
    const slices = (timelines[0] ?? []).map((_, slice) =>
      mergedSlice(timelines.flatMap((timeline) => timeline[slice] ?? [])),
    );
    result.availability = {
      sliceSeconds,
      slices: slices.map(({ succeeded, failed }) => [succeeded, failed] as const),
      p99Ms: slices.map(({ p99Ms }) => p99Ms),
      fault: span,
    };
  }
}

/** Of all clients: the sums, and the worst p99. */
function mergedSlice(parts: readonly TimelineSlice[]): TimelineSlice {
  const known = parts.map(({ p99Ms }) => p99Ms).filter((p99Ms) => p99Ms !== null);
  return {
    succeeded: sum(parts.map(({ succeeded }) => succeeded)),
    failed: sum(parts.map(({ failed }) => failed)),
    p99Ms: known.length === 0 ? null : Math.max(...known),
  };
}

function shuffled(results: readonly CellResult[], chance: Chance): CellResult[] {
  return shuffle([...results], chance);
}

function differences(
  before: readonly number[] | undefined,
  after: readonly number[] | undefined,
): number[] | undefined {
  return before === undefined
    ? undefined
    : after?.map((seconds, node) => seconds - (before[node] ?? 0));
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, each) => total + each, 0);
}

function missing(client: number): never {
  throw new RangeError(`There is no load for client ${client}`);
}
