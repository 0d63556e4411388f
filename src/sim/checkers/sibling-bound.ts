/** Are siblings the truly concurrent writes, and no more?
 *  Rules: of two siblings in one read, at any level, or in one record of a disk, neither had seen
 *  the other: so a read shows at most 1 + the number of writes concurrent with any one of them. A
 *  read shows no write twice, whatever was repeated: two events of one request are shown as one,
 *  also where a record has to keep both. The count in a write's reply is at most 1 (the put's own)
 *  + the number of puts that may stand beside it: begun before its end, not refused, and not seen
 *  by it. Writes whose context the server chose are taken for concurrent with everything.
 *  What a loss of a disk weakens: nothing. A record may lack writes after it, but what it has, it
 *  has with its history. Values with twins may stand beside what had seen one of the two events
 *  (docs/guarantees.md, "Retries and request ids"): they are exempt from the first rule.
 *  Source: Preguiça et al. 2012, dotted version vectors; docs/guarantees.md G7. */
import type { WriteId, WriteOperation } from '../history.ts';
import { countBits } from './bit-rows.ts';
import { type KeyOracle, oracleOf } from './causal-oracle.ts';
import type { Checker } from './checker.ts';
import { Findings } from './findings.ts';

const NAME = 'sibling-bound';

export const siblingBound: Checker = {
  name: NAME,
  promise: 'Siblings are writes that had not seen each other, each of them once (G7)',
  needs: [],
  check(history) {
    const findings = new Findings(NAME);
    const oracle = oracleOf(history);
    for (const ofKey of oracle.keys.values()) {
      checkReads(ofKey, findings);
      const valueless = valuelessIn(ofKey);
      for (const { acknowledgements } of ofKey.writes) {
        for (const { operation } of acknowledgements) {
          checkReply(ofKey, operation, valueless, findings);
        }
      }
    }
    for (const { node, records } of history.contents) {
      for (const { key, siblings } of records.values()) {
        const ofKey = oracle.keys.get(key);
        const writes = siblings.map(({ write }) => write);
        const pair = ofKey === undefined ? undefined : orderedPair(ofKey, writes);
        if (pair === undefined) continue;
        const [lower, upper] = pair;
        const message = `The disk of ${node} holds write ${lower} of key ${key} beside ${upper}`;
        findings.add(key, pair, `${message}, which had seen it`);
      }
    }
    return findings.violations;
  },
};

function checkReads(oracle: KeyOracle, findings: Findings): void {
  for (const read of oracle.reads) {
    if (read.seen.length < 2) continue;
    const writes = read.seen.map(({ write }) => write);
    const what = `Read ${read.id} of key ${oracle.key} by ${read.client} shows write`;
    const twice = writes.find((write, at) => write !== undefined && writes.indexOf(write) < at);
    if (twice !== undefined) findings.add(oracle.key, [twice, read.id], `${what} ${twice} twice`);
    const pair = orderedPair(oracle, writes);
    if (pair === undefined) continue;
    const [lower, upper] = pair;
    const message = `${what} ${lower} beside ${upper}, which had seen it`;
    findings.add(oracle.key, [...pair, read.id], message);
  }
}

/** Two of the writes of which the second had seen the first. */
function orderedPair(
  oracle: KeyOracle,
  writes: readonly (WriteId | undefined)[],
): readonly [WriteId, WriteId] | undefined {
  for (const lower of writes) {
    const below = oracle.indexOf(lower);
    if (lower === undefined || below === undefined || oracle.writes[below]?.hasTwins) continue;
    for (const upper of writes) {
      const above = oracle.indexOf(upper);
      if (upper === undefined || above === undefined) continue;
      if (oracle.isBelow(below, above)) return [lower, upper];
    }
  }
  return undefined;
}

function checkReply(
  oracle: KeyOracle,
  operation: WriteOperation,
  valueless: (begun: number) => number,
  findings: Findings,
): void {
  const { siblings, write, endUs, kind } = operation;
  const index = oracle.indexOf(write);
  if (siblings === undefined || siblings < 2 || index === undefined) return;
  const begun = oracle.startedBefore(endUs);
  const own = kind === 'put' ? 1 : 0;
  // Nearly always enough, and needs no look at every write before this one.
  const certain = begun - countBits(oracle.below(index)) - valueless(begun);
  if (siblings <= own + certain) return;
  const beside = countBeside(oracle, index, begun);
  if (siblings <= own + beside) return;
  findings.add(
    oracle.key,
    [operation.id],
    `The reply to ${kind} ${write} of key ${oracle.key} told of ${siblings} siblings; of the ` +
      `puts begun so far only ${beside} may stand beside what it had seen`,
  );
}

/** Deletes and what was refused, among the first writes: prefix sums. */
function valuelessIn({ writes }: KeyOracle): (begun: number) => number {
  const sums = new Uint32Array(writes.length + 1);
  for (const { index, kind, isRefused } of writes) {
    sums[index + 1] = (sums[index] ?? 0) + (kind === 'delete' || isRefused ? 1 : 0);
  }
  return (begun) => sums[begun] ?? 0;
}

function countBeside(oracle: KeyOracle, index: number, begun: number): number {
  let count = 0;
  for (let other = 0; other < begun; other += 1) {
    const write = oracle.writes[other];
    if (other === index || write === undefined || write.kind === 'delete') continue;
    if (write.isRefused || (oracle.isBelow(other, index) && !write.hasTwins)) continue;
    count += 1;
  }
  return count;
}
