/** Does a delete stay a delete?
 *  Rules: what a delete was given, and all that this had seen, is shown by no read that began after
 *  the delete was acknowledged, if the read's replicas and the delete's must meet (r + w > N); and
 *  it is not on the disk of a node that acknowledged the delete, ever after. What the delete had
 *  not seen stays. A delete without a context had seen what a majority had acknowledged when it
 *  began, for it looked first; a blind one is not judged.
 *  What a loss of a disk weakens: reads are judged as long as one node that acknowledged the delete
 *  has its disk (a node that lost its disk answers no strict read); a disk only if it lost nothing
 *  that it synced for the delete, and if all acknowledged copies were durable. Values with twins
 *  are exempt: a repeated request may have brought the value back under an event that the delete
 *  had not seen (docs/guarantees.md, "Retries and request ids").
 *  Source: docs/guarantees.md G6. */
import type { DiskLoss, History, StoredRecord } from '../history.ts';
import {
  type Acknowledgement,
  type KeyOracle,
  lossesByNode,
  lostAtUs,
  oracleOf,
} from './causal-oracle.ts';
import type { Checker } from './checker.ts';
import { DueWrites } from './due-writes.ts';
import { Findings } from './findings.ts';
import { neededBy } from './strictness.ts';

const NAME = 'no-zombie';

export const noZombie: Checker = {
  name: NAME,
  promise: 'What an acknowledged delete had seen never comes back (G6)',
  needs: [],
  check(history) {
    const findings = new Findings(NAME);
    const losses = lossesByNode(history.losses);
    const records = recordsOf(history);
    for (const oracle of oracleOf(history).keys.values()) {
      if (findings.isFull) break;
      checkReads(oracle, history.replicas, findings);
      checkDisks(oracle, { losses, records }, findings);
    }
    return findings.violations;
  },
};

function checkReads(oracle: KeyOracle, replicas: number, findings: Findings): void {
  const byRead = new Map<number, DueWrites>();
  for (const read of oracle.reads) {
    const count = neededBy(read, replicas);
    const due = byRead.get(count) ?? new DueWrites(oracle, deletesFor(oracle, replicas - count));
    byRead.set(count, due);
    due.advance(read);
    for (const { write } of read.seen) {
      const index = oracle.indexOf(write);
      if (index === undefined || !due.isReplaced(read, index)) continue;
      const cause = due.replacementOf(read, index);
      const remover = oracle.writes[cause?.index ?? -1]?.write;
      findings.add(
        oracle.key,
        [cause?.operation ?? read.id, read.id],
        `Read ${read.id} of key ${oracle.key} by ${read.client} shows write ${write}, which ` +
          'delete ' +
          `${remover} had removed: it was acknowledged at ${cause?.fromUs} us`,
      );
    }
  }
}

/** Deletes acknowledged by more than `others` replicas. */
function deletesFor(oracle: KeyOracle, others: number) {
  return deletesOf(oracle)
    .filter(({ acknowledgement }) => acknowledgement.holders > others)
    .map(({ index, acknowledgement }) => ({
      index,
      fromUs: acknowledgement.atUs,
      untilUs: acknowledgement.heldUntilUs,
      operation: acknowledgement.operation.id,
    }));
}

function deletesOf(oracle: KeyOracle) {
  return oracle.writes
    .filter(({ kind }) => kind === 'delete')
    .flatMap(({ index, acknowledgements }) =>
      acknowledgements.map((acknowledgement) => ({ index, acknowledgement })),
    );
}

type RecordsByNode = ReadonlyMap<string, ReadonlyMap<string, StoredRecord>>;

function recordsOf({ contents }: History): RecordsByNode {
  return new Map(contents.map(({ node, records }) => [node, records]));
}

interface DiskFacts {
  readonly losses: ReadonlyMap<string, readonly DiskLoss[]>;
  readonly records: RecordsByNode;
}

function checkDisks(oracle: KeyOracle, facts: DiskFacts, findings: Findings): void {
  for (const { index, acknowledgement } of deletesOf(oracle)) {
    for (const node of acknowledgement.operation.acknowledgedBy) {
      const zombie = zombieAt(oracle, node, { index, acknowledgement }, facts);
      if (zombie === undefined) continue;
      findings.add(
        oracle.key,
        [acknowledgement.operation.id],
        `The disk of ${node} holds write ${zombie} of key ${oracle.key}, which delete ` +
          `${oracle.writes[index]?.write} had removed: ${node} acknowledged it at ` +
          `${acknowledgement.atUs} us`,
      );
    }
  }
}

function zombieAt(
  oracle: KeyOracle,
  node: string,
  remover: { readonly index: number; readonly acknowledgement: Acknowledgement },
  { losses, records }: DiskFacts,
): number | undefined {
  const { operation } = remover.acknowledgement;
  if (operation.durable < operation.acknowledgedBy.length) return undefined;
  if (lostAtUs(losses.get(node) ?? [], operation) !== Number.POSITIVE_INFINITY) return undefined;
  const siblings = records.get(node)?.get(oracle.key)?.siblings ?? [];
  const zombie = siblings.find(({ write, isTombstone }) => {
    const index = oracle.indexOf(write);
    if (isTombstone || index === undefined || oracle.writes[index]?.hasTwins) return false;
    return oracle.isBelow(index, remover.index);
  });
  return zombie?.write;
}
