/** What one request works with: the key, its partition and replicas, the requirement, the budget.
 *  Invariant: a plan whose requirement cannot be met by the members that may be reached is refused
 *  with NO_REPLICA before anything is sent (ARCHITECTURE 5.23).
 *  Not here: sending (read.ts, write.ts). */
import { CoterieError } from '../../core/errors.ts';
import { GroupCount } from '../../core/quorum/group-count.ts';
import type { Requirement } from '../../core/quorum/level.ts';
import type { Epochs, Peers, Place } from '../contracts.ts';
import type { RecordKey } from '../storage/record-key.ts';
import type { Recorder } from './trace.ts';

export interface Plan {
  readonly place: Place;
  readonly key: RecordKey;
  readonly partition: number;
  /** The preference list. */
  readonly replicas: readonly number[];
  readonly epochs: Epochs;
  readonly requirement: Requirement;
  /** Monotonic; the whole budget. */
  readonly deadlineMs: number;
  readonly trace: Recorder;
}

export function nodeName(place: Place, nodeIndex: number): string {
  return place.ring.role(nodeIndex)?.name ?? `node ${nodeIndex}`;
}

export function nodeNames(place: Place, nodes: readonly number[]): string[] {
  return nodes.map((nodeIndex) => nodeName(place, nodeIndex));
}

/** Throws NO_REPLICA {required, reachable, down} when too few replicas may be reached. */
export function requireReach(plan: Plan, peers: Peers): void {
  const count = new GroupCount(plan.requirement.groups);
  const down: number[] = [];
  for (const nodeIndex of plan.replicas) {
    if (nodeIndex === plan.place.nodeIndex || peers.reach(nodeIndex) !== 'down') continue;
    down.push(nodeIndex);
    count.fail(nodeIndex);
  }
  if (!count.isImpossible) return;
  const names = nodeNames(plan.place, down);
  throw new CoterieError(
    'NO_REPLICA',
    `${plan.requirement.label} needs ${count.required} of ${plan.replicas.length} replicas; ` +
      `${names.join(', ')} cannot be reached`,
    {
      details: {
        level: plan.requirement.label,
        required: count.required,
        reachable: plan.replicas.length - down.length,
        down: names,
      },
    },
  );
}

/** Replicas to ask first come first: this node, then connected members with the least in flight,
 *  then the others. */
export function rankReplicas(plan: Plan, peers: Peers): number[] {
  const self = plan.place.nodeIndex;
  const reachOrder = { up: 0, unknown: 1, down: 2 } as const;
  const score = (nodeIndex: number): number =>
    nodeIndex === self
      ? -1
      : reachOrder[peers.reach(nodeIndex)] * 1_000_000 + peers.inFlight(nodeIndex);
  return [...plan.replicas].sort((a, b) => score(a) - score(b));
}
