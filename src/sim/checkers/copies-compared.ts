/** Do copies become equal without anybody reading them, and do repairs die down then? What the
 *  disks held after the nodes had compared their copies, and what one more comparison found.
 *  Not here: the end of the run, after clients have read every key (replicas-equal).
 *  Source: docs/guarantees.md, G5; TESTING I3, I12. */
import type { Checker } from './checker.ts';
import { Findings } from './findings.ts';
import { findUnequal } from './replicas-equal.ts';

const NAME = 'copies-compared';

export const copiesCompared: Checker = {
  name: NAME,
  promise: 'G5: copies that nobody reads become equal, and comparing equal ones repairs nothing',
  needs: ['anti-entropy'],
  check(history) {
    const findings = new Findings(NAME);
    const { compared = [], quietPass } = history;
    findUnequal(history, compared, findings);
    if (quietPass !== undefined && quietPass.found > 0) {
      const message = `All copies were equal, and comparing them found ${quietPass.found} keys`;
      findings.add(undefined, [], `${message} that differ`);
    }
    return findings.violations;
  },
};
