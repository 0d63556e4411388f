/** What a checker is: a pure function of a history that names every promise it finds broken.
 *  Invariant: a checker knows nothing of the product's clocks and internals, only of what clients
 *  saw and what the disks hold.
 *  Not here: the checks, one to a file. */
import type { History } from '../history.ts';
import type { Capability } from '../scenario.ts';

export interface Violation {
  readonly check: string;
  /** One sentence: which promise, which key, which operations. */
  readonly message: string;
  readonly key?: string;
  /** Steps that it is about. */
  readonly operations: readonly number[];
}

export interface Checker {
  readonly name: string;
  /** The promise, in one sentence, with its number (G1 to G10). */
  readonly promise: string;
  /** Without these it is not run. */
  readonly needs: readonly Capability[];
  check(history: History): readonly Violation[];
}

/** Violations reported by one checker in one run, at most; the first is what matters. */
export const VIOLATIONS_MAX = 20;
