/** Is every acknowledged put still there once everything is over?
 *  Rules: every node that acknowledged a put, and whose disk lost nothing that it synced for it,
 *  holds at the end the put or something that explains its absence (explanation.ts): a value above
 *  it through a chain of writes whose contexts covered each other, a delete that may have been
 *  applied, a write whose context the server chose. A disk that keeps what it syncs only ever goes
 *  upwards, so each is judged by itself; that some disk has it is implied. Deletes have nothing to
 *  be found by: see no-zombie.ts. Writes that are unknown may be there or not.
 *  What a loss of a disk weakens: an acknowledgement by a node does not count when a loss there may
 *  have destroyed it (after the write began, and not intact until after its end); a put with no
 *  other acknowledgement is not judged. When fewer copies were durable than acknowledged, nobody
 *  knows whose: then one of the disks must have it, unless so many were lost that these may be
 *  the durable ones. A node without contents in the history is not judged.
 *  Source: docs/guarantees.md G1. */
import type { ReplicaContents } from '../history.ts';
import {
  type Acknowledgement,
  type KeyOracle,
  lossesByNode,
  lostAtUs,
  type OracleWrite,
  oracleOf,
} from './causal-oracle.ts';
import type { Checker } from './checker.ts';
import { Explanation, isExplained } from './explanation.ts';
import { Findings } from './findings.ts';

const NAME = 'no-lost-write';

export const noLostWrite: Checker = {
  name: NAME,
  promise: 'An acknowledged write, or what replaced it, is on the disks that acknowledged it (G1)',
  needs: [],
  check(history) {
    const findings = new Findings(NAME);
    if (history.contents.length === 0) return [];
    const losses = lossesByNode(history.losses);
    for (const oracle of oracleOf(history).keys.values()) {
      if (findings.isFull) break;
      const disks = new Map<string, ReadonlySet<number>>();
      const explanation = new Explanation(oracle);
      for (const contents of history.contents) {
        if (!contents.owns(oracle.key)) continue;
        disks.set(contents.node, lackedBy(oracle, contents, explanation));
      }
      const isIntact = (node: string, { operation }: Acknowledgement): boolean =>
        lostAtUs(losses.get(node) ?? [], operation) === Number.POSITIVE_INFINITY;
      for (const write of oracle.writes) {
        if (write.kind === 'put') checkWrite(oracle.key, write, { disks, isIntact }, findings);
      }
    }
    return findings.violations;
  },
};

/** Indexes of the writes that the disk neither has nor explains. */
function lackedBy(
  oracle: KeyOracle,
  { records }: ReplicaContents,
  explanation: Explanation,
): ReadonlySet<number> {
  const siblings = records.get(oracle.key)?.siblings ?? [];
  const inSight = siblings.map(({ write }) => write);
  const explained = explanation.at(Number.POSITIVE_INFINITY, inSight);
  const lacked = new Set<number>();
  for (const { index } of oracle.writes) {
    if (!isExplained(explained, index)) lacked.add(index);
  }
  return lacked;
}

interface Disks {
  /** What each lacks, by node. */
  readonly disks: ReadonlyMap<string, ReadonlySet<number>>;
  readonly isIntact: (node: string, acknowledgement: Acknowledgement) => boolean;
}

function checkWrite(key: string, write: OracleWrite, facts: Disks, findings: Findings): void {
  const { disks, isIntact } = facts;
  const isLackedEverywhere = [...disks.values()].every((lacked) => lacked.has(write.index));
  for (const acknowledgement of write.acknowledgements) {
    const { operation, atUs, heldUntilUs } = acknowledgement;
    const { acknowledgedBy, durable } = operation;
    const isWhole = durable >= acknowledgedBy.length;
    const guilty = acknowledgedBy.filter(
      (node) =>
        isWhole && isIntact(node, acknowledgement) && disks.get(node)?.has(write.index) === true,
    );
    const isGone =
      isLackedEverywhere &&
      heldUntilUs === Number.POSITIVE_INFINITY &&
      acknowledgedBy.every((node) => disks.has(node));
    if (guilty.length === 0 && !isGone) continue;
    const where = isLackedEverywhere ? 'any disk' : `the disk of ${guilty.join(', ')}`;
    findings.add(
      key,
      [operation.id],
      `Write ${write.write} of key ${key}, acknowledged to ${operation.client} by ` +
        `${acknowledgedBy.join(', ')} at ${atUs} us, is not on ${where}, nor is anything ` +
        'that had ' +
        'seen it',
    );
    return;
  }
}
