/** What the reads of one coordinator share.
 *  Invariant: made once, and the same for all of them (reads.ts).
 *  Not here: behaviour of any kind. */
import type { HedgeBudget } from '../../core/quorum/hedge-budget.ts';
import type { BackgroundRepairs } from './background-repairs.ts';
import type { CoordinatorParts } from './parts.ts';
import type { ReadOptions } from './read-options.ts';

export interface ReadKit {
  readonly parts: CoordinatorParts;
  readonly options: ReadOptions;
  readonly budget: HedgeBudget;
  readonly repairs: BackgroundRepairs;
  /** Has this node so much to do that what can be left is left. */
  isBusy(): boolean;
}
