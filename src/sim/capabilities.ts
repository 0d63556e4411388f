/** What does the product offer so far? Faults and checkers that need more wait for it, and every
 *  report lists them.
 *  Invariant: an entry is added with the change that builds it, never before.
 *  Not here: who needs what (faults/catalogue.ts, the checkers). */
import type { Capability } from './scenario.ts';

export const OFFERED: readonly Capability[] = [
  'blocking-repair',
  'hints',
  'anti-entropy',
  'rebuild',
  'membership',
];

/** Those of `needs` that are not there yet. */
export function notOffered(needs: readonly Capability[]): Capability[] {
  return needs.filter((capability) => !OFFERED.includes(capability));
}
