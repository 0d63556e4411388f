/** The dumb model of a storage engine: one sorted list. */
import type { StoreEntry, StoreOperation, StoreRange } from '../../src/env/store.ts';

export class StoreModel {
  #entries: StoreEntry[] = [];

  apply(operations: readonly StoreOperation[]): void {
    for (const operation of operations) {
      this.#entries = this.#entries.filter(({ key }) => Buffer.compare(key, operation.key) !== 0);
      if (operation.type === 'put') this.#entries.push(operation);
    }
    this.#entries = this.#entries.map(({ key, value }) => ({ key, value }));
    this.#entries.sort((a, b) => Buffer.compare(a.key, b.key));
  }

  get(wanted: Uint8Array): Uint8Array | undefined {
    return this.#entries.find(({ key }) => Buffer.compare(key, wanted) === 0)?.value;
  }

  range({ from, to, limit, reverse = false }: StoreRange): StoreEntry[] {
    const inside = this.#entries.filter(
      ({ key }) => Buffer.compare(key, from) >= 0 && Buffer.compare(key, to) < 0,
    );
    if (reverse) inside.reverse();
    return inside.slice(0, limit);
  }
}
