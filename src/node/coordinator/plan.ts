/** What one request works with: the key, its partition and replicas, the requirement, the budget.
 *  Invariant: a plan whose requirement cannot be met by the members that may be reached is refused
 *  with NO_REPLICA before anything is sent (ARCHITECTURE 5.23).
 *  Not here: sending (read.ts, write.ts). */
import { CoterieError } from '../../core/errors.ts';
import type { MemberState } from '../../core/membership/member-watch.ts';
import { GroupCount } from '../../core/quorum/group-count.ts';
import type { Requirement } from '../../core/quorum/level.ts';
import { fallbackOrder } from '../../core/ring/fallbacks.ts';
import type { Epochs, Peers, Place } from '../contracts.ts';
import type { RecordKey } from '../storage/record-key.ts';
import type { Recorder } from './trace.ts';

export interface Plan {
  readonly place: Place;
  readonly key: RecordKey;
  readonly partition: number;
  /** The preference list. */
  readonly replicas: readonly number[];
  /** This node owns a replica, and it may be read and minted on. */
  readonly isHere: boolean;
  readonly epochs: Epochs;
  readonly requirement: Requirement;
  /** Members that own no replica may stand in (writes). */
  readonly isSloppy: boolean;
  /** Monotonic; the whole budget. */
  readonly deadlineMs: number;
  /** `undefined`: nobody asked for an explanation. */
  readonly trace: Recorder | undefined;
}

export function nodeName(place: Place, nodeIndex: number): string {
  return place.ring.nameOf(nodeIndex);
}

export function nodeNames(place: Place, nodes: readonly number[]): string[] {
  return nodes.map((nodeIndex) => nodeName(place, nodeIndex));
}

/** NO_REPLICA {required, reachable, down, others} when too few replicas may be reached; `others`:
 *  how many members that own no replica may be; `sloppy` if it was. */
export function reachRefusal(plan: Plan, peers: Peers): CoterieError | undefined {
  let down: number[] | undefined;
  for (const nodeIndex of plan.replicas) {
    if (nodeIndex === plan.place.nodeIndex || peers.reach(nodeIndex) !== 'down') continue;
    down ??= [];
    down.push(nodeIndex);
  }
  if (down === undefined) return undefined;
  const shortfall = plan.isSloppy
    ? sloppyShortfall(down, plan, peers)
    : strictShortfall(down, plan);
  return shortfall === undefined ? undefined : noReplica(down, plan, peers, shortfall);
}

/** Why the requirement cannot be met, to be said after who cannot be reached; undefined: it can. */
type Shortfall = string | undefined;

function strictShortfall(down: readonly number[], { requirement }: Plan): Shortfall {
  const count = new GroupCount(requirement.groups);
  for (const nodeIndex of down) count.fail(nodeIndex);
  return count.isImpossible ? '' : undefined;
}

/** A replica must mint, and for what is asked of replicas themselves nobody stands in. */
function sloppyShortfall(down: readonly number[], plan: Plan, peers: Peers): Shortfall {
  const { requirement, replicas } = plan;
  const { primaries = 0, durable } = requirement;
  const up = replicas.length - down.length;
  if (up === 0) {
    return ': others keep copies of what a replica has taken, and none is left to take it';
  }
  if (up < primaries)
    return `: pw ${primaries} counts replicas only, others cannot stand in for it`;
  if (up < durable) return `: dw ${durable} counts replicas only, others cannot stand in for it`;
  const required = requirement.groups[0]?.need ?? 0;
  if (up >= required) return undefined;
  const others = othersWithinReach(plan, peers);
  if (up + Math.min(down.length, others) >= required) return undefined;
  return `, and ${others === 0 ? 'nobody' : `only ${others}`} can stand in`;
}

/** Dear: it walks the ring, so it is asked only when a write is short of replicas. */
function othersWithinReach({ place, partition, replicas }: Plan, peers: Peers): number {
  const self = replicas.includes(place.nodeIndex) ? 0 : 1;
  return reachableFallbacks(place, partition, peers).length + self;
}

function noReplica(
  down: readonly number[],
  plan: Plan,
  peers: Peers,
  shortfall: string,
): CoterieError {
  const required = new GroupCount(plan.requirement.groups).required;
  const names = nodeNames(plan.place, down);
  return new CoterieError(
    'NO_REPLICA',
    `${plan.requirement.label} needs ${required} of ${plan.replicas.length} replicas; ` +
      `${names.join(', ')} cannot be reached${shortfall}`,
    {
      details: {
        level: plan.requirement.label,
        required,
        reachable: plan.replicas.length - down.length,
        down: names,
        others: othersWithinReach(plan, peers),
        ...(plan.isSloppy ? { sloppy: true } : {}),
      },
    },
  );
}

/** Members that own no replica of the partition and answer, as far as is known: in the order in
 *  which they are asked. */
export function reachableFallbacks(
  { ring, nodeIndex: self }: Place,
  partition: number,
  peers: Pick<Peers, 'reach' | 'stateOf'>,
): number[] {
  return fallbackOrder(ring, partition).filter(
    (nodeIndex) => nodeIndex !== self && !isDoubtful(nodeIndex, peers),
  );
}

/** Another member is likelier to answer. */
export function isDoubtful(nodeIndex: number, peers: Pick<Peers, 'reach' | 'stateOf'>): boolean {
  if (peers.reach(nodeIndex) === 'down') return true;
  return STATE_ORDER[peers.stateOf(nodeIndex)] >= STATE_ORDER.AVOID;
}

/** Replicas to ask first come first: this node, unless it is not rebuilt, then by what is thought
 *  of them, by whether there is a link, by how far they are, and by how soon they are likely to
 *  answer. Where all of this is equal the key decides: keys spread over the replicas, and each
 *  stays in the caches of the same ones. */
export function rankReplicas({ place, replicas, isHere, key }: Plan, peers: Peers): number[] {
  const self = place.nodeIndex;
  const ownScore = isHere ? -1 : Number.POSITIVE_INFINITY;
  const ranked: number[] = [];
  const scores: number[] = [];
  const count = replicas.length;
  const first = key.token % count;
  // By insertion: there are few, and `sort` would ask for each score many times over.
  for (let step = 0; step < count; step += 1) {
    const nodeIndex = replicas[(first + step) % count];
    if (nodeIndex === undefined) continue;
    const score = nodeIndex === self ? ownScore : scoreOf(nodeIndex, place, peers);
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

/** Members of one number are asked alike; one of a higher number only when the others do not
 *  suffice. */
export const STATE_ORDER: Readonly<Record<MemberState, number>> = {
  ALIVE: 0,
  UNKNOWN: 0,
  SLOW: 1,
  AVOID: 2,
  SUSPECT: 2,
  DOWN: 3,
  LEFT: 3,
};
const REACH_ORDER = { up: 0, unknown: 1, down: 2 } as const;
const DISTANCES = 3;
const COST_END = 2 ** 32;
const LATENCY_MAX_MS = 65_535;

function scoreOf(nodeIndex: number, place: Place, peers: Peers): number {
  const state = STATE_ORDER[peers.stateOf(nodeIndex)];
  const reach = REACH_ORDER[peers.reach(nodeIndex)];
  const group = (state * 3 + reach) * DISTANCES + distanceOf(nodeIndex, place);
  return group * COST_END + costOf(nodeIndex, peers);
}

/** 0 in this node's zone, 1 in its datacentre, 2 elsewhere. */
function distanceOf(nodeIndex: number, { ring, nodeIndex: self, datacentre }: Place): number {
  const role = ring.role(nodeIndex);
  if (role === undefined || role.datacentre !== datacentre) return 2;
  return role.zone === ring.role(self)?.zone ? 0 : 1;
}

/** The wait that is to be expected, in steps: times of one power of two are alike, and all under
 *  1 ms. Otherwise the one that happens to be fastest would get every read of every node. */
function costOf(nodeIndex: number, peers: Peers): number {
  const latencyMs = Math.min(LATENCY_MAX_MS, peers.latencyMs(nodeIndex));
  const step = 2 ** (32 - Math.clz32(latencyMs));
  return Math.min(COST_END - 1, step * (peers.inFlight(nodeIndex) + 1));
}
