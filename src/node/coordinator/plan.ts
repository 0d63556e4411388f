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
  /** `undefined`: nobody asked for an explanation. */
  readonly trace: Recorder | undefined;
}

export function nodeName(place: Place, nodeIndex: number): string {
  return place.ring.role(nodeIndex)?.name ?? `node ${nodeIndex}`;
}

export function nodeNames(place: Place, nodes: readonly number[]): string[] {
  return nodes.map((nodeIndex) => nodeName(place, nodeIndex));
}

/** NO_REPLICA {required, reachable, down} when too few replicas may be reached. */
export function reachRefusal(plan: Plan, peers: Peers): CoterieError | undefined {
  let down: number[] | undefined;
  for (const nodeIndex of plan.replicas) {
    if (nodeIndex === plan.place.nodeIndex || peers.reach(nodeIndex) !== 'down') continue;
    down ??= [];
    down.push(nodeIndex);
  }
  return down === undefined ? undefined : refusalWithout(down, plan);
}

function refusalWithout(down: readonly number[], plan: Plan): CoterieError | undefined {
  const count = new GroupCount(plan.requirement.groups);
  for (const nodeIndex of down) count.fail(nodeIndex);
  if (!count.isImpossible) return undefined;
  const names = nodeNames(plan.place, down);
  return new CoterieError(
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
  const ranked: number[] = [];
  const scores: number[] = [];
  // By insertion: there are few, and `sort` would ask for each score many times over.
  for (const nodeIndex of plan.replicas) {
    const score = nodeIndex === self ? -1 : scoreOf(nodeIndex, peers);
    let at = ranked.length;
    for (; at > 0; at -= 1) {
      const before = ranked[at - 1];
      const scoreBefore = scores[at - 1];
      if (before === undefined || scoreBefore === undefined || scoreBefore <= score) break;
      ranked[at] = before;
      scores[at] = scoreBefore;
    }
    ranked[at] = nodeIndex;
    scores[at] = score;
  }
  return ranked;
}

const REACH_ORDER = { up: 0, unknown: 1, down: 2 } as const;

function scoreOf(nodeIndex: number, peers: Peers): number {
  return REACH_ORDER[peers.reach(nodeIndex)] * 1_000_000 + peers.inFlight(nodeIndex);
}
