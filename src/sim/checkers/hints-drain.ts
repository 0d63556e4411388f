/** Is everything handed over once nothing is broken any more?
 *  Rules: of two nodes that serve in the end neither owes the other anything. A node whose disk
 *  lost something is left out: it may lack the very record that it owes.
 *  Not here: whether what was handed over is there (kept-writes.ts, replicas-equal.ts).
 *  Source: TESTING I11. */
import type { Checker } from './checker.ts';
import { Findings } from './findings.ts';

const NAME = 'hints-drain';

export const hintsDrain: Checker = {
  name: NAME,
  promise: 'After healing every node that serves has been handed over all that it was owed (G2)',
  needs: ['hints'],
  check({ owed = [], contents, losses }) {
    const findings = new Findings(NAME);
    const serves = (name: string): boolean =>
      contents.some(({ node, state }) => node === name && state === 'SERVING');
    const isLossy = (name: string): boolean => losses.some(({ node }) => node === name);
    for (const { node, target, count } of owed) {
      if (count === 0 || !serves(node) || !serves(target) || isLossy(node)) continue;
      findings.add(undefined, [], `After healing ${node} still owes ${target} ${count} records`);
    }
    return findings.violations;
  },
};
