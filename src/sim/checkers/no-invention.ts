/** Does every value that is seen come from a write of that key which had begun?
 *  Rules: a value in a read, or on a disk at the end, is that of a put of the same key; a read
 *  shows none whose put began at its end or later. Deletes have no value to be shown. A put that
 *  was refused is a matter of honest-errors.ts.
 *  What a loss of a disk weakens: nothing. What fails its checksum is not served, so a lost or
 *  rotten disk invents nothing either.
 *  Source: docs/guarantees.md G3. */
import type { Seen, StoredSibling, WriteId } from '../history.ts';
import { type CausalOracle, oracleOf } from './causal-oracle.ts';
import type { Checker } from './checker.ts';
import { Findings } from './findings.ts';

const NAME = 'no-invention';

export const noInvention: Checker = {
  name: NAME,
  promise: 'A read returns what some client wrote under that key, and had begun to write (G3)',
  needs: [],
  check(history) {
    const findings = new Findings(NAME);
    const oracle = oracleOf(history);
    for (const { key, reads } of oracle.keys.values()) {
      for (const read of reads) {
        for (const seen of read.seen) {
          const fault = faultOf(oracle, { key, seen, endUs: read.endUs });
          if (fault === undefined) continue;
          const message = `Read ${read.id} of key ${key} by ${read.client} shows ${fault}`;
          findings.add(key, aboutOf(oracle, seen.write, read.id), message);
        }
      }
    }
    for (const { node, records } of history.contents) {
      for (const { key, siblings } of records.values()) {
        for (const seen of siblings) {
          if (seen.isTombstone) continue;
          const fault = faultOf(oracle, { key, seen, endUs: Number.POSITIVE_INFINITY });
          if (fault === undefined) continue;
          const about = aboutOf(oracle, seen.write, undefined);
          findings.add(key, about, `The disk of ${node} holds under key ${key} ${fault}`);
        }
      }
    }
    return findings.violations;
  },
};

interface Sight {
  readonly key: string;
  readonly seen: Seen | StoredSibling;
  readonly endUs: number;
}

function faultOf(oracle: CausalOracle, { key, seen, endUs }: Sight): string | undefined {
  if (seen.write === undefined) {
    const text = 'text' in seen ? `'${seen.text}'` : `a value (dot ${seen.dot})`;
    return `${text}, which nobody wrote`;
  }
  const home = oracle.keyOf(seen.write);
  if (home === undefined) return `write ${seen.write}, which nobody asked for`;
  if (home !== key) return `write ${seen.write}, which is of key ${home}`;
  const ofKey = oracle.keys.get(key);
  const write = ofKey?.writes[ofKey.indexOf(seen.write) ?? -1];
  if (write === undefined) return `write ${seen.write}, which nobody asked for`;
  if (write.kind === 'delete') return `the value of delete ${seen.write}, which has none`;
  if (write.startUs < endUs) return undefined;
  return `write ${seen.write}, which began only at ${write.startUs} us`;
}

function aboutOf(
  oracle: CausalOracle,
  write: WriteId | undefined,
  read: number | undefined,
): readonly number[] {
  const isKnown = write !== undefined && oracle.keyOf(write) !== undefined;
  return [...(isKnown ? [write] : []), ...(read === undefined ? [] : [read])];
}
