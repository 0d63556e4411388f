/** Flags of `coterie bench quorum`: the matrix, how long, on what, and with which fault. */
import { type Command, InvalidArgumentError, Option } from 'commander';
import { FAULTS, type FaultKind } from '../bench/cluster.ts';
import { DISTRIBUTIONS } from '../bench/key-chooser.ts';
import type { QuorumConfig } from '../bench/quorum/quorum-report.ts';
import type { LevelPair } from '../bench/quorum/setting.ts';
import type { Workload } from '../bench/workload.ts';
import { BUCKET_NAME, VALUE_BYTES_MAX } from '../core/limits.ts';
import { TRIALS_MAX } from '../core/pbs/predict.ts';
import { CONSISTENCY_LEVELS, type ConsistencyLevel } from '../core/quorum/level.ts';
import { parseTimeout, wholeNumberIn } from './arguments.ts';
import {
  addNodeFlags,
  type ClusterFlags,
  numberIn,
  parseCodes,
  usage,
  type WorkloadFlags,
} from './bench-flags.ts';

export interface QuorumFlags extends Omit<ClusterFlags, 'replicas'>, WorkloadFlags {
  readonly n?: readonly number[];
  readonly r?: readonly number[];
  readonly w?: readonly number[];
  readonly levels?: readonly LevelPair[];
  readonly rounds: number;
  readonly sliceSeconds: number;
  readonly keys: number;
  readonly valueBytes: number;
  readonly update: 'context' | 'overwrite';
  readonly durability?: 'fsync' | 'memory';
  readonly bucket: string;
  readonly inFlight: number;
  readonly lanes: number;
  readonly clients: number;
  readonly timeout: number;
  readonly fault?: FaultKind;
  readonly faultSeconds: number;
  readonly faultRate: number;
  readonly trials: number;
  readonly seed: number;
  readonly allowErrors?: readonly string[];
  readonly html?: string;
  readonly json?: boolean;
}

const COUNT_MAX = 32;
const CONTEXTS_MAX = 100_000;
const TIMELINE_SLICE_SECONDS = 0.5;
/** Of the bucket's name, for the number of a setting. */
const BUCKET_LENGTH_MAX = 60;

export function addQuorumFlags(command: Command): Command {
  return addNodeFlags(command)
    .option('--n <list>', 'replicas of a key, such as 3,5; default: 3, or as many as nodes', counts)
    .option('--r <list>', 'answers that a read waits for; default: 1 to N', counts)
    .option('--w <list>', 'acknowledgements that a write waits for; default: 1 to N', counts)
    .option('--levels <pairs>', 'also READ:WRITE,..., such as one:quorum', levelPairs)
    .option('--rounds <n>', 'slices of each setting', wholeNumberIn({ min: 1, max: 1_000 }), 6)
    .option('--slice-seconds <s>', 'of one slice of one setting', numberIn(0.1, 3_600), 3)
    .option('--workload <letter>', 'of YCSB: a, b, c, d or f', 'a')
    .option('--mix <shares>', 'in its place: read=50,update=45,insert=5,rmw=0')
    .addOption(new Option('--distribution <name>', 'of keys').choices(DISTRIBUTIONS))
    .option('--keys <n>', 'of each setting', wholeNumberIn({ min: 1, max: 1_000_000 }), 1_000)
    .option('--value-bytes <n>', '', wholeNumberIn({ min: 0, max: VALUE_BYTES_MAX }), 100)
    .addOption(
      new Option('--update <kind>', 'replace what was last seen, or what the node has')
        .choices(['context', 'overwrite'])
        .default('context'),
    )
    .addOption(
      new Option('--durability <kind>', 'of writes; default: fsync').choices(['fsync', 'memory']),
    )
    .option('--bucket <name>', 'a number is added for each setting', 'bench-quorum')
    .option('--in-flight <n>', 'all clients together', wholeNumberIn({ min: 1, max: 1_024 }), 8)
    .option(
      '--lanes <n>',
      'keys probed at once for staleness',
      wholeNumberIn({ min: 1, max: 512 }),
      8,
    )
    .option('--clients <n>', 'client processes', wholeNumberIn({ min: 1, max: 64 }), 1)
    .option('--timeout <time>', 'of each request', parseTimeout, 2_000)
    .addOption(
      new Option('--fault <kind>', 'of one node, at the end, for all settings').choices(FAULTS),
    )
    .option('--fault-seconds <s>', 'before, during and after together', numberIn(3, 3_600), 24)
    .option('--fault-rate <n>', 'operations a second of each setting', numberIn(1, 100_000), 50)
    .option('--trials <n>', 'of predictions', wholeNumberIn({ min: 1, max: TRIALS_MAX }), 100_000)
    .option('--seed <n>', '', wholeNumberIn({ min: 0, max: Number.MAX_SAFE_INTEGER }), 1)
    .option('--allow-errors <codes>', 'error codes that are expected, comma separated', parseCodes)
    .option('--html <file>', 'also write a page with charts')
    .option('--json', 'print one JSON object');
}

/** Errors: INVALID_ARGUMENT. */
export function quorumConfigOf(flags: QuorumFlags, workload: Workload): QuorumConfig {
  const { bucket, inFlight, lanes, clients, durability } = flags;
  if (!BUCKET_NAME.test(bucket) || bucket.length > BUCKET_LENGTH_MAX) {
    throw usage(
      `--bucket is ${JSON.stringify(bucket)}; it must match ${BUCKET_NAME.source} and have ` +
        `${BUCKET_LENGTH_MAX} characters at most`,
    );
  }
  if (inFlight < clients || lanes < clients) {
    throw usage(
      `--in-flight ${inFlight} and --lanes ${lanes} must be shared by ${clients} clients`,
    );
  }
  return {
    mix: workload.mix,
    distribution: workload.distribution,
    keys: flags.keys,
    valueBytes: flags.valueBytes,
    update: flags.update,
    contextsMax: CONTEXTS_MAX,
    bucket,
    ...(durability === undefined ? {} : { durability }),
    inFlight,
    lanes,
    clients,
    rounds: flags.rounds,
    sliceSeconds: flags.sliceSeconds,
    timeoutMs: flags.timeout,
    timeline: {
      seconds: flags.faultSeconds,
      sliceSeconds: TIMELINE_SLICE_SECONDS,
      perSecond: flags.faultRate,
    },
    fault: flags.fault ?? null,
    trials: flags.trials,
  };
}

function counts(text: string): number[] {
  const parse = wholeNumberIn({ min: 1, max: COUNT_MAX });
  return text.split(',').map(parse);
}

function levelPairs(text: string): LevelPair[] {
  return text.split(',').map((pair) => {
    const [read, write, ...more] = pair.split(':').map(levelOf);
    if (read === undefined || write === undefined || more.length > 0 || read === 'any') {
      throw new InvalidArgumentError(
        `It must be READ:WRITE pairs of ${CONSISTENCY_LEVELS.join(', ')}; reads have no any.`,
      );
    }
    return { read, write };
  });
}

function levelOf(text: string): ConsistencyLevel | undefined {
  return CONSISTENCY_LEVELS.find((level) => level === text);
}
