/** Does the cluster work again once nothing is broken any more? Every operation that is asked for
 *  after healing succeeds, and every node whose disk is whole serves. So does one that lost
 *  something, if no other still lacks what it lost: it is rebuilt from them.
 *  Not here: what was promised while things were broken; how fast.
 *  Source: TESTING I14; Chandra and Toueg on safety and liveness phases, as in TigerBeetle's VOPR.
 */
import type { History, Operation } from '../history.ts';
import type { Checker } from './checker.ts';
import { Findings } from './findings.ts';

const NAME = 'progress';

export const progress: Checker = {
  name: NAME,
  promise: 'After faults stop, operations succeed and every node serves that can be whole',
  needs: [],
  check(history) {
    const findings = new Findings(NAME);
    const operations = new Map<number, Operation>();
    for (const operation of history.operations) operations.set(operation.id, operation);
    for (const id of history.afterHealing) checkOperation(id, operations.get(id), findings);
    checkNodes(history, findings);
    return findings.violations;
  },
};

function checkOperation(id: number, operation: Operation | undefined, findings: Findings): void {
  if (operation === undefined) {
    findings.add(undefined, [id], `Operation ${id} was due after healing and never began`);
    return;
  }
  const { outcome, key, kind, client, code, message } = operation;
  if (outcome === 'ok') return;
  const end = code === undefined ? 'never ended' : `failed with ${code}`;
  const told = message === undefined ? '' : `: ${message}`;
  const what = `the ${kind} ${id} of key ${key} by ${client}`;
  findings.add(key, [id], `After healing ${what} ${end}${told}`);
}

function checkNodes({ contents, losses, replicas }: History, findings: Findings): void {
  const losers = new Set(losses.map(({ node }) => node));
  const isRotten = losses.some(({ kind }) => kind === 'bit-rot');
  const behind = contents.filter(({ node, state }) => losers.has(node) && state !== 'SERVING');
  const canBeRebuilt = behind.length === 1 && !isRotten && replicas > 1;
  for (const { node, state } of contents) {
    if (state === 'SERVING') continue;
    const isDue = state === 'RECOVERING' && canBeRebuilt;
    if (!losers.has(node)) {
      findings.add(undefined, [], `${node} has lost nothing and is ${state} after healing`);
    } else if (isDue) {
      findings.add(
        undefined,
        [],
        `${node} alone lacks what it lost and is not rebuilt after healing`,
      );
    }
  }
}
