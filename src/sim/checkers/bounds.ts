/** Did everything that the product promises to bound stay within its bound?
 *  Not here: measuring (the cluster of the run).
 *  Source: ARCHITECTURE 5.11; TESTING I15. */
import type { Checker } from './checker.ts';
import { Findings } from './findings.ts';

const NAME = 'bounds';

export const bounds: Checker = {
  name: NAME,
  promise: 'Queues, tables and maps of a node never grow beyond their named limits',
  needs: [],
  check({ watermarks }) {
    const findings = new Findings(NAME);
    for (const { what, node, largest, bound } of watermarks) {
      // Not `largest > bound`: what could not be measured must not pass.
      if (largest >= 0 && largest <= bound) continue;
      findings.add(undefined, [], `${what} of ${node} reached ${largest}, bound ${bound}`);
    }
    return findings.violations;
  },
};
