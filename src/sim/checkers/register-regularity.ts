/** Is each key a regular register of several values, where the replicas of the read and of the
 *  write must meet?
 *  Rules: a read of r replicas that began after the acknowledgement of a write by w of them, with
 *  r + w > N, shows that write or something that explains its absence (explanation.ts), and shows
 *  nothing that the write had seen, through whatever chain. Deletes are writes that show nothing.
 *  Writes that are not acknowledged may be seen or not, from one read to the next.
 *  What a loss of a disk weakens: a write is owed as long as one node that acknowledged it has its
 *  disk. One such node is enough, because a node that lost its disk answers no strict read. Of
 *  writes with fewer durable copies than their level only these count. Writes repeated through
 *  another node: see due-writes.ts.
 *  Source: Lamport 1986, On interprocess communication; docs/guarantees.md G1. */
import type { ReadOperation } from '../history.ts';
import type { KeyOracle } from './causal-oracle.ts';
import { oracleOf } from './causal-oracle.ts';
import type { Checker } from './checker.ts';
import { DueWrites } from './due-writes.ts';
import { Explanation } from './explanation.ts';
import { Findings } from './findings.ts';
import { neededBy } from './strictness.ts';

const NAME = 'register-regularity';

export const registerRegularity: Checker = {
  name: NAME,
  promise:
    'With R + W > N a read shows every acknowledged write or what replaced it, and nothing that ' +
    'was replaced (G1)',
  needs: [],
  check(history) {
    const findings = new Findings(NAME);
    for (const oracle of oracleOf(history).keys.values()) {
      checkKey(oracle, history.replicas, findings);
    }
    return findings.violations;
  },
};

function checkKey(oracle: KeyOracle, replicas: number, findings: Findings): void {
  const explanation = new Explanation(oracle);
  const byRead = new Map<number, DueWrites>();
  for (const read of oracle.reads) {
    if (findings.isFull) return;
    const count = neededBy(read, replicas);
    const due = byRead.get(count) ?? new DueWrites(oracle, dueFor(oracle, replicas - count));
    byRead.set(count, due);
    due.advance(read);
    const inSight = read.seen.map(({ write }) => write);
    const missing = due.missing(read, explanation.at(read.endUs, inSight));
    if (missing >= 0) tellMissing(oracle, read, { due, index: missing }, findings);
    for (const { write } of read.seen) {
      const index = oracle.indexOf(write);
      if (index === undefined || !due.isReplaced(read, index)) continue;
      tellReplaced(oracle, read, { due, index }, findings);
    }
  }
}

/** Acknowledged by more than `others` replicas. */
function dueFor(oracle: KeyOracle, others: number) {
  return oracle.writes.flatMap(({ index, acknowledgements }) =>
    acknowledgements
      .filter(({ holders }) => holders > others)
      .map(({ atUs, heldUntilUs, operation }) => ({
        index,
        fromUs: atUs,
        untilUs: heldUntilUs,
        operation: operation.id,
      })),
  );
}

interface Found {
  readonly due: DueWrites;
  readonly index: number;
}

function tellMissing(
  oracle: KeyOracle,
  read: ReadOperation,
  { due, index }: Found,
  findings: Findings,
): void {
  const write = oracle.writes[index]?.write ?? -1;
  const cause = due.causeOf(read, index);
  findings.add(
    oracle.key,
    [cause?.operation ?? write, read.id],
    `Read ${read.id} of key ${oracle.key} by ${read.client} lacks write ${write}, which had been ` +
      `acknowledged at ${cause?.fromUs} us, and shows nothing that had seen it`,
  );
}

function tellReplaced(
  oracle: KeyOracle,
  read: ReadOperation,
  { due, index }: Found,
  findings: Findings,
): void {
  const write = oracle.writes[index]?.write ?? -1;
  const cause = due.replacementOf(read, index);
  const replacement = cause === undefined ? undefined : oracle.writes[cause.index];
  findings.add(
    oracle.key,
    [write, cause?.operation ?? write, read.id],
    `Read ${read.id} of key ${oracle.key} by ${read.client} shows write ${write}, although ` +
      `${replacement?.kind} ${replacement?.write}, which had seen it, had been acknowledged at ` +
      `${cause?.fromUs} us`,
  );
}
