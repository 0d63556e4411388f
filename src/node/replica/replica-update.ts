/** One write at this replica as the storage service sees it, and how its caller is told of it.
 *  Invariants: the caller is told exactly once; of a decision that was refused on a state that is
 *  not yet committed only once that state is.
 *  Not here: what is decided (minter.ts, replica.ts), when (node/storage).
 *  Source: docs/ARCHITECTURE.md 5.2. */

import { CoterieError } from '../../core/errors.ts';
import { asCoterieError } from '../../wire/error-codec.ts';
import type { Done } from '../contracts.ts';
import type { CurrentRecord, Decision, PendingUpdate, UpdateOptions } from '../storage/update.ts';

/** `Decided`: what is decided on. `Outcome`: what the caller is told. */
export abstract class ReplicaUpdate<Decided, Outcome> implements PendingUpdate {
  readonly options: UpdateOptions;
  readonly #done: Done<Outcome>;
  #decision: Decision<Decided> | undefined;
  #refusal: CoterieError | undefined;

  constructor(options: UpdateOptions, done: Done<Outcome>) {
    this.options = options;
    this.#done = done;
  }

  protected abstract decideOn(current: CurrentRecord): Decision<Decided>;
  protected abstract outcomeOf(decided: Decided, isDurable: boolean): Outcome;

  decide(current: CurrentRecord): Decision<Decided> {
    this.#decision = this.decideOn(current);
    return this.#decision;
  }

  refuse(error: unknown): void {
    this.#done(asCoterieError(error));
  }

  refuseLater(error: unknown): void {
    this.#refusal = asCoterieError(error);
  }

  settle(isDurable: boolean): void {
    if (this.#refusal !== undefined) this.#done(this.#refusal);
    else if (this.#decision !== undefined) {
      this.#done(this.outcomeOf(this.#decision.result, isDurable));
    }
  }

  fail(error: CoterieError): void {
    if (this.#decision !== undefined) this.#done(error);
    else this.#done(new CoterieError(error.code, error.message, { cause: error, applied: 'no' }));
  }
}
