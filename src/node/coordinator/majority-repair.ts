/** A strict read has met replicas that differ: it brings its result to a majority of each group
 *  before it answers.
 *  Invariants: a replica counts when it answered the read with exactly the result, or acknowledged
 *  this repair with an fsync, and for nothing else it says; one that fails, or is silent for long,
 *  is joined by one that was not asked and can stand in for it; it ends once, and not after the
 *  deadline.
 *  Not here: whether there is anything to repair (read.ts), what the result is (repair-plan.ts).
 *  Source: ARCHITECTURE 5.25. */
import type { DeadlineEntry } from '../../core/deadline-queue.ts';
import type { CoterieError } from '../../core/errors.ts';
import type { GroupCount } from '../../core/quorum/group-count.ts';
import type { MergedAnswers } from '../../core/quorum/repair-plan.ts';
import type { Plan } from './plan.ts';
import { rankReplicas } from './plan.ts';
import { repairFailure } from './read-failures.ts';
import type { ReadKit } from './read-kit.ts';
import { writeBack } from './write-back.ts';

export interface Repaired {
  readonly merged: MergedAnswers;
  readonly bytes: Uint8Array;
  /** Of the groups; those who hold the result are counted in it. */
  readonly count: GroupCount;
}

export class MajorityRepair {
  readonly #kit: ReadKit;
  readonly #plan: Plan;
  readonly #repaired: Repaired;
  readonly #spare: number[];
  readonly #deadline: DeadlineEntry;
  #slowTimer: DeadlineEntry | undefined;
  /** `undefined` once it has been called. */
  #done: ((failure: CoterieError | undefined) => void) | undefined;

  static begin(
    kit: ReadKit,
    plan: Plan,
    repaired: Repaired,
    done: (failure: CoterieError | undefined) => void,
  ): void {
    const repair = new MajorityRepair(kit, plan, repaired, done);
    for (const nodeIndex of repaired.merged.stale) repair.#send(nodeIndex);
    repair.#awaitSlow();
  }

  private constructor(
    kit: ReadKit,
    plan: Plan,
    repaired: Repaired,
    done: (failure: CoterieError | undefined) => void,
  ) {
    this.#kit = kit;
    this.#plan = plan;
    this.#repaired = repaired;
    this.#done = done;
    const { holders, stale } = repaired.merged;
    this.#spare = rankReplicas(plan, kit.parts.peers).filter(
      (nodeIndex) => !holders.includes(nodeIndex) && !stale.includes(nodeIndex),
    );
    const { deadlines } = kit.parts;
    this.#deadline = deadlines.add(plan.deadlineMs, () => this.#fail());
  }

  #send(nodeIndex: number): void {
    const { parts, options } = this.#kit;
    const { bytes: record } = this.#repaired;
    writeBack(parts, options, this.#plan, { nodeIndex, record, sync: true }, (isHeld) => {
      this.#heard(nodeIndex, isHeld);
    });
  }

  #heard(nodeIndex: number, isHeld: boolean): void {
    const { count } = this.#repaired;
    if (isHeld) count.answer(nodeIndex);
    else count.fail(nodeIndex);
    if (count.isMet) this.#finish(undefined);
    else if (count.isImpossible) this.#fail();
    else if (!isHeld && this.#done !== undefined) {
      this.#sendTo(this.#spare.find((spare) => this.#sharesGroup(spare, nodeIndex)));
    }
  }

  #sendTo(spare: number | undefined): void {
    if (spare === undefined) return;
    this.#spare.splice(this.#spare.indexOf(spare), 1);
    this.#send(spare);
  }

  #awaitSlow(): void {
    const { parts, options } = this.#kit;
    if (this.#done === undefined || this.#spare.length === 0) return;
    const dueMs = parts.deadlines.nowMs() + options.replaceAfterMs;
    this.#slowTimer = parts.deadlines.add(dueMs, () => {
      this.#sendTo(this.#spare.find((spare) => this.#repaired.count.isUseful(spare)));
      this.#awaitSlow();
    });
  }

  /** Can this replica stand in for that one. */
  #sharesGroup(a: number, b: number): boolean {
    const { groups } = this.#plan.requirement;
    return groups.some(({ members }) => members.includes(a) && members.includes(b));
  }

  #fail(): void {
    this.#finish(repairFailure(this.#plan, this.#repaired.count));
  }

  #finish(failure: CoterieError | undefined): void {
    const done = this.#done;
    if (done === undefined) return;
    this.#done = undefined;
    const { deadlines } = this.#kit.parts;
    deadlines.cancel(this.#deadline);
    if (this.#slowTimer !== undefined) deadlines.cancel(this.#slowTimer);
    done(failure);
  }
}
