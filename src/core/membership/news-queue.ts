/** Which changes are fresh enough to be told without being asked?
 *  Each is told 3*ceil(log2(n+1)) times, by this node and by everybody who hears of it, and then
 *  left to the rounds, which compare tables and miss nothing.
 *  Invariants: what was told least often is told first; there is one item per member, so the table
 *  bounds the queue; a change of what is being told starts its count again.
 *  Not here: the entries themselves, and whom they are told (gossip-exchange.ts).
 *  Source: SWIM §4.1 (infection-style dissemination, bounded piggybacking). */

/** Times that one change is told by one node in a cluster of `members`; ceil(log2(n+1)) is the
 *  number of binary digits of n. */
export function tellCount(members: number): number {
  return 3 * (32 - Math.clz32(members));
}

export class NewsQueue {
  /** Times told; in the order of their last change or telling. */
  readonly #told = new Map<string, number>();

  get size(): number {
    return this.#told.size;
  }

  add(id: string): void {
    this.#told.delete(id);
    this.#told.set(id, 0);
  }

  /** Ids, least told first. They count as told when `tell` says so. */
  fresh(): readonly string[] {
    const items = [...this.#told];
    items.sort(([, a], [, b]) => a - b);
    return items.map(([id]) => id);
  }

  /** These were sent to one peer. */
  tell(ids: Iterable<string>, members: number): void {
    const limit = tellCount(members);
    for (const id of ids) {
      const told = this.#told.get(id);
      if (told === undefined) continue;
      if (told + 1 >= limit) this.#told.delete(id);
      else this.#told.set(id, told + 1);
    }
  }
}
