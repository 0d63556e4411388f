/** What has one client been shown of each key, and under which token? The oracle of causality: it
 *  knows which writes a context stands for without reading the product's clocks.
 *  Invariants: a token of a read covers the values that were shown; a token of a write covers what
 *  the context of that write covered, and the write; results are kept in the order in which the
 *  client got them, a few of each key.
 *  Not here: what follows by closure (checkers/causal-oracle.ts). */
import type { WriteId } from '../history.ts';
import type { ContextChoice } from '../scenario.ts';

export interface Known {
  readonly key: string;
  /** The token, as the client was given it. */
  readonly context: string;
  readonly covers: readonly WriteId[];
}

/** What a write gives: a token or none, and the writes that it stands for. */
export type Given =
  | { readonly kind: 'context'; readonly context: string; readonly covers: readonly WriteId[] }
  | { readonly kind: 'nothing' }
  | { readonly kind: 'overwrite' };

const NOTHING: Given = { kind: 'nothing' };
const RESULTS_PER_KEY_MAX = 6;

export class KnownResults {
  readonly #byKey = new Map<string, Known[]>();
  /** The last result of each key, in the order in which the client got them. */
  readonly #latest = new Map<string, Known>();

  add(known: Known): void {
    const results = this.#byKey.get(known.key) ?? [];
    this.#byKey.set(known.key, results);
    results.push(known);
    if (results.length > RESULTS_PER_KEY_MAX) results.shift();
    this.#latest.delete(known.key);
    this.#latest.set(known.key, known);
  }

  /** `undefined`: there is no such context, and so nothing to do. */
  give(key: string, choice: ContextChoice): Given | undefined {
    switch (choice) {
      case 'none':
        return NOTHING;
      case 'overwrite':
        return { kind: 'overwrite' };
      case 'last':
        return givenOf(this.#byKey.get(key)?.at(-1)) ?? NOTHING;
      case 'stale':
        return givenOf(this.#byKey.get(key)?.[0]) ?? NOTHING;
      case 'other-key':
        return givenOf([...this.#latest.values()].findLast((known) => known.key !== key));
    }
  }
}

function givenOf(known: Known | undefined): Given | undefined {
  if (known === undefined) return undefined;
  return { kind: 'context', context: known.context, covers: known.covers };
}
