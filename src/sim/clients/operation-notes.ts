/** What did all clients do, in the order in which they began? And what did they meet that no client
 *  may ever meet?
 *  Invariant: an operation is in the list from its end on, or with no end once the run is over.
 *  Not here: judging what is only wrong in the light of others (checkers). */
import type { Violation } from '../checkers/checker.ts';
import type { Operation } from '../history.ts';

export class OperationNotes {
  readonly #ended: { readonly begun: number; readonly operation: Operation }[] = [];
  readonly violations: Violation[] = [];
  #begun = 0;

  /** Takes the place of an operation among the others. */
  begin(): number {
    this.#begun += 1;
    return this.#begun;
  }

  end(begun: number, operation: Operation): void {
    this.#ended.push({ begun, operation });
  }

  /** A promise of the client itself is broken. */
  broken(operation: { readonly id: number; readonly key: string }, message: string): void {
    const { id, key } = operation;
    this.violations.push({ check: 'client', message, key, operations: [id] });
  }

  get count(): number {
    return this.#ended.length;
  }

  /** By start. */
  operations(): Operation[] {
    const inOrder = [...this.#ended].sort((one, other) => one.begun - other.begun);
    return inOrder.map(({ operation }) => operation);
  }
}
