/** How is a set kept in one value, changed, and made one again out of siblings? The simulator's own
 *  way is a list of numbers; whoever tests a merge function of their own hands in theirs.
 *  Invariant: values are text; elements are the ids of the steps that added them.
 *  Not here: when sets are read and written (script-client.ts), what they must hold (checkers). */

export interface SetChange {
  readonly adds: number;
  readonly removes: readonly number[];
}

export interface SetValues {
  /** The value with the change made; `value` is undefined when the key holds none. */
  change(value: string | undefined, change: SetChange): string;
  /** One value out of two or more siblings. */
  merge(siblings: readonly string[]): string;
  /** What the value holds. */
  elements(value: string): readonly number[];
}

export const NUMBER_LISTS: SetValues = {
  change: (value, { adds, removes }) => {
    const changed = new Set(value === undefined ? [] : listed(value));
    changed.add(adds);
    for (const element of removes) changed.delete(element);
    return ascending(changed);
  },
  merge: (siblings) => ascending(new Set(siblings.flatMap(listed))),
  elements: listed,
};

function listed(value: string): number[] {
  return value === '' ? [] : value.split(',').map(Number);
}

function ascending(elements: ReadonlySet<number>): string {
  return [...elements].sort((one, other) => one - other).join(',');
}
