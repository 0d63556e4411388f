/** Counts the acknowledgements of one write and decides when the coordinator may answer.
 *  Invariants: each replica is counted once; once settled the verdict never changes; `satisfied`
 *  means the requirement is met in every live layout version (ARCHITECTURE 5.6), with durable
 *  acknowledgements only when durability is fsync.
 *  Not here: sending, timeouts, hints (node/coordinator/write.ts).
 *  Source: DeCandia et al. 2007 §4.5; ARCHITECTURE 5.20. */
import { GroupCount } from './group-count.ts';
import type { Requirement } from './level.ts';

export type Verdict = 'pending' | 'satisfied' | 'failed';

export interface WriteTallyOptions {
  /** One per live layout version, the newest first. */
  readonly requirements: readonly Requirement[];
  /** Only durable acknowledgements count (durability fsync). */
  readonly countsOnlyDurable: boolean;
}

export class WriteTally {
  readonly #counts: readonly GroupCount[];
  readonly #durableNeed: number;
  readonly #countsOnlyDurable: boolean;
  /** Replicas of which nothing has been heard; told only while `durableNeed` asks for it. */
  #outstanding: number;
  #durable = 0;
  #verdict: Verdict = 'pending';

  constructor(options: WriteTallyOptions) {
    this.#counts = options.requirements.map((requirement) => new GroupCount(requirement.groups));
    this.#countsOnlyDurable = options.countsOnlyDurable;
    let durableNeed = 0;
    for (const { durable } of options.requirements) durableNeed = Math.max(durableNeed, durable);
    this.#durableNeed = durableNeed;
    this.#outstanding = durableNeed === 0 ? 0 : countMembers(options.requirements);
  }

  /** A replica merged the write. */
  acknowledge(nodeIndex: number, isDurable: boolean): Verdict {
    if (this.#verdict !== 'pending') return this.#verdict;
    if (this.#countsOnlyDurable && !isDurable) return this.fail(nodeIndex);
    let isNew = false;
    for (const count of this.#counts) isNew = count.answer(nodeIndex) || isNew;
    if (isNew) {
      this.#outstanding -= 1;
      if (isDurable) this.#durable += 1;
    }
    return this.#decide();
  }

  /** A replica refused, broke off or ran out of time. */
  fail(nodeIndex: number): Verdict {
    if (this.#verdict !== 'pending') return this.#verdict;
    let isNew = false;
    for (const count of this.#counts) isNew = count.fail(nodeIndex) || isNew;
    if (isNew) this.#outstanding -= 1;
    return this.#decide();
  }

  get verdict(): Verdict {
    return this.#verdict;
  }

  /** Acknowledgements needed, in the live version that needs most. */
  get required(): number {
    let required = 0;
    for (const count of this.#counts) required = Math.max(required, count.required);
    return required;
  }

  /** Replicas counted, in the order of their acknowledgements. */
  get acknowledged(): readonly number[] {
    return this.#counts[0]?.answered ?? [];
  }

  get durable(): number {
    return this.#durable;
  }

  #decide(): Verdict {
    let isMet = this.#durable >= this.#durableNeed;
    let isImpossible =
      this.#durableNeed > 0 && this.#durable + this.#outstanding < this.#durableNeed;
    for (const count of this.#counts) {
      isMet &&= count.isMet;
      isImpossible ||= count.isImpossible;
    }
    if (isMet) this.#verdict = 'satisfied';
    else if (isImpossible) this.#verdict = 'failed';
    return this.#verdict;
  }
}

function countMembers(requirements: readonly Requirement[]): number {
  const members = new Set<number>();
  for (const { groups } of requirements) {
    for (const group of groups) for (const node of group.members) members.add(node);
  }
  return members.size;
}
