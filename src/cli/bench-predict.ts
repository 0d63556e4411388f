/** `coterie bench predict`: how fast and how fresh reads and writes will be at one N, R and W, from
 *  latencies that were published or measured. */
import { Command, Option } from 'commander';
import {
  FRESH_AT_MS,
  NODES_PREDICTED_MAX,
  type Percentiles,
  type Prediction,
  predict,
  REPLICAS_PREDICTED_MAX,
  TRIALS_MAX,
  WRITES_PER_READ_MAX,
} from '../core/pbs/predict.ts';
import { MODELS, type Model } from '../core/pbs/trials.ts';
import { required, wholeNumberIn } from './arguments.ts';
import { counted, whole } from './counted.ts';
import { isPublished, loadProfile, PROFILE_HELP } from './latency-profile.ts';
import type { CliContext } from './ports.ts';
import { jsonLine } from './result-json.ts';
import { renderTable } from './table.ts';
import type { Terminal } from './terminal.ts';

interface PredictFlags {
  readonly profile?: string;
  readonly n: number;
  readonly r: number;
  readonly w: number;
  readonly nodes?: number;
  readonly trials: number;
  readonly seed: number;
  readonly model?: Model;
  readonly readAll?: boolean;
  readonly writesPerRead: number;
  readonly json?: boolean;
}

const replicaCount = wholeNumberIn({ min: 1, max: REPLICAS_PREDICTED_MAX });
const nodeCount = wholeNumberIn({ min: 1, max: NODES_PREDICTED_MAX });
const trialCount = wholeNumberIn({ min: 1, max: TRIALS_MAX });
const writeCount = wholeNumberIn({ min: 0, max: WRITES_PER_READ_MAX });
const seedNumber = wholeNumberIn({ min: 0, max: Number.MAX_SAFE_INTEGER });

export function predictCommand(context: CliContext): Command {
  return new Command('predict')
    .description('predict latency and staleness of one setting from latency distributions')
    .option('--profile <name>', `needed: ${PROFILE_HELP}`)
    .option('--n <count>', 'replicas of a key', replicaCount, 3)
    .option('--r <count>', 'answers that a read waits for', replicaCount, 1)
    .option('--w <count>', 'acknowledgements that a write waits for', replicaCount, 1)
    .addOption(
      new Option(
        '--model <shape>',
        'wars: as in the paper; coterie: as this database sends; default: wars for a published ' +
          'profile, coterie for a file',
      ).choices(MODELS),
    )
    .option('--nodes <count>', 'of the cluster, for coterie; default: N', nodeCount)
    .option('--read-all', 'a read asks all N, for coterie; wars always does')
    .option(
      '--writes-per-read <count>',
      'for monotonic: writes of others between two reads of a client',
      writeCount,
      1,
    )
    .option('--trials <count>', 'how many writes and reads to draw', trialCount, 1_000_000)
    .option('--seed <n>', 'the same seed gives the same result', seedNumber, 1)
    .option('--json', 'print one JSON object')
    .action((flags: PredictFlags) => showPrediction(context, flags));
}

async function showPrediction({ terminal }: CliContext, flags: PredictFlags): Promise<void> {
  const { n, r, w, trials, seed, writesPerRead } = flags;
  const name = required('--profile <name>', flags.profile);
  const profile = await loadProfile(name, { n, r, w });
  const [prediction] = predict({
    profile,
    model: flags.model ?? (isPublished(name) ? 'wars' : 'coterie'),
    replicas: n,
    nodes: flags.nodes ?? n,
    readsAll: flags.readAll === true,
    trials,
    seed,
    settings: [{ r, w }],
    atMs: FRESH_AT_MS,
    writesPerRead,
  });
  if (prediction === undefined) return;
  const isJson = flags.json === true;
  const shown = isJson
    ? jsonLine(predictionJson(prediction))
    : predictionText(prediction, terminal);
  await terminal.write(shown);
}

/** The object that `--json` prints: times in milliseconds, to 0.1 us. */
function predictionJson(prediction: Prediction) {
  return {
    ...prediction,
    readMs: roundedAll(prediction.readMs),
    writeMs: roundedAll(prediction.writeMs),
    t999Ms: rounded(prediction.t999Ms),
  };
}

function roundedAll({ p50, p99, p999 }: Percentiles): Percentiles {
  return { p50: rounded(p50), p99: rounded(p99), p999: rounded(p999) };
}

function rounded(ms: number): number {
  return Math.round(ms * 1e4) / 1e4;
}

function predictionText(prediction: Prediction, terminal: Terminal): string {
  const { n, r, w, model, profile, nodes, trials, seed, readMs, writeMs, kStale } = prediction;
  const isStrict = r + w > n;
  const rows: [string, string][] = [
    ['setting', `N ${n}, R ${r}, W ${w}${isStrict ? ' (every read is fresh)' : ''}`],
    ['profile', model === 'coterie' ? `${profile}, ${counted(nodes, 'node')}` : profile],
    ['model', `${model}, ${whole(trials)} trials from seed ${seed}`],
    ['read', percentilesText(readMs)],
    ['write', percentilesText(writeMs)],
    ...freshRows(prediction),
    ['99.9 % fresh', `${msText(prediction.t999Ms)} after the write`],
    [
      'within k versions',
      kStale
        .slice(0, 3)
        .map((p, k) => `${k + 1}: ${percent(p)}`)
        .join(', '),
    ],
    ['reads of one client', `${percent(prediction.monotonic)} do not go back`],
  ];
  return renderTable({ head: [], rows }, terminal);
}

/** Up to the first time at which hardly a read is stale. */
function freshRows({ freshAtMs }: Prediction): [string, string][] {
  const end = freshAtMs.findIndex(([, share]) => share >= 0.9999);
  const shown = freshAtMs.slice(0, end === -1 ? undefined : end + 1);
  return shown.map(([t, share]) => [
    t === 0 ? 'fresh at once' : `fresh after ${t} ms`,
    percent(share),
  ]);
}

function percentilesText({ p50, p99, p999 }: Percentiles): string {
  return `p50 ${msText(p50)}, p99 ${msText(p99)}, p99.9 ${msText(p999)}`;
}

function msText(ms: number): string {
  return `${ms.toFixed(ms < 100 ? 2 : 0)} ms`;
}

function percent(share: number): string {
  return `${(100 * share).toFixed(2)} %`;
}
