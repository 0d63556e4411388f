/** Counts, over the replica groups of one requirement, who has answered and who will not.
 *  Invariant: a replica is counted once, as its first word says; a group never goes from impossible
 *  to possible.
 *  Not here: what an answer contains (read-tally.ts, write-tally.ts).
 *  Source: DeCandia et al. 2007 §4.5. */
import type { ReplicaGroup } from './level.ts';

export class GroupCount {
  readonly #groups: readonly ReplicaGroup[];
  readonly #answered: number[] = [];
  readonly #failed: number[] = [];

  constructor(groups: readonly ReplicaGroup[]) {
    this.#groups = groups;
  }

  /** Returns false when this replica has been counted before or is in no group. */
  answer(nodeIndex: number): boolean {
    return this.#note(nodeIndex, this.#answered);
  }

  /** This replica will not answer (or its answer counts for nothing). */
  fail(nodeIndex: number): boolean {
    return this.#note(nodeIndex, this.#failed);
  }

  /** Has nothing been heard of this replica, and is it in a group. */
  isOpen(nodeIndex: number): boolean {
    if (this.#answered.includes(nodeIndex) || this.#failed.includes(nodeIndex)) return false;
    return this.#groups.some(({ members }) => members.includes(nodeIndex));
  }

  /** Replicas counted, in the order of their answers. */
  get answered(): readonly number[] {
    return this.#answered;
  }

  get isMet(): boolean {
    for (const group of this.#groups) {
      if (count(group.members, this.#answered) < group.need) return false;
    }
    return true;
  }

  /** Even if everyone who is still silent answered, some group would fall short. */
  get isImpossible(): boolean {
    for (const { members, need } of this.#groups) {
      if (members.length - count(members, this.#failed) < need) return true;
    }
    return false;
  }

  /** Answers needed over all groups. */
  get required(): number {
    let required = 0;
    for (const group of this.#groups) required += group.need;
    return required;
  }

  /** Answers still missing over all groups: how many more replicas must be asked at least. */
  get missing(): number {
    let missing = 0;
    for (const group of this.#groups) {
      missing += Math.max(0, group.need - count(group.members, this.#answered));
    }
    return missing;
  }

  /** Would an answer of this replica bring a group closer to being met, if those `expected` answer
   *  too. */
  isUseful(nodeIndex: number, expected: readonly number[] = []): boolean {
    for (const { members, need } of this.#groups) {
      if (!members.includes(nodeIndex)) continue;
      if (count(members, this.#answered) + count(members, expected) < need) return true;
    }
    return false;
  }

  #note(nodeIndex: number, list: number[]): boolean {
    if (this.#answered.includes(nodeIndex) || this.#failed.includes(nodeIndex)) return false;
    for (const group of this.#groups) {
      if (!group.members.includes(nodeIndex)) continue;
      list.push(nodeIndex);
      return true;
    }
    return false;
  }
}

/** N is small (3 to 9): a scan beats a set. */
function count(members: readonly number[], nodes: readonly number[]): number {
  if (nodes.length === 0) return 0;
  let found = 0;
  for (const node of nodes) if (members.includes(node)) found += 1;
  return found;
}
