/** How far the same figure of a second run may be from this one, by how far repeated slices of this
 *  run are from each other.
 *  The spread is taken of logarithms and over all settings together: a ratio, which is the same for
 *  a fast and a slow setting and needs few slices of each. Of a share that was counted it is the
 *  design effect: how many times the variance of independent trials.
 *  Not here: the range that follows for a share (report/measured.ts). It knows what changed while
 *  this run ran, not what will have changed on the machine until the next one. */

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

/** Hits among trials. */
export type Counted = readonly [hits: number, trials: number];

/** For each setting its counts in each slice. Trials of one slice share the state of the machine:
 *  Pearson's chi-square of the slices around their setting, by its degrees of freedom, and widened
 *  for as few of these as there are. A second run is expected where it would be if there had been
 *  so many times fewer independent trials; never less than 1. One effect for all: a setting whose
 *  slices vary much more than those of the others has too narrow a range. null: there are no two
 *  slices of any setting with both hits and misses. */
export function designEffect(settings: readonly (readonly Counted[])[]): number | null {
  let chiSquare = 0;
  let freedom = 0;
  for (const slices of settings) {
    const counted = slices.filter(([, trials]) => trials > 0);
    const hits = counted.reduce((sum, [each]) => sum + each, 0);
    const trials = counted.reduce((sum, [, each]) => sum + each, 0);
    if (counted.length < 2 || hits === 0 || hits === trials) continue;
    const share = hits / trials;
    for (const [hitsOf, trialsOf] of counted) {
      chiSquare += (hitsOf - trialsOf * share) ** 2 / (trialsOf * share * (1 - share));
    }
    freedom += counted.length - 1;
  }
  if (freedom === 0) return null;
  return Math.max(1, (chiSquare / freedom) * (deviationsOf(freedom) / DEVIATIONS) ** 2);
}

/** Student's t for as few degrees of freedom as there are (Abramowitz and Stegun 26.7.5). */
function deviationsOf(freedom: number): number {
  const z = DEVIATIONS;
  const first = (z ** 3 + z) / 4;
  const second = (5 * z ** 5 + 16 * z ** 3 + 3 * z) / 96;
  return z + first / freedom + second / freedom ** 2;
}
