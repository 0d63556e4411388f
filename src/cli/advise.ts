/** `coterie advise`: which N, R and W meet the goals, by a report of `bench quorum` or by what is
 *  predicted from latencies. */
import { Command } from 'commander';
import { isQuorumReport, reportedCandidates } from '../bench/quorum-evidence.ts';
import { CoterieError } from '../core/errors.ts';
import {
  type Advised,
  advise,
  type Candidate,
  type FreshGoal,
  type Goals,
  predictedCandidates,
} from '../core/pbs/advice.ts';
import { FRESH_AT_MS, NODES_PREDICTED_MAX, predict, TRIALS_MAX } from '../core/pbs/predict.ts';
import { type LatencyProfile, PROFILE_NAMES, PUBLISHED_PROFILES } from '../core/pbs/profile.ts';
import { decodeProfile } from '../core/pbs/profile-file.ts';
import { adviceJson, adviceText } from './advice-text.ts';
import { required, wholeNumberIn } from './arguments.ts';
import { collectFresh, parseDuration } from './goal-arguments.ts';
import { isPublished, loadFile } from './latency-profile.ts';
import type { CliContext } from './ports.ts';
import { jsonLine } from './result-json.ts';

interface AdviseFlags {
  readonly from?: string;
  readonly readP50?: number;
  readonly readP99?: number;
  readonly readP999?: number;
  readonly writeP50?: number;
  readonly writeP99?: number;
  readonly writeP999?: number;
  readonly fresh?: readonly FreshGoal[];
  readonly survive?: number;
  readonly keep?: number;
  readonly n?: readonly number[];
  readonly nodes?: number;
  readonly trials: number;
  readonly seed: number;
  readonly json?: boolean;
}

/** Every R and W of larger ones would be hundreds of settings. */
const REPLICAS_MAX = 15;
const EXIT_NOTHING_MEETS = 1;

const replicaCount = wholeNumberIn({ min: 1, max: REPLICAS_MAX });
const nodeCount = wholeNumberIn({ min: 0, max: REPLICAS_MAX });

export function adviseCommand(context: CliContext): Command {
  return new Command('advise')
    .description('show which N, R and W meet the goals; exits 1 when none does')
    .option(
      '--from <name>',
      'needed: a report of `bench quorum --json`, a file of measured latencies, or ' +
        PROFILE_NAMES.join(', '),
    )
    .option('--read-p50 <time>', 'the median of reads, at most: 5ms', parseDuration)
    .option('--read-p99 <time>', '99 of 100 reads', parseDuration)
    .option('--read-p999 <time>', '999 of 1,000 reads', parseDuration)
    .option('--write-p50 <time>', 'the median of writes, at most', parseDuration)
    .option('--write-p99 <time>', '99 of 100 writes', parseDuration)
    .option('--write-p999 <time>', '999 of 1,000 writes', parseDuration)
    .option(
      '--fresh <share@time>',
      'reads that return a write, so long after it: 99.9%@10ms; repeatable',
      collectFresh,
    )
    .option('--survive <count>', 'nodes that may be down', nodeCount)
    .option('--keep <count>', 'nodes that may be lost for ever without losing a write', nodeCount)
    .option(
      '--n <count>',
      'replicas to predict for; repeatable; default: 3',
      (text: string, before: readonly number[] = []) => [...before, replicaCount(text)],
    )
    .option(
      '--nodes <count>',
      'of the cluster to predict for; default: N',
      wholeNumberIn({ min: 1, max: NODES_PREDICTED_MAX }),
    )
    .option(
      '--trials <count>',
      'of each prediction',
      wholeNumberIn({ min: 1, max: TRIALS_MAX }),
      200_000,
    )
    .option(
      '--seed <n>',
      'of predictions',
      wholeNumberIn({ min: 0, max: Number.MAX_SAFE_INTEGER }),
      1,
    )
    .option('--json', 'print one JSON object')
    .action((flags: AdviseFlags) => showAdvice(context, flags));
}

async function showAdvice(context: CliContext, flags: AdviseFlags): Promise<void> {
  const goals = goalsOf(flags);
  const { kind, name, candidates } = await evidenceOf(flags, goals);
  const advice = advise(goals, candidates);
  if (!advice.some(({ isMet }: Advised) => isMet)) context.exitCode = EXIT_NOTHING_MEETS;
  const { terminal } = context;
  const isJson = flags.json === true;
  await terminal.write(
    isJson
      ? jsonLine({ goals, evidence: { kind, name }, settings: adviceJson(advice) })
      : adviceText(advice, { kind, name }, terminal),
  );
}

/** Errors: INVALID_ARGUMENT when there is none. */
function goalsOf(flags: AdviseFlags): Goals {
  const { fresh = [], survive, keep } = flags;
  const goals = {
    readMs: given({ p50: flags.readP50, p99: flags.readP99, p999: flags.readP999 }),
    writeMs: given({ p50: flags.writeP50, p99: flags.writeP99, p999: flags.writeP999 }),
    fresh,
    ...given({ survive, keep }),
  };
  const count = [goals.readMs, goals.writeMs].flatMap((each) => Object.keys(each)).length;
  if (count + fresh.length > 0 || survive !== undefined || keep !== undefined) return goals;
  throw new CoterieError(
    'INVALID_ARGUMENT',
    'No goal: give some of --read-p99, --write-p99, --fresh, --survive, --keep and the like',
  );
}

/** Without what is undefined. */
function given<Name extends string>(
  fields: Readonly<Record<Name, number | undefined>>,
): Partial<Record<Name, number>> {
  const known = Object.entries(fields).filter(([, value]) => value !== undefined);
  return Object.fromEntries(known) as Partial<Record<Name, number>>;
}

interface Evidence {
  readonly kind: 'report' | 'profile';
  readonly name: string;
  readonly candidates: readonly Candidate[];
}

async function evidenceOf(flags: AdviseFlags, goals: Goals): Promise<Evidence> {
  const from = required('--from <name>', flags.from);
  const predicted = (profile: LatencyProfile): Evidence => {
    const candidates = predictedCandidates(predictionsOf(profile, flags, goals));
    return { kind: 'profile', name: profile.name, candidates };
  };
  if (isPublished(from)) return predicted(PUBLISHED_PROFILES[from]);
  return loadFile(from, (value): Evidence => {
    if (!isQuorumReport(value)) return predicted(decodeProfile(value));
    if (flags.n !== undefined || flags.nodes !== undefined) {
      throw new CoterieError(
        'INVALID_ARGUMENT',
        'It is a report: --n and --nodes are for predictions, a report has what was measured',
      );
    }
    return { kind: 'report', name: from, candidates: reportedCandidates(value) };
  });
}

function predictionsOf(
  profile: LatencyProfile,
  { n = [3], nodes, trials, seed }: AdviseFlags,
  { fresh }: Goals,
) {
  const times = fresh.map(({ afterMs }) => afterMs);
  const atMs = [...new Set([...FRESH_AT_MS, ...times])].sort((a, b) => a - b);
  return [...new Set(n)].flatMap((replicas) => {
    const counts = Array.from({ length: replicas }, (_, at) => at + 1);
    return predict({
      model: 'coterie',
      profile,
      replicas,
      nodes: Math.max(replicas, nodes ?? replicas),
      readsAll: false,
      trials,
      seed,
      settings: counts.flatMap((r) => counts.map((w) => ({ r, w }))),
      atMs,
      writesPerRead: 1,
    });
  });
}
