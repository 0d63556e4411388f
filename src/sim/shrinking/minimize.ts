/** Which few of many things does a failure need? Delta debugging: leave out ever smaller chunks and
 *  keep what still fails.
 *  Invariants: deterministic; what is returned failed when it was last tried, or is all of the
 *  items; the order of the items is kept; once the search ran to its end, no single item can be
 *  left out.
 *  Not here: what the items are and what failing means (shrink.ts).
 *  Source: Zeller and Hildebrandt, "Simplifying and isolating failure-inducing input", 2002 (ddmin;
 *  complements only, since a failure of several parts is seldom all within one chunk). */

export interface Search<Item> {
  /** Whether what is left still fails; false, without looking, once `isOver`. */
  readonly fails: (kept: readonly Item[]) => Promise<boolean>;
  readonly isOver: () => boolean;
}

/** About 2 c log2(n / c) tries for n items of which c are needed; `items` fail as a whole. */
export async function minimize<Item>(
  items: readonly Item[],
  search: Search<Item>,
): Promise<readonly Item[]> {
  if (items.length === 0) return items;
  if (await search.fails([])) return [];
  let kept = items;
  let chunk = Math.ceil(kept.length / 2);
  while (kept.length > 1) {
    const before = kept.length;
    kept = await withoutChunks(kept, chunk, search);
    if (search.isOver()) return kept;
    // Leaving out one may make another one needless, so single items get rounds until one passes
    // in vain.
    if (chunk === 1 && kept.length === before) return kept;
    chunk = Math.max(1, Math.min(Math.ceil(chunk / 2), Math.ceil(kept.length / 2)));
  }
  return kept;
}

/** One round, from the end: what came last matters least. */
async function withoutChunks<Item>(
  items: readonly Item[],
  chunk: number,
  { fails, isOver }: Search<Item>,
): Promise<readonly Item[]> {
  let kept = items;
  for (let end = items.length; end > 0 && !isOver(); end -= chunk) {
    const rest = [...kept.slice(0, Math.max(0, end - chunk)), ...kept.slice(end)];
    if (rest.length === 0) continue;
    if (await fails(rest)) kept = rest;
  }
  return kept;
}
