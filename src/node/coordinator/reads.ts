/** All reads that a node coordinates: begins each, and holds what they share.
 *  Invariant: what reads leave behind (repairs that nobody waits for) and what they ask beyond
 *  their need (hedges) is bounded over all of them.
 *  Not here: one read (read.ts). */
import { HedgeBudget } from '../../core/quorum/hedge-budget.ts';
import type { Done } from '../contracts.ts';
import { BackgroundRepairs } from './background-repairs.ts';
import type { CoordinatorParts } from './parts.ts';
import type { Plan } from './plan.ts';
import { ReadOperation, type ReadOutcome } from './read.ts';
import type { ReadKit } from './read-kit.ts';
import type { ReadOptions } from './read-options.ts';

export class Reads {
  readonly #kit: ReadKit;

  /** `isBusy`: has this node so much to do that what can be left is left. */
  constructor(parts: CoordinatorParts, options: ReadOptions, isBusy: () => boolean) {
    const repairs = new BackgroundRepairs(parts, options.tuning, isBusy);
    this.#kit = { parts, options, budget: new HedgeBudget(), repairs, isBusy };
  }

  begin(plan: Plan, done: Done<ReadOutcome>): void {
    this.#kit.budget.earn();
    ReadOperation.begin(this.#kit, plan, done);
  }
}
