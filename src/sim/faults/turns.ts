/** May another disk lose data now, so that everything acknowledged is still somewhere?
 *  Invariant: yes only when every other node that lost synced data noticed it, was rebuilt, and
 *  serves again.
 *  Not here: who loses what and when (plan-faults.ts), losses that do not ask (atlas.ts). */
import type { DiskLoss, StateChange } from '../history.ts';

interface TurnFacts {
  readonly losses: readonly DiskLoss[];
  readonly states: readonly StateChange[];
  readonly nodes: readonly { readonly name: string; readonly state: string }[];
}

/** Whether all nodes but this one are whole. */
export function isTurnOf(name: string, { losses, states, nodes }: TurnFacts): boolean {
  return losses.every(({ node, atUs, kind }) => {
    if (node === name) return true;
    // It is whole again once it has begun with nothing, which is a loss of its own.
    if (kind === 'bad-block') return losses.some((later) => isEmptying(later, node, atUs));
    const hasNoticed = states.some(
      (change) => change.node === node && change.atUs > atUs && change.state === 'RECOVERING',
    );
    // Nobody tells when the last of the rows that rotted has been made good.
    if (kind === 'bit-rot' || !hasNoticed) return false;
    return nodes.find((other) => other.name === node)?.state === 'SERVING';
  });
}

function isEmptying({ kind, node, atUs }: DiskLoss, whose: string, sinceUs: number): boolean {
  return node === whose && atUs >= sinceUs && (kind === 'set-aside' || kind === 'wipe');
}
