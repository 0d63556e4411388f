/** `coterie bench run`: one workload against one cluster; throughput, latency and what it cost. */
import { Command, Option } from 'commander';
import type { BenchCluster } from '../bench/cluster.ts';
import { DISTRIBUTIONS } from '../bench/key-chooser.ts';
import type { Pace } from '../bench/load-run.ts';
import { codesOf } from '../bench/outcomes.ts';
import { readReport } from '../bench/report/read-report.ts';
import { runBenchmark } from '../bench/run-benchmark.ts';
import type { Provenance, RunConfig, RunReport } from '../bench/run-report.ts';
import type { Workload } from '../bench/workload.ts';
import { BUCKET_NAME, VALUE_BYTES_MAX } from '../core/limits.ts';
import { parseTimeout, wholeNumberIn } from './arguments.ts';
import {
  addClusterFlags,
  addLevelFlags,
  type ClusterChoice,
  type ClusterFlags,
  clusterChoice,
  type LevelFlags,
  levelsOf,
  numberIn,
  parseCodes,
  usage,
  type WorkloadFlags,
  workloadOf,
} from './bench-flags.ts';
import { showProgress } from './bench-progress.ts';
import { runText } from './bench-text.ts';
import { exitCodeOf } from './error-report.ts';
import type { BenchPorts, CliContext } from './ports.ts';
import { checkPagePlace, writePage } from './report-file.ts';
import { jsonLine } from './result-json.ts';

interface RunFlags extends ClusterFlags, LevelFlags, WorkloadFlags {
  readonly keys: number;
  readonly valueBytes: number;
  readonly update: 'context' | 'overwrite';
  readonly contexts: number;
  readonly bucket: string;
  readonly inFlight?: number;
  readonly rate?: number;
  readonly warmup: number;
  readonly seconds?: number;
  readonly operations?: number;
  readonly clients: number;
  readonly load: boolean;
  readonly timeout: number;
  readonly seed: number;
  readonly allowErrors?: readonly string[];
  readonly html?: string;
  readonly json?: boolean;
}

const SECONDS = 10;
const SECONDS_MAX = 86_400;
const IN_FLIGHT_CLOSED = 64;
const IN_FLIGHT_OPEN = 4_096;
const IN_FLIGHT_MAX = 65_536;
const KEYS_MAX = 100_000_000;
/** As a shell reports a program that was interrupted. */
export const EXIT_INTERRUPTED = 130;

export function benchRunCommand(context: CliContext): Command {
  const command = new Command('run')
    .description('run one workload; exits 0 when no operation failed')
    .option('--workload <letter>', 'of YCSB: a, b, c, d or f', 'a')
    .option('--mix <shares>', 'in its place: read=50,update=45,insert=5,rmw=0')
    .addOption(new Option('--distribution <name>', 'of keys').choices(DISTRIBUTIONS))
    .option('--keys <n>', 'loaded first', wholeNumberIn({ min: 1, max: KEYS_MAX }), 10_000)
    .option('--value-bytes <n>', '', wholeNumberIn({ min: 0, max: VALUE_BYTES_MAX }), 100)
    .addOption(
      new Option('--update <kind>', 'replace what was last seen, or what the node has')
        .choices(['context', 'overwrite'])
        .default('context'),
    )
    .option(
      '--contexts <n>',
      'that a client remembers',
      wholeNumberIn({ min: 1, max: 10_000_000 }),
      100_000,
    )
    .option('--bucket <name>', 'of the keys', 'bench')
    .option(
      '--in-flight <n>',
      `at once, all clients together; default: ${IN_FLIGHT_CLOSED}, with --rate ${IN_FLIGHT_OPEN}`,
      wholeNumberIn({ min: 1, max: IN_FLIGHT_MAX }),
    )
    .option('--rate <n>', 'operations a second, answered or not', numberIn(0.001, 10_000_000))
    .option('--warmup <seconds>', 'not measured', numberIn(0, SECONDS_MAX), 2)
    .option('--seconds <s>', `default: ${SECONDS}`, numberIn(0.1, SECONDS_MAX))
    .option('--operations <n>', 'end after so many', wholeNumberIn({ min: 1, max: 1e12 }))
    .option('--clients <n>', 'client processes', wholeNumberIn({ min: 1, max: 64 }), 1)
    .option('--no-load', 'the keys are there from an earlier run')
    .option('--timeout <time>', 'of each request', parseTimeout, 10_000)
    .option('--seed <n>', '', wholeNumberIn({ min: 0, max: Number.MAX_SAFE_INTEGER }), 1)
    .option('--allow-errors <codes>', 'error codes that are expected, comma separated', parseCodes)
    .option('--html <file>', 'also write a page with charts')
    .option('--json', 'print one JSON object');
  return addLevelFlags(addClusterFlags(command)).action((flags: RunFlags) =>
    benchRun(context, flags),
  );
}

async function benchRun(context: CliContext, flags: RunFlags): Promise<void> {
  const workload = workloadOf(flags);
  const choice = clusterChoice(flags);
  const config = configOf(flags, workload);
  if (flags.html !== undefined) await checkPagePlace(flags.html);
  const bench = await context.ports.bench();
  const provenance = provenanceOf(context, bench, flags.seed);
  const interrupt = interruptOf(context.ports.stopSignal());
  try {
    const cluster = await startChosen(context, bench, choice);
    try {
      const clients = await bench.startClients(config.clients);
      const endProgress = showProgress(context, clients, config);
      try {
        interrupt.whenItComes(() => clients.stop());
        const input = {
          workload: workload.name,
          config,
          isLoading: flags.load,
          provenance,
          isStopped: () => interrupt.hasCome,
        };
        const report = await unlessItFails(cluster, runBenchmark(cluster, clients, input));
        await endProgress();
        await tell(context, flags, report);
      } finally {
        await endProgress();
        await clients.close();
      }
    } finally {
      await cluster.stop();
    }
  } catch (error) {
    // The same Ctrl-C goes to the nodes: what fails then is no news.
    if (!interrupt.hasCome) throw error;
    context.exitCode = EXIT_INTERRUPTED;
  }
}

async function tell(context: CliContext, flags: RunFlags, report: RunReport): Promise<void> {
  const { terminal } = context;
  await terminal.write(flags.json === true ? jsonLine(report) : runText(report, terminal));
  if (flags.html !== undefined) await writePage(readReport(report), flags.html);
  const unexpected = codesOf(report.errors).find(
    (code) => flags.allowErrors?.includes(code) !== true,
  );
  if (report.isInterrupted) context.exitCode = EXIT_INTERRUPTED;
  else if (unexpected !== undefined) context.exitCode = exitCodeOf({ code: unexpected });
}

/** Errors: INVALID_ARGUMENT. */
function configOf(flags: RunFlags, { mix, distribution }: Workload): RunConfig {
  const { keys, valueBytes, update, contexts, bucket, clients, operations } = flags;
  if (!BUCKET_NAME.test(bucket)) {
    throw usage(`--bucket is ${JSON.stringify(bucket)}; it must match ${BUCKET_NAME.source}`);
  }
  const pace = paceOf(flags);
  if (pace.kind === 'closed' && pace.inFlight < clients) {
    throw usage(`--in-flight is ${pace.inFlight}, fewer than the ${clients} clients`);
  }
  const seconds = flags.seconds ?? (operations === undefined ? SECONDS : undefined);
  return {
    mix,
    distribution,
    keys,
    valueBytes,
    update,
    contextsMax: contexts,
    bucket,
    ...levelsOf(flags),
    pace,
    clients,
    warmupSeconds: flags.warmup,
    ...(seconds === undefined ? {} : { seconds }),
    ...(operations === undefined ? {} : { operations }),
    timeoutMs: flags.timeout,
  };
}

function paceOf({ rate, inFlight }: RunFlags): Pace {
  if (rate === undefined) return { kind: 'closed', inFlight: inFlight ?? IN_FLIGHT_CLOSED };
  return { kind: 'open', perSecond: rate, inFlightMax: inFlight ?? IN_FLIGHT_OPEN };
}

export interface Interrupt {
  readonly hasCome: boolean;
  /** At once when it has come before. */
  whenItComes(listener: () => void): void;
}

/** Asked for before anything is started: a signal then must stop it, not leave it half done. */
export function interruptOf(signal: Promise<string>): Interrupt {
  const listeners: (() => void)[] = [];
  let hasCome = false;
  void signal.then(() => {
    hasCome = true;
    for (const listener of listeners) listener();
  });
  return {
    get hasCome() {
      return hasCome;
    },
    whenItComes: (listener) => {
      if (hasCome) listener();
      else listeners.push(listener);
    },
  };
}

/** Rejects when a node ends meanwhile. */
export function unlessItFails<Result>(
  { failed }: BenchCluster,
  work: Promise<Result>,
): Promise<Result> {
  const failure = failed.then((error) => {
    throw error;
  });
  return Promise.race([work, failure]);
}

export function provenanceOf(context: CliContext, bench: BenchPorts, seed: number): Provenance {
  return {
    seed,
    command: [context.command, ...context.argv].join(' '),
    startedAt: new Date(context.clock.wallMs()).toISOString(),
    versions: { coterie: context.version, node: bench.nodeVersion },
    machine: bench.machine(),
  };
}

export function startChosen(
  { environment }: Pick<CliContext, 'environment'>,
  bench: BenchPorts,
  choice: ClusterChoice,
  { hasFaults = false }: { readonly hasFaults?: boolean } = {},
): Promise<BenchCluster> {
  switch (choice.kind) {
    case 'given':
      return Promise.resolve(bench.givenCluster(choice.addresses));
    case 'embedded':
      return bench.embedCluster(hasFaults ? { ...choice, hasFaults } : choice);
    case 'spawned':
      return bench.spawnCluster({ ...choice, environment });
  }
}
