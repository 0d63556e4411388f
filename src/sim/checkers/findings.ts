/** The violations that one checker finds in one history: no more than VIOLATIONS_MAX, one for each
 *  thing found.
 *  Not here: what is judged. */
import { VIOLATIONS_MAX, type Violation } from './checker.ts';

export class Findings {
  readonly #check: string;
  readonly #violations: Violation[] = [];

  constructor(check: string) {
    this.#check = check;
  }

  get isFull(): boolean {
    return this.#violations.length >= VIOLATIONS_MAX;
  }

  get violations(): readonly Violation[] {
    return this.#violations;
  }

  /** `operations` in the order in which they tell it; no key: it is about a node. */
  add(key: string | undefined, operations: readonly number[], message: string): void {
    if (this.isFull) return;
    const found = { check: this.#check, message, operations: [...operations] };
    this.#violations.push(key === undefined ? found : { ...found, key });
  }
}
