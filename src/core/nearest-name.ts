/** The name that was probably meant: what messages about unknown keys and options offer.
 *  Invariant: what is offered is one of the candidates, and no other one is nearer.
 *  Not here: the messages (config, client).
 *  Source: Wagner and Fischer 1974, "The String-to-String Correction Problem". */

/** The candidate with the smallest edit distance, if that is at most a third of its length (and at
 *  least 2), and leaves two letters alone: most words of three letters are near each other. */
export function nearestName(name: string, candidates: Iterable<string>): string | undefined {
  let best: string | undefined;
  let bestDistance = Number.POSITIVE_INFINITY;
  for (const candidate of candidates) {
    const distance = editDistance(name.toLowerCase(), candidate.toLowerCase());
    const distanceMax = Math.max(2, Math.floor(candidate.length / 3));
    const hasCommonPart = distance + 2 <= Math.min(name.length, candidate.length);
    if (hasCommonPart && distance <= distanceMax && distance < bestDistance) {
      best = candidate;
      bestDistance = distance;
    }
  }
  return best;
}

/** Insertions, deletions and replacements that turn `a` into `b`. Cost: length times length. */
export function editDistance(a: string, b: string): number {
  let previous = Array.from({ length: b.length + 1 }, (_, index) => index);
  for (let row = 1; row <= a.length; row += 1) {
    const current = [row];
    for (let column = 1; column <= b.length; column += 1) {
      const replaced = (previous[column - 1] ?? 0) + (a[row - 1] === b[column - 1] ? 0 : 1);
      const removed = (previous[column] ?? 0) + 1;
      const added = (current[column - 1] ?? 0) + 1;
      current.push(Math.min(replaced, removed, added));
    }
    previous = current;
  }
  return previous[b.length] ?? 0;
}
