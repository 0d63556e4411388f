/** How far the same figure of a second run may be from this one, by how far repeated slices of this
 *  run are from each other.
 *  The spread is taken of logarithms and over all settings together: a ratio, which is the same for
 *  a fast and a slow setting and needs few slices of each.
 *  Not here: what shares of counted trials have for a range (report/measured.ts). It knows what
 *  changed while this run ran, not what will have changed on the machine until the next one. */

/** Of normal deviations: one in a thousand lies beyond. A matrix has some hundred figures. */
const DEVIATIONS = 3.29;

/** For each setting its figure in each slice. A second run's is expected between the value divided
 *  by what is returned and the value times it. null: there are no two slices of any setting. */
export function noiseRatio(settings: readonly (readonly number[])[]): number | null {
  let squares = 0;
  let freedom = 0;
  let slices = 0;
  let counted = 0;
  for (const figures of settings) {
    const logs = figures.filter((figure) => figure > 0).map((figure) => Math.log(figure));
    if (logs.length < 2) continue;
    const mean = logs.reduce((sum, log) => sum + log, 0) / logs.length;
    squares += logs.reduce((sum, log) => sum + (log - mean) ** 2, 0);
    freedom += logs.length - 1;
    slices += logs.length;
    counted += 1;
  }
  if (counted === 0) return null;
  // Both runs are means of so many slices.
  const deviation = Math.sqrt((squares / freedom) * ((2 * counted) / slices));
  return Math.exp(deviationsOf(freedom) * deviation);
}

/** Student's t for as few degrees of freedom as there are (Abramowitz and Stegun 26.7.5). */
function deviationsOf(freedom: number): number {
  const z = DEVIATIONS;
  const first = (z ** 3 + z) / 4;
  const second = (5 * z ** 5 + 16 * z ** 3 + 3 * z) / 96;
  return z + first / freedom + second / freedom ** 2;
}
