/** The part of a source of random numbers that the generators need: a seeded one, so that two runs
 *  ask for the same keys in the same order. */
export interface Chance {
  /** Uniform in [0, 1). */
  float(): number;
}

/** In place, every order equally likely (Fisher and Yates). */
export function shuffle<Item>(items: Item[], random: Chance): Item[] {
  for (let last = items.length - 1; last > 0; last -= 1) {
    const other = Math.floor(random.float() * (last + 1));
    [items[last], items[other]] = [items[other] as Item, items[last] as Item];
  }
  return items;
}
