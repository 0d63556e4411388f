/** `coterie bench run` from the first key to the result: every client does the same phase at the
 *  same time, and the nodes' processor time is read between the phases.
 *  Not here: starting the cluster and the clients, flags, output (cli). */
import type { BenchCluster } from './cluster.ts';
import type { LoadOptions, Pace } from './load-run.ts';
import { type Provenance, type RunConfig, type RunReport, runReport } from './run-report.ts';
import type { CommandOf, WorkerAnswers, WorkerCommand } from './worker-protocol.ts';

/** The client processes. */
export interface BenchClients {
  readonly count: number;
  /** Tells each client, and resolves when all have done it. Rejects with the first failure, also
   *  when a client process ends. */
  all<Name extends WorkerCommand['do']>(
    commandOf: (index: number) => CommandOf<Name>,
  ): Promise<readonly WorkerAnswers[Name][]>;
}

export interface RunInput {
  readonly workload: string;
  readonly config: RunConfig;
  /** False: the keys are there from an earlier run. */
  readonly isLoading: boolean;
  readonly provenance: Provenance;
  readonly isStopped: () => boolean;
}

/** Enough to tell how far they are from each other, and long enough to be alike. */
const SLICES = 10;
/** Requests in flight beside those of the loop: while keys are loaded. */
const IN_FLIGHT_SPARE = 128;

export async function runBenchmark(
  cluster: BenchCluster,
  clients: BenchClients,
  input: RunInput,
): Promise<RunReport> {
  const { config, provenance, isLoading } = input;
  const options = optionsOfClients(config, provenance.seed);
  await clients.all((index) => ({
    do: 'connect',
    nodes: cluster.addresses,
    timeoutMs: config.timeoutMs,
    inFlightMax: inFlightOf(options[index]?.pace) + IN_FLIGHT_SPARE,
  }));
  await clients.all((index) => ({
    do: 'load',
    options: options[index] as LoadOptions,
    isLoading,
  }));
  await clients.all(() => ({ do: 'warm-up' }));
  const before = await cluster.processorSeconds();
  const results = await clients.all(() => ({ do: 'measure' }));
  const after = await cluster.processorSeconds();
  return runReport({
    workload: input.workload,
    config,
    results,
    nodeSeconds: difference(before, after),
    isInterrupted: input.isStopped(),
    cluster: {
      kind: cluster.kind,
      nodes: cluster.addresses.length,
      replicas: cluster.replicas ?? null,
    },
    provenance,
  });
}

/** The load of the configuration, shared out among its clients. */
export function optionsOfClients(config: RunConfig, seed: number): LoadOptions[] {
  const { clients, pace, operations, seconds, ...common } = config;
  return Array.from({ length: clients }, (_, index) => ({
    ...common,
    pace: paceOf(pace, index, clients),
    ...(seconds === undefined ? {} : { seconds }),
    ...(operations === undefined ? {} : { operations: share(operations, index, clients) }),
    seed,
    slices: SLICES,
    client: { index, count: clients },
  }));
}

function paceOf(pace: Pace, index: number, clients: number): Pace {
  if (pace.kind === 'closed') {
    return { kind: 'closed', inFlight: Math.max(1, share(pace.inFlight, index, clients)) };
  }
  const inFlightMax = Math.max(1, share(pace.inFlightMax, index, clients));
  return { kind: 'open', perSecond: pace.perSecond / clients, inFlightMax };
}

/** Of `whole` things: all shares differ by one at most and make up the whole. */
function share(whole: number, index: number, count: number): number {
  return Math.floor((whole * (index + 1)) / count) - Math.floor((whole * index) / count);
}

function inFlightOf(pace: Pace | undefined): number {
  if (pace === undefined) return 0;
  return pace.kind === 'closed' ? pace.inFlight : pace.inFlightMax;
}

function difference(
  before: readonly number[] | undefined,
  after: readonly number[] | undefined,
): number | undefined {
  if (before === undefined || after === undefined) return undefined;
  return after.reduce((total, seconds, index) => total + seconds - (before[index] ?? 0), 0);
}
