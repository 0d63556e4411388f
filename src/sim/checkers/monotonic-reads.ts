/** Do quorum reads of a key, taken over all clients, never go back?
 *  Rules: what a read at quorum or stronger returned is on a majority before it returns. So a read
 *  that begins after it has ended, and asks enough replicas to meet every majority, shows what the
 *  first one showed or something that explains its absence (explanation.ts), and nothing that this
 *  had seen. Whether the writes were ever acknowledged does not matter.
 *  What a loss of a disk weakens: the majority that held the result is not known by name. From the
 *  time on when a majority of the key's replicas may have lost what they had synced for the first
 *  read, that read obliges nobody; until then the others still meet every later read, because a
 *  node that lost its disk answers none. Writes repeated through another node: see due-writes.ts.
 *  Source: docs/guarantees.md, "Levels", the column of repairs. */
import { majority } from '../../core/quorum/level.ts';
import type { DiskLoss, History, ReadOperation } from '../history.ts';
import { type KeyOracle, lossesByNode, lostAtUs, oracleOf } from './causal-oracle.ts';
import type { Checker } from './checker.ts';
import { type DueWrite, DueWrites } from './due-writes.ts';
import { Explanation } from './explanation.ts';
import { Findings } from './findings.ts';
import { isRepairing, neededBy } from './strictness.ts';

const NAME = 'monotonic-reads';

export const monotonicReads: Checker = {
  name: NAME,
  promise: 'A quorum read is never older than a quorum read that ended before it began (G1)',
  needs: ['blocking-repair'],
  check(history) {
    const findings = new Findings(NAME);
    for (const oracle of oracleOf(history).keys.values()) checkKey(oracle, history, findings);
    return findings.violations;
  },
};

function checkKey(oracle: KeyOracle, history: History, findings: Findings): void {
  const { replicas } = history;
  const explanation = new Explanation(oracle);
  const due = new DueWrites(oracle, shownBy(oracle, history));
  for (const read of oracle.reads) {
    if (findings.isFull) return;
    if (neededBy(read, replicas) + majority(replicas) <= replicas) continue;
    due.advance(read);
    const inSight = read.seen.map(({ write }) => write);
    const missing = due.missing(read, explanation.at(read.endUs, inSight));
    if (missing >= 0) tellMissing(oracle, read, due.causeOf(read, missing), findings);
    for (const { write } of read.seen) {
      const index = oracle.indexOf(write);
      if (index === undefined || !due.isReplaced(read, index)) continue;
      const cause = due.replacementOf(read, index);
      tellReplaced(oracle, read, { index, cause }, findings);
    }
  }
}

/** What quorum reads have shown, each write from the first of them on. */
function shownBy(oracle: KeyOracle, history: History): readonly DueWrite[] {
  const losses = lossesOf(history, oracle.key);
  const first = new Map<number, DueWrite>();
  const mortal: DueWrite[] = [];
  for (const read of oracle.reads) {
    if (!isRepairing(read, history.replicas)) continue;
    const untilUs = majorityLostUs(losses, read, history.replicas);
    for (const { write } of read.seen) {
      const index = oracle.indexOf(write);
      if (index === undefined) continue;
      const due = { index, fromUs: read.endUs, untilUs, operation: read.id };
      if (untilUs !== Number.POSITIVE_INFINITY) mortal.push(due);
      else if (due.fromUs < (first.get(index)?.fromUs ?? Number.POSITIVE_INFINITY)) {
        first.set(index, due);
      }
    }
  }
  return [...first.values(), ...mortal];
}

/** Of the replicas of the key, as far as it is known which these are. */
function lossesOf({ losses, contents }: History, key: string): readonly DiskLoss[][] {
  const others = new Set(contents.filter(({ owns }) => !owns(key)).map(({ node }) => node));
  return [...lossesByNode(losses.filter(({ node }) => !others.has(node))).values()];
}

function majorityLostUs(
  losses: readonly (readonly DiskLoss[])[],
  read: ReadOperation,
  replicas: number,
): number {
  if (losses.length < majority(replicas)) return Number.POSITIVE_INFINITY;
  const times = losses
    .map((ofNode) => lostAtUs(ofNode, read))
    .sort((a, b) => (a === b ? 0 : a - b));
  return times[majority(replicas) - 1] ?? Number.POSITIVE_INFINITY;
}

function tellMissing(
  oracle: KeyOracle,
  read: ReadOperation,
  cause: DueWrite | undefined,
  findings: Findings,
): void {
  const write = oracle.writes[cause?.index ?? -1]?.write;
  findings.add(
    oracle.key,
    [cause?.operation ?? read.id, read.id],
    `Read ${read.id} of key ${oracle.key} by ${read.client} lacks write ${write}, which quorum ` +
      `read ${cause?.operation} had shown when it ended at ${cause?.fromUs} us, and shows ` +
      'nothing ' +
      'that had seen it',
  );
}

function tellReplaced(
  oracle: KeyOracle,
  read: ReadOperation,
  { index, cause }: { readonly index: number; readonly cause: DueWrite | undefined },
  findings: Findings,
): void {
  const write = oracle.writes[index]?.write;
  const replacement = oracle.writes[cause?.index ?? -1]?.write;
  findings.add(
    oracle.key,
    [cause?.operation ?? read.id, read.id],
    `Read ${read.id} of key ${oracle.key} by ${read.client} shows write ${write} again, although ` +
      `quorum read ${cause?.operation}, which ended at ${cause?.fromUs} us, had shown write ` +
      `${replacement}, which had seen it`,
  );
}
