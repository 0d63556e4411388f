/** What may replicas lack anywhere in the cluster, and have exchanges brought them together? Every
 *  member is asked, because each knows only of hints that it holds itself and of exchanges that it
 *  begins.
 *  Invariants: a member that does not answer is said, never left out in silence; a pair counts as
 *  equal only if that was proved after it was asked for; every wait has a deadline.
 *  Not here: what nodes do (node/repair), how it is shown (cli). */
import { CoterieError } from '../core/errors.ts';
import type { Clock } from '../env/clock.ts';
import { asCoterieError } from '../wire/error-codec.ts';
import type {
  PairState,
  RepairStatusReply,
  StatusReply,
} from '../wire/generated/coterie/v1/admin.ts';
import type { AdminService } from '../wire/services.ts';

export interface MemberAdmin {
  readonly name: string;
  readonly address: string;
  readonly admin: Pick<AdminService, 'repairStatus' | 'repair'>;
}

/** One of the two is there. */
export interface MemberRepair {
  readonly name: string;
  readonly address: string;
  readonly status?: RepairStatusReply;
  readonly error?: CoterieError;
}

/** Members and their addresses, as the node asked knows them. Errors: NOT_INITIALISED. */
export function membersOf(
  status: StatusReply,
): readonly { readonly name: string; readonly address: string }[] {
  const members = status.members.filter(({ inLayout }) => inLayout);
  if (members.length > 0) return members.map(({ name, address }) => ({ name, address }));
  throw new CoterieError(
    'NOT_INITIALISED',
    `${status.node} belongs to no cluster yet: ${status.reason}`,
  );
}

/** In the order of `members`. */
export function repairStatuses(members: readonly MemberAdmin[]): Promise<MemberRepair[]> {
  return Promise.all(
    members.map(async ({ name, address, admin }) => {
      try {
        return { name, address, status: await admin.repairStatus({}) };
      } catch (error) {
        return { name, address, error: asCoterieError(error) };
      }
    }),
  );
}

export interface RepairRun {
  /** Undefined: all. */
  readonly partition: number | undefined;
  /** Until all pairs that can be are proved equal. */
  readonly isAwaited: boolean;
  /** Of the whole wait. */
  readonly timeoutMs: number;
  /** Told after each look. */
  readonly progress: (progress: RepairProgress) => Promise<void>;
}

export interface RepairProgress {
  /** Exchanges asked for, less those whose peer does not answer. */
  readonly pairs: number;
  readonly equal: number;
  /** Keys found to differ meanwhile. */
  readonly found: number;
  readonly sentBytes: number;
  readonly receivedBytes: number;
  readonly differingBytes: number;
  /** Copies known to be missing or behind, at all members that answer. */
  readonly debt: number;
  /** Members that do not answer, in words. */
  readonly silent: readonly string[];
  /** Why exchanges did not complete; each once. */
  readonly failures: readonly string[];
}

const POLL_MS = 250;

/** The last progress. Without a wait it is the first one. Errors: DEADLINE_EXCEEDED when pairs are
 *  left at the end of the wait; INVALID_ARGUMENT for a partition that does not exist. */
export async function repairCluster(
  members: readonly MemberAdmin[],
  run: RepairRun,
  clock: Pick<Clock, 'monotonicMs' | 'setTimer'>,
): Promise<RepairProgress> {
  const deadlineMs = clock.monotonicMs() + run.timeoutMs;
  const before = await repairStatuses(members);
  const askedMs = await askAll(members, run.partition);
  for (;;) {
    const now = await repairStatuses(members);
    const progress = progressOf(before, now, askedMs, run.partition);
    await run.progress(progress);
    if (!run.isAwaited || progress.equal >= progress.pairs) return progress;
    if (clock.monotonicMs() + POLL_MS > deadlineMs) throw unfinished(progress, run.timeoutMs);
    await new Promise<void>((resolve) => {
      clock.setTimer(POLL_MS, resolve);
    });
  }
}

/** By name: the node's own clock when it was asked. */
async function askAll(
  members: readonly MemberAdmin[],
  partition: number | undefined,
): Promise<ReadonlyMap<string, number>> {
  const askedMs = new Map<string, number>();
  const outcomes = await Promise.allSettled(
    members.map(async ({ name, admin }) => {
      const { nowMs } = await admin.repair({ partition, acceptLoss: false });
      askedMs.set(name, nowMs);
    }),
  );
  for (const outcome of outcomes) {
    if (outcome.status === 'fulfilled') continue;
    const error = asCoterieError(outcome.reason);
    if (error.code === 'INVALID_ARGUMENT') throw error;
  }
  return askedMs;
}

function progressOf(
  before: readonly MemberRepair[],
  now: readonly MemberRepair[],
  askedMs: ReadonlyMap<string, number>,
  partition: number | undefined,
): RepairProgress {
  const earlier = new Map<string, PairState>();
  for (const { name, status } of before) {
    for (const pair of status?.pairs ?? []) earlier.set(keyOf(name, pair), pair);
  }
  const isAnswering = (name: string) => now.some((it) => it.name === name && it.status);
  const sum = { pairs: 0, equal: 0, found: 0, sentBytes: 0, receivedBytes: 0, differingBytes: 0 };
  const failures = new Set<string>();
  let debt = 0;
  for (const { name, status } of now) {
    if (status === undefined) continue;
    debt += status.debt;
    const sinceMs = askedMs.get(name) ?? status.nowMs;
    for (const pair of status.pairs) {
      if (partition !== undefined && pair.partition !== partition) continue;
      const past = earlier.get(keyOf(name, pair));
      sum.found += pair.found - (past?.found ?? 0);
      sum.sentBytes += pair.sentBytes - (past?.sentBytes ?? 0);
      sum.receivedBytes += pair.receivedBytes - (past?.receivedBytes ?? 0);
      sum.differingBytes += pair.differingBytes - (past?.differingBytes ?? 0);
      if (!isAnswering(pair.peer)) continue;
      sum.pairs += 1;
      if (isEqualSince(pair, status.nowMs, sinceMs)) sum.equal += 1;
      else if (pair.failure !== '') failures.add(`${name} with ${pair.peer}: ${pair.failure}`);
    }
  }
  const silent = now.flatMap(({ name, error }) => (error ? [`${name}: ${error.message}`] : []));
  return { ...sum, debt, silent, failures: [...failures] };
}

function keyOf(name: string, { partition, peer }: PairState): string {
  return `${name} ${partition} ${peer}`;
}

/** Ages are counted back from the node's own clock. */
function isEqualSince(pair: PairState, nowMs: number, sinceMs: number): boolean {
  return pair.lastEqualMs !== undefined && nowMs - pair.lastEqualMs >= sinceMs;
}

function unfinished(progress: RepairProgress, timeoutMs: number): CoterieError {
  const { pairs, equal, failures } = progress;
  const why = failures.slice(0, 3).join('; ');
  return new CoterieError(
    'DEADLINE_EXCEEDED',
    `${equal} of ${pairs} pairs were proved equal within ${timeoutMs} ms` +
      `${why === '' ? '' : ` (${why})`}; the exchanges go on`,
    { applied: 'unknown', details: { pairs, equal, failures: failures.slice(0, 20) } },
  );
}
