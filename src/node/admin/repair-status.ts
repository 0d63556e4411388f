/** What replicas may lack, as far as this node knows, in the words of administration.
 *  Invariant: `debt` counts a copy of a key once per reason known here: a hint that waits, a key
 *  found to differ, an unreadable key, a key still to be rebuilt, and 1 for a partition that missed
 *  more than hints may hold, where nobody has counted. 0 at every node means that nobody
 *  knows of anything to repair, not that a proof was made: that is what `last_equal_ms` is for.
 *  Not here: who repairs (node/handoff, node/repair).
 *  Source: ARCHITECTURE 5.27. */
import type {
  HintQueue,
  PairState,
  Rebuild,
  RepairStatusReply,
} from '../../wire/generated/coterie/v1/admin.ts';
import type { HintStatus, PairStatus, RebuildStatus, Repairs } from '../contracts.ts';

export interface RepairFacts {
  readonly node: string;
  /** Since an arbitrary start. */
  readonly nowMs: number;
  /** Unix time. */
  readonly wallMs: number;
  readonly unreadableKeys: number;
  readonly nameOf: (nodeIndex: number) => string;
}

export function repairStatus(repairs: Repairs, facts: RepairFacts): RepairStatusReply {
  const { node, nowMs, unreadableKeys, nameOf } = facts;
  const hints = repairs.hints();
  const dirty = repairs.dirty();
  const pairs = repairs.pairs();
  const rebuild = repairs.rebuild();
  return {
    node,
    nowMs,
    debt: debtOf(hints, pairs, rebuild) + dirty.length + unreadableKeys,
    hints: hintQueues(hints, dirty, facts),
    pairs: pairs.map((pair) => pairState(pair, nameOf)),
    rebuild: rebuild && rebuildState(rebuild),
    unreadableKeys,
    scrub: repairs.scrub(),
  };
}

function debtOf(
  hints: readonly HintStatus[],
  pairs: readonly PairStatus[],
  rebuild: RebuildStatus | undefined,
): number {
  let debt = rebuild?.keysLeft ?? 0;
  for (const { count } of hints) debt += count;
  for (const { differing } of pairs) debt += differing;
  return debt;
}

/** One for each member that is owed anything, hints or comparisons. */
function hintQueues(
  hints: readonly HintStatus[],
  dirty: readonly { readonly target: number }[],
  { wallMs, nameOf }: RepairFacts,
): HintQueue[] {
  const queues = new Map<number, HintQueue>();
  for (const { target, count, bytes, oldestMs, phase, lastError } of hints) {
    const ageMs = count === 0 ? 0 : Math.max(0, wallMs - oldestMs);
    const held = { count, bytes, oldestMs: ageMs, state: phase, detail: lastError };
    queues.set(target, { target: nameOf(target), ...held, dirtyPartitions: 0 });
  }
  for (const { target } of dirty) {
    const queue = queues.get(target) ?? noHints(nameOf(target));
    queue.dirtyPartitions++;
    queues.set(target, queue);
  }
  return [...queues.values()];
}

function noHints(target: string): HintQueue {
  const none = { count: 0, bytes: 0, oldestMs: 0, state: 'waiting', detail: '' };
  return { target, ...none, dirtyPartitions: 0 };
}

function pairState(pair: PairStatus, nameOf: RepairFacts['nameOf']): PairState {
  const { partition, peer, lastEqualMs, differing, found, failure } = pair;
  const { sentBytes, receivedBytes, differingBytes } = pair;
  return {
    partition,
    peer: nameOf(peer),
    lastEqualMs,
    differing,
    found,
    sentBytes,
    receivedBytes,
    differingBytes,
    failure,
  };
}

function rebuildState({ estimateMs, ...rest }: RebuildStatus): Rebuild {
  const { partitions, done, keys, bytes, waitingFor } = rest;
  return { partitions, done, keys, bytes, estimateMs, waitingFor };
}
