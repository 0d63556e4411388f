/** Counts the replies to one read and decides when the coordinator has heard enough.
 *  Invariants: each replica is counted once; an unverified replica counts only when the requirement
 *  allows it; a replica that cannot read the key (corrupt, not recovered) counts for nothing; once
 *  settled the verdict never changes.
 *  Not here: merging and repair (repair-plan.ts), sending, timeouts (node/coordinator/read.ts).
 *  Source: DeCandia et al. 2007 §4.5, §5; ARCHITECTURE 5.17, 5.19. */
import { GroupCount } from './group-count.ts';
import type { Requirement } from './level.ts';
import type { Verdict } from './write-tally.ts';

/** What one replica holds: `undefined` bytes mean it has no record, which is an answer like any
 *  other. */
export interface ReadAnswer {
  readonly nodeIndex: number;
  readonly bytes: Uint8Array | undefined;
}

export class ReadTally {
  readonly #count: GroupCount;
  readonly #takesUnverified: boolean;
  readonly #answers: ReadAnswer[] = [];
  #verdict: Verdict = 'pending';

  constructor(requirement: Requirement) {
    this.#count = new GroupCount(requirement.groups);
    this.#takesUnverified = requirement.label === 'one' || requirement.label === 'local_one';
  }

  answer(answer: ReadAnswer, isVerified: boolean): Verdict {
    if (this.#verdict !== 'pending') return this.#verdict;
    if (!isVerified && !this.#takesUnverified) return this.fail(answer.nodeIndex);
    if (this.#count.answer(answer.nodeIndex)) this.#answers.push(answer);
    return this.#decide();
  }

  fail(nodeIndex: number): Verdict {
    if (this.#verdict !== 'pending') return this.#verdict;
    this.#count.fail(nodeIndex);
    return this.#decide();
  }

  get verdict(): Verdict {
    return this.#verdict;
  }

  get required(): number {
    return this.#count.required;
  }

  /** Answers still needed. */
  get missing(): number {
    return this.#count.missing;
  }

  /** Is this replica needed, if those `expected` answer. */
  isUseful(nodeIndex: number, expected: readonly number[] = []): boolean {
    return this.#count.isUseful(nodeIndex, expected);
  }

  /** The answers counted, in the order they came. */
  get answers(): readonly ReadAnswer[] {
    return this.#answers;
  }

  #decide(): Verdict {
    if (this.#count.isMet) this.#verdict = 'satisfied';
    else if (this.#count.isImpossible) this.#verdict = 'failed';
    return this.#verdict;
  }
}
