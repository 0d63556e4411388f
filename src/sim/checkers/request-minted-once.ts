/** Is a request that comes again to the node that minted it answered without a new event, and is
 *  one that its client sent once minted at one node only? Two events of one write are allowed only
 *  where nobody could know better; otherwise the second brings back what was replaced meanwhile.
 *  Rules: a write that was sent once, whatever its outcome, is not sent on to a second node as long
 *  as the first may have minted it. One node gives one value of one key one dot, within 30 s (it
 *  remembers requests for 60) and within one process (its memory ends with it). Values are unique,
 *  so equal content is one write. Deletes all look alike and are not judged.
 *  What faults weaken: a node whose rows could not be read, by rot or by errors of its disk, may
 *  mint beside what it lost, and is not judged from then on; nor is one whose table of requests was
 *  drawn small.
 *  Not here: a request that its client repeats at two nodes (sibling-bound.ts).
 *  Source: ARCHITECTURE 5.22; docs/guarantees.md, "Retries and request ids". */
import type { History, MintedDot, WriteId } from '../history.ts';
import type { Checker } from './checker.ts';
import { Findings } from './findings.ts';

const NAME = 'request-minted-once';
const REMEMBERED_US = 30_000_000;
/** A record that cannot be read tells nobody which requests it has taken in. */
const ROW_FAULTS: readonly string[] = ['bit-rot', 'bad-block', 'read-errors'];

export const requestMintedOnce: Checker = {
  name: NAME,
  promise: 'G4: a request repeated at the node that minted it makes no second event',
  needs: [],
  check(history) {
    const findings = new Findings(NAME);
    checkSentOnce(history, findings);
    if (history.remembersFewRequests === true) return findings.violations;
    const last = new Map<string, MintedDot>();
    for (const minted of [...history.minted].sort((a, b) => a.atUs - b.atUs)) {
      if (minted.isTombstone) continue;
      const { node, key, contentHash, dot, atUs } = minted;
      const name = `${node} ${contentHash} ${key}`;
      const before = last.get(name);
      last.set(name, minted);
      if (before === undefined || before.dot === dot) continue;
      if (atUs - before.atUs > REMEMBERED_US || mayHaveForgotten(history, before, atUs)) continue;
      const message =
        `${node} minted ${before.dot} at ${before.atUs} us and ${dot} at ${atUs} us for one ` +
        'value ' +
        `of key ${key}`;
      findings.add(key, [], message);
    }
    return findings.violations;
  },
};

function checkSentOnce({ operations, minted }: History, findings: Findings): void {
  const tries = new Map<WriteId, boolean>();
  for (const operation of operations) {
    if (operation.kind !== 'put') continue;
    const { write, isSentOnce } = operation;
    tries.set(write, isSentOnce === true && !tries.has(write));
  }
  const minters = new Map<WriteId, string>();
  for (const { write, node, key, dot } of minted) {
    if (write === undefined || tries.get(write) !== true) continue;
    const first = minters.get(write);
    if (first === undefined) minters.set(write, node);
    else if (first !== node) {
      const message = `Write ${write} of key ${key} was sent once; ${first} minted it, and ${node}`;
      findings.add(key, [write], `${message} once more, as ${dot}`);
    }
  }
}

function mayHaveForgotten(history: History, before: MintedDot, atUs: number): boolean {
  const { node } = before;
  const hasEnded = (history.states ?? []).some((change) => {
    const isMeanwhile = change.atUs >= before.atUs && change.atUs <= atUs;
    return change.node === node && change.state === 'DOWN' && isMeanwhile;
  });
  return hasEnded || isUnreadable(history, node, atUs);
}

function isUnreadable(history: History, node: string, atUs: number): boolean {
  return history.faults.some((fault) => {
    return (
      ROW_FAULTS.includes(fault.kind) && fault.atUs <= atUs && (fault.nodes?.includes(node) ?? true)
    );
  });
}
