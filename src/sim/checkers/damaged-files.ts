/** Does a node that knows its files to be damaged have nothing more to do with them?
 *  - Once its engine has told it of a bad block, it neither answers nor mints until its process is
 *    over: what else is damaged nobody knows.
 *  - It ends itself soon, and has done so when everything is healed.
 *  - When it has ended itself because of that, its next process does not open the same files: they
 *    are set aside first, or the whole disk has been emptied or replaced meanwhile.
 *  Invariant: of the last rule nothing is asked where a fault may have taken from the disk what the
 *  node had noted.
 *  Not here: what it does when it has begun with nothing (refusal-to-serve.ts), damage that nobody
 *  has met.
 *  Source: ARCHITECTURE 5.17; docs/guarantees.md, G1. */
import type { DamageEvent, History, StateChange } from '../history.ts';
import type { Checker } from './checker.ts';
import { Findings } from './findings.ts';
import { countsOn } from './refusal-to-serve.ts';
import { isRunningState } from './running.ts';

const NAME = 'damaged-files';
/** Without a fault a node ends within a second of finding out. */
const ENDED_US = 10_000_000;
/** How long before it knew a fault may have begun that keeps it from noting anything. */
const FAULTY_US = 60_000_000;
const FORGETTING: readonly string[] = [
  'crash',
  'power-loss',
  'wipe',
  'rollback',
  'lost-batch',
  'disk-losses-in-turn',
  'node-aborted',
  'failed-sync',
  'disk-full',
];

export const damagedFiles: Checker = {
  name: NAME,
  promise: 'G1: a node that found its files damaged serves from them no more, nor opens them again',
  needs: ['rebuild'],
  check(history) {
    const findings = new Findings(NAME);
    for (const event of history.damage ?? []) {
      if (event.kind === 'found') checkSilence(history, event, findings);
      if (event.kind === 'ended') checkNextOpening(history, event, findings);
    }
    return findings.violations;
  },
};

function checkSilence(history: History, { node, atUs }: DamageEvent, findings: Findings): void {
  const { operations, minted, underWayUs = 0, healedUs } = history;
  const isOver = (change: StateChange): boolean => change.node === node && change.atUs >= atUs;
  const ended = history.states?.find((of) => isOver(of) && !isRunningState(of.state));
  const untilUs = ended?.atUs ?? Number.POSITIVE_INFINITY;
  if (untilUs > Math.max(atUs, healedUs) + ENDED_US && healedUs !== Number.POSITIVE_INFINITY) {
    findings.add(undefined, [], `${node} found its files damaged and goes on with them`);
  }
  const fromUs = atUs + underWayUs;
  for (const operation of operations) {
    if (operation.outcome !== 'ok' || operation.startUs <= fromUs) continue;
    if (operation.endUs > untilUs || !countsOn(operation, node)) continue;
    const { id, key, client } = operation;
    const what = operation.kind === 'get' ? `read ${id}` : `write ${operation.write}`;
    findings.add(
      key,
      [id],
      `${node} knew its files to be damaged and answered ${what} of ${client}`,
    );
  }
  const askedUs = new Map(operations.map(({ id, startUs }) => [id, startUs]));
  for (const { node: minter, key, dot, write, atUs: mintedUs } of minted) {
    if (minter !== node || write === undefined || mintedUs > untilUs) continue;
    // What was decided on before it knew may be written later.
    if (mintedUs <= fromUs || (askedUs.get(write) ?? 0) <= fromUs) continue;
    findings.add(key, [], `${node} knew its files to be damaged and minted ${dot} for key ${key}`);
  }
}

function checkNextOpening(history: History, { node, atUs }: DamageEvent, findings: Findings): void {
  const { states = [], damage = [], losses, faults } = history;
  const later = states.filter((change) => change.node === node && change.atUs >= atUs);
  const down = later.findIndex(({ state }) => state === 'DOWN');
  const opened = later.slice(down + 1).find(({ state }) => isRunningState(state));
  if (down === -1 || opened === undefined) return;
  const isBetween = (of: { readonly atUs: number }): boolean =>
    of.atUs >= atUs && of.atUs <= opened.atUs;
  const areOthers =
    damage.some((of) => of.node === node && of.kind === 'set-aside' && isBetween(of)) ||
    losses.some((of) => of.node === node && of.kind !== 'bad-block' && isBetween(of));
  const mayHaveForgotten = faults.some(({ kind, nodes, atUs: faultUs }) => {
    const isNear = faultUs >= atUs - FAULTY_US && faultUs <= opened.atUs;
    return isNear && FORGETTING.includes(kind) && (nodes?.includes(node) ?? true);
  });
  if (areOthers || mayHaveForgotten) return;
  findings.add(undefined, [], `${node} ended because its files are damaged, and opened them again`);
}
