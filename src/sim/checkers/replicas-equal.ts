/** Are all replicas of a key equal once nothing is broken any more? Compared byte by byte: values,
 *  clocks and tombstones, and which keys there are.
 *  Invariant: only nodes that serve are compared; one whose disk lost synced data is left out
 *  unless it has been rebuilt, one with spoilt rows only for these.
 *  Not here: whether what lost data refuses to serve (refusal-to-serve), whether the others serve
 *  (progress).
 *  Source: docs/guarantees.md, G5; TESTING I3. */
import type { DiskLoss, History, ReplicaContents } from '../history.ts';
import type { Checker } from './checker.ts';
import { Findings } from './findings.ts';
import { rebuiltUs } from './rebuilt.ts';

const NAME = 'replicas-equal';
const HEX_SHOWN_CHARS = 24;

export const replicasEqual: Checker = {
  name: NAME,
  promise: 'G5: after healing all replicas of a key are equal, byte for byte',
  needs: [],
  check(history) {
    const findings = new Findings(NAME);
    findUnequal(history, history.contents, findings);
    return findings.violations;
  },
};

/** Keys whose replicas are not equal in these contents. */
export function findUnequal(
  history: History,
  contents: readonly ReplicaContents[],
  findings: Findings,
): void {
  const serving = contents.filter(({ state }) => state === 'SERVING');
  const keys = new Set(serving.flatMap(({ records }) => [...records.keys()]));
  for (const key of keys) {
    const replicas = serving.filter((replica) => {
      return replica.owns(key) && !isLost(history, replica.node, key);
    });
    checkKey(key, replicas, findings);
  }
}

function isLost(history: History, node: string, key: string): boolean {
  return history.losses.some((loss) => {
    if (loss.node !== node || !touches(loss, key)) return false;
    return rebuiltUs(history, loss, key) === undefined;
  });
}

function touches({ keys }: DiskLoss, key: string): boolean {
  return keys === undefined || keys.includes(key);
}

/** One violation for a key at most. */
function checkKey(key: string, replicas: readonly ReplicaContents[], findings: Findings): void {
  const [first, ...others] = replicas;
  if (first === undefined) return;
  const hex = first.records.get(key)?.hex;
  const other = others.find(({ records }) => records.get(key)?.hex !== hex);
  if (other === undefined) return;
  const both = `${described(first, key)}, ${described(other, key)}`;
  findings.add(key, [], `Key ${key} differs after healing: ${both}`);
}

function described({ node, records }: ReplicaContents, key: string): string {
  const record = records.get(key);
  if (record === undefined) return `${node} has no record`;
  const siblings = record.siblings.map(({ isTombstone, write, dot }) => {
    const what = write === undefined ? 'bytes of no write' : `write ${write}`;
    return `${isTombstone ? 'a tombstone' : what} at ${dot}`;
  });
  const { length } = record.hex;
  const end = `${length / 2} bytes ending in ${record.hex.slice(-HEX_SHOWN_CHARS)}`;
  return `${node} has ${siblings.join(' and ') || 'nothing readable'} (${end})`;
}
