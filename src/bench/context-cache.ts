/** The contexts that one client last got, by number of the key, for the writes that replace what it
 *  saw. Bounded: beyond `max` the one that was used longest ago is forgotten, and the next update
 *  of its key reads first. */
export class ContextCache {
  readonly #max: number;
  /** In the order of last use. */
  readonly #contexts = new Map<number, string>();

  constructor(max: number) {
    this.#max = max;
  }

  get size(): number {
    return this.#contexts.size;
  }

  get(key: number): string | undefined {
    return this.#contexts.get(key);
  }

  set(key: number, context: string): void {
    this.#contexts.delete(key);
    this.#contexts.set(key, context);
    if (this.#contexts.size <= this.#max) return;
    for (const oldest of this.#contexts.keys()) {
      this.#contexts.delete(oldest);
      return;
    }
  }

  forget(key: number): void {
    this.#contexts.delete(key);
  }
}
