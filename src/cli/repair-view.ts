/** What `coterie status --repair` and `coterie repair` show, made from the answers of the members.
 *  Pure. */
import type { MemberRepair, RepairProgress } from '../client/repair-cluster.ts';
import type { PairState, Rebuild, RepairStatusReply } from '../wire/generated/coterie/v1/admin.ts';
import { counted, whole } from './counted.ts';
import { shortTime } from './duration.ts';
import { type Look, renderTable } from './table.ts';

/** What is not known is absent. Times are ages in milliseconds. */
export function repairStatusJson(members: readonly MemberRepair[]) {
  return {
    debt: debtOf(members),
    hints: members.flatMap(({ name, status }) =>
      (status?.hints ?? []).map((hint) => ({ holder: name, ...hint })),
    ),
    pairs: members.flatMap(({ name, status }) =>
      (status?.pairs ?? []).map(({ lastEqualMs, ...pair }) => ({
        node: name,
        ...pair,
        ...(lastEqualMs === undefined ? {} : { lastEqualMs: Math.round(lastEqualMs) }),
      })),
    ),
    nodes: members.map(({ name, address, status, error }) => ({
      name,
      address,
      ...(error === undefined ? {} : { error: { code: error.code, message: error.message } }),
      ...(status === undefined ? {} : nodeJson(status)),
    })),
  };
}

function nodeJson({ debt, unreadableKeys, rebuild, scrub }: RepairStatusReply) {
  return {
    debt,
    unreadableKeys,
    ...(rebuild === undefined ? {} : { rebuild: withoutUndefined(rebuild) }),
    ...(scrub === undefined ? {} : { scrub: withoutUndefined(scrub) }),
  };
}

/** JSON would drop them as well, but the types would not say so. */
function withoutUndefined<T extends object>(value: T): Partial<T> {
  const present = Object.entries(value).filter(([, field]) => field !== undefined);
  return Object.fromEntries(present) as Partial<T>;
}

/** At all members that answer. */
function debtOf(members: readonly MemberRepair[]): number {
  let debt = 0;
  for (const { status } of members) debt += status?.debt ?? 0;
  return debt;
}

export function repairStatusText(members: readonly MemberRepair[], look: Look): string {
  const sections = [debtLines(members, look).join('')];
  const hints = members.flatMap(({ name, status }) => hintRows(name, status));
  if (hints.length > 0) {
    const head = ['holder', 'for', 'hints', 'bytes', 'oldest', 'state', 'dirty partitions'];
    sections.push(`Hints:\n${renderTable({ head, rows: hints, keys: 2 }, look)}`);
  }
  const exchanges = members.flatMap(({ name, status }) => exchangeRows(name, status?.pairs ?? []));
  if (exchanges.length > 0) {
    const head = ['node', 'peer', 'partitions', 'oldest equal', 'differing', 'found', 'sent'];
    head.push('received', 'really differed', 'failed');
    sections.push(`Exchanges:\n${renderTable({ head, rows: exchanges, keys: 2 }, look)}`);
  }
  const worst = worstRows(members);
  if (worst.length > 0) {
    const head = ['partition', 'node', 'peer', 'differing', 'why'];
    sections.push(`Not equal:\n${renderTable({ head, rows: worst, keys: 3 }, look)}`);
  }
  return sections.join('\n');
}

function debtLines(members: readonly MemberRepair[], { colors }: Look): string[] {
  const debt = debtOf(members);
  const isKnown = members.every(({ error }) => error === undefined);
  const color = debt === 0 ? colors.green : colors.yellow;
  const among = isKnown ? '' : ', at the members that answer';
  const lines = [
    `repair debt  ${color(whole(debt))} ${debt === 1 ? 'copy' : 'copies'} of keys${among}\n`,
  ];
  for (const { name, error, status } of members) {
    if (error !== undefined) lines.push(`${colors.red(name)}  does not answer: ${error.message}\n`);
    if (status?.rebuild !== undefined) lines.push(`${name}  ${rebuildText(status.rebuild)}\n`);
    if (status !== undefined && status.unreadableKeys > 0) {
      lines.push(`${name}  ${counted(status.unreadableKeys, 'unreadable key')}\n`);
    }
    if (status?.scrub !== undefined && status.scrub.corrupt > 0) {
      const { corrupt, records } = status.scrub;
      lines.push(`${name}  ${corrupt} of ${records} records re-read were damaged\n`);
    }
  }
  return lines;
}

/** Of a node that is RECOVERING. */
export function rebuildText(rebuild: Rebuild): string {
  const { done, partitions, keys, bytes, estimateMs, waitingFor } = rebuild;
  const of = counted(partitions, 'partition');
  const parts = [
    `rebuilt ${done} of ${of}, ${counted(keys, 'key')}, ${bytesText(bytes)}`,
    ...(estimateMs === undefined ? [] : [`about ${shortTime(estimateMs)} left`]),
    ...(waitingFor === '' ? [] : [`waits for ${waitingFor}`]),
  ];
  return parts.join(', ');
}

function hintRows(holder: string, status: RepairStatusReply | undefined): string[][] {
  return (status?.hints ?? []).map((hint) => [
    holder,
    hint.target,
    String(hint.count),
    bytesText(hint.bytes),
    shortTime(hint.oldestMs),
    hint.detail === '' ? hint.state : `${hint.state}: ${hint.detail}`,
    String(hint.dirtyPartitions),
  ]);
}

/** One row for each peer. */
function exchangeRows(node: string, pairs: readonly PairState[]): string[][] {
  const byPeer = new Map<string, PairState[]>();
  for (const pair of pairs) byPeer.set(pair.peer, [...(byPeer.get(pair.peer) ?? []), pair]);
  return [...byPeer].map(([peer, all]) => {
    const sum = (of: (pair: PairState) => number) => all.reduce((so, pair) => so + of(pair), 0);
    return [
      node,
      peer,
      String(all.length),
      oldestText(all),
      String(sum((pair) => pair.differing)),
      String(sum((pair) => pair.found)),
      bytesText(sum((pair) => pair.sentBytes)),
      bytesText(sum((pair) => pair.receivedBytes)),
      bytesText(sum((pair) => pair.differingBytes)),
      String(sum((pair) => (pair.failure === '' ? 0 : 1))),
    ];
  });
}

function oldestText(pairs: readonly PairState[]): string {
  let oldestMs = 0;
  let neverCount = 0;
  for (const { lastEqualMs } of pairs) {
    if (lastEqualMs === undefined) neverCount += 1;
    else oldestMs = Math.max(oldestMs, lastEqualMs);
  }
  if (neverCount === pairs.length) return 'not yet';
  return neverCount === 0 ? shortTime(oldestMs) : `${shortTime(oldestMs)}, ${neverCount} not yet`;
}

const WORST_MAX = 10;

/** The pairs that differ most or fail. */
function worstRows(members: readonly MemberRepair[]): string[][] {
  const all = members.flatMap(({ name, status }) =>
    (status?.pairs ?? []).map((pair) => ({ name, pair })),
  );
  return all
    .filter(({ pair }) => pair.differing > 0 || pair.failure !== '')
    .sort((a, b) => b.pair.differing - a.pair.differing)
    .slice(0, WORST_MAX)
    .map(({ name, pair }) => [
      String(pair.partition),
      name,
      pair.peer,
      String(pair.differing),
      pair.failure,
    ]);
}

export function repairJson(progress: RepairProgress, elapsedMs: number) {
  return { ...progress, elapsedMs: Math.round(elapsedMs) };
}

const BAR_CELLS = 30;

/** One line, drawn over again and again. */
export function progressText({ pairs, equal, found, debt }: RepairProgress): string {
  const full = pairs === 0 ? BAR_CELLS : Math.floor((BAR_CELLS * equal) / pairs);
  const bar = '#'.repeat(full) + '.'.repeat(BAR_CELLS - full);
  return `[${bar}] ${equal} of ${pairs} pairs equal, ${found} keys differed, debt ${debt}`;
}

export function repairText(progress: RepairProgress, isAwaited: boolean): string {
  const { pairs, equal, found, sentBytes, receivedBytes, differingBytes, debt } = progress;
  const moved = bytesText(sentBytes + receivedBytes);
  const lines = isAwaited
    ? [
        `${equal} of ${pairs} pairs of replicas are proved equal; ${found} keys differed`,
        `${moved} were exchanged for ${bytesText(differingBytes)} that differed; debt ${debt}`,
      ]
    : [`${pairs} pairs of replicas are compared first now: see \`coterie status --repair\``];
  for (const silent of progress.silent) lines.push(`not asked: ${silent}`);
  for (const failure of progress.failures.slice(0, WORST_MAX)) lines.push(`not equal: ${failure}`);
  return `${lines.join('\n')}\n`;
}

export function bytesText(bytes: number): string {
  if (bytes < 1_024) return `${Math.round(bytes)} B`;
  const units = ['KiB', 'MiB', 'GiB', 'TiB'];
  let left = bytes / 1_024;
  let at = 0;
  for (; left >= 1_024 && at < units.length - 1; at += 1) left /= 1_024;
  return `${left.toFixed(1)} ${units[at]}`;
}
