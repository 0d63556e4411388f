/** Functions of whoever asked for the simulation, called so that what they do wrong is told as
 *  theirs: it says nothing about the product, and nothing about the promise.
 *  Invariant: the first fault is kept, whatever becomes of the error on its way out.
 *  Not here: when they are called (script-client.ts). */
import { CoterieError } from '../../core/errors.ts';
import type { SetChange, SetValues } from './set-values.ts';

const NAMES = ['change', 'merge', 'elements'] as const;

export class CallerValues implements SetValues {
  readonly #values: SetValues;
  readonly #seed: number;
  #fault: CoterieError | undefined;

  /** Errors: INVALID_ARGUMENT when one of the functions is missing. */
  constructor(values: SetValues, seed: number) {
    this.#values = values;
    this.#seed = seed;
    const missing = NAMES.find((name) => typeof values?.[name] !== 'function');
    if (missing === undefined) return;
    throw new CoterieError(
      'INVALID_ARGUMENT',
      `values.${missing} is no function; values needs ${NAMES.join(', ')}`,
    );
  }

  get fault(): CoterieError | undefined {
    return this.#fault;
  }

  change(value: string | undefined, change: SetChange): string {
    return this.#text('change', () => this.#values.change(value, change));
  }

  merge(siblings: readonly string[]): string {
    return this.#text('merge', () => this.#values.merge(siblings));
  }

  elements(value: string): readonly number[] {
    const elements: unknown = this.#call('elements', () => this.#values.elements(value));
    if (Array.isArray(elements) && elements.every((each) => typeof each === 'number')) {
      return elements;
    }
    throw this.#failed('elements', 'did not return a list of numbers');
  }

  #text(name: (typeof NAMES)[number], call: () => unknown): string {
    const value = this.#call(name, call);
    if (typeof value === 'string') return value;
    throw this.#failed(name, `returned ${value === null ? 'null' : typeof value}, not a string`);
  }

  #call(name: (typeof NAMES)[number], call: () => unknown): unknown {
    try {
      return call();
    } catch (error) {
      throw this.#failed(name, `threw ${String(error)}`, error);
    }
  }

  #failed(name: (typeof NAMES)[number], what: string, cause?: unknown): CoterieError {
    const message = `Your values.${name} ${what}, in the run of seed ${this.#seed}`;
    const error = new CoterieError('INVALID_ARGUMENT', message, { cause });
    this.#fault ??= error;
    return error;
  }
}
