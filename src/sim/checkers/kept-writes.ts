/** Is every put that a member kept for a replica there once everything is over?
 *  Rules: a put was acknowledged with the help of members that stand in. If none of their disks has
 *  lost anything, all of them serve in the end, and so do all replicas of the key, whose disks are
 *  whole too, then one of these has the put or something that explains its absence
 *  (explanation.ts).
 *  Not here: puts that replicas acknowledged (no-lost-write.ts), what is still owed
 *  (hints-drain.ts).
 *  Source: docs/guarantees.md G2. */
import type { History, ReplicaContents, WriteOperation } from '../history.ts';
import { type KeyOracle, oracleOf } from './causal-oracle.ts';
import type { Checker } from './checker.ts';
import { Explanation, isExplained } from './explanation.ts';
import { Findings } from './findings.ts';

const NAME = 'kept-writes';

export const keptWrites: Checker = {
  name: NAME,
  promise: 'What a member kept for a replica is on a replica, or what replaced it (G2)',
  needs: ['hints'],
  check(history) {
    const findings = new Findings(NAME);
    const isKept = history.operations.some(isHelped);
    if (!isKept || history.contents.length === 0) return findings.violations;
    for (const oracle of oracleOf(history).keys.values()) checkKey(oracle, history, findings);
    return findings.violations;
  },
};

function checkKey(oracle: KeyOracle, history: History, findings: Findings): void {
  const whole = wholeNodes(history);
  const replicas = history.contents.filter(({ owns }) => owns(oracle.key));
  if (findings.isFull || replicas.some(({ node }) => !whole.has(node))) return;
  const explanation = new Explanation(oracle);
  const there = new Set<number>();
  for (const replica of replicas) {
    const explained = explanation.at(Number.POSITIVE_INFINITY, writesAt(replica, oracle.key));
    for (const { index } of oracle.writes) if (isExplained(explained, index)) there.add(index);
  }
  for (const write of oracle.writes) {
    if (write.kind !== 'put') continue;
    const helped = write.acknowledgements.find(({ operation: { standIns = [] } }) => {
      return standIns.length > 0 && standIns.every((node) => whole.has(node));
    });
    if (helped === undefined) continue;
    if (there.has(write.index)) continue;
    const { id, client, standIns = [] } = helped.operation;
    findings.add(
      oracle.key,
      [id],
      `Write ${write.write} of key ${oracle.key}, which ${standIns.join(', ')} kept for ` +
        `${client}, is on no replica, nor is anything that had seen it`,
    );
  }
}

function wholeNodes({ contents, losses }: History): ReadonlySet<string> {
  const lossy = new Set(losses.map(({ node }) => node));
  const serving = contents.filter(({ node, state }) => state === 'SERVING' && !lossy.has(node));
  return new Set(serving.map(({ node }) => node));
}

function writesAt({ records }: ReplicaContents, key: string): (number | undefined)[] {
  return records.get(key)?.siblings.map(({ write }) => write) ?? [];
}

function isHelped(operation: History['operations'][number]): boolean {
  return operation.kind !== 'get' && (operation as WriteOperation).standIns !== undefined;
}
