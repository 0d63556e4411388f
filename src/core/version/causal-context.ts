/** What has its holder seen? A vector, and single events above it. A plain vector cannot say "3 but
 *  not 2", and a client that wrote 3 while another client's 2 stood beside it must be able to say
 *  just that: with a plain vector its next write would drop an acknowledged value that nobody ever
 *  read.
 *  Invariants: dots are sorted, distinct and not covered by the vector, so equal sets of events
 *  that came about by joining have one form; nothing here changes its input.
 *  Not here: bytes (context-codec.ts) and what clients get to see of it (context-token.ts).
 *  Source: Preguiça, Baquero et al. 2010; Almeida et al., "Scalable and Accurate Causality
 *  Tracking", 2014. */
import { compareDots, type Dot, dotsEqual } from './dot.ts';
import {
  descends,
  EMPTY_VECTOR,
  joinVectors,
  seqOf,
  type VersionVector,
} from './version-vector.ts';

export interface CausalContext {
  readonly vector: VersionVector;
  /** Single events above the vector, sorted; normally none. */
  readonly dots: readonly Dot[];
}

const NO_DOTS: readonly Dot[] = Object.freeze([]);

export const EMPTY_CONTEXT: CausalContext = Object.freeze({ vector: EMPTY_VECTOR, dots: NO_DOTS });

/** Whether the vector alone covers the event. */
export function vectorCovers(vector: VersionVector, dot: Dot): boolean {
  const seq = seqOf(vector, dot);
  return seq !== undefined && seq >= dot.seq;
}

/** Whether the event was seen. O(entries). */
export function covers(context: CausalContext, dot: Dot): boolean {
  if (vectorCovers(context.vector, dot)) return true;
  for (const single of context.dots) {
    if (compareDots(single, dot) === 0) return true;
  }
  return false;
}

/** Union of two sorted lists of single events, less those that the vector covers. Returns `a` (or
 *  else `b`) itself when it already is that. */
export function joinDots(
  a: readonly Dot[],
  b: readonly Dot[],
  vector: VersionVector,
): readonly Dot[] {
  if (a.length === 0 && b.length === 0) return a;
  const joined: Dot[] = [];
  let i = 0;
  let j = 0;
  while (i < a.length || j < b.length) {
    const left = a[i];
    const right = b[j];
    const order = compareSingles(left, right);
    const dot = order <= 0 ? left : right;
    if (dot !== undefined && !vectorCovers(vector, dot)) joined.push(dot);
    if (order <= 0) i += 1;
    if (order >= 0) j += 1;
  }
  if (dotsEqual(joined, a)) return a;
  return dotsEqual(joined, b) ? b : joined;
}

/** Everything that either has seen. Returns `a` (or else `b`) itself when it already is the join.
 * */
export function joinContexts(a: CausalContext, b: CausalContext): CausalContext {
  if (a === b) return a;
  const vector = joinVectors(a.vector, b.vector);
  const dots = joinDots(a.dots, b.dots, vector);
  if (dotsEqual(vector, a.vector) && dotsEqual(dots, a.dots)) return a;
  if (dotsEqual(vector, b.vector) && dotsEqual(dots, b.dots)) return b;
  return { vector, dots };
}

/** The context and this one event. Events of the actor below it are not added. */
export function addDot(context: CausalContext, dot: Dot): CausalContext {
  const dots = joinDots(context.dots, [dot], context.vector);
  return dots === context.dots ? context : { vector: context.vector, dots };
}

/** Whether `a` has seen every event that `b` has seen. A vector entry of `b` counts as all its
 *  events, the ones that were never issued included: only a vector entry of `a` can answer for it.
 * */
export function coversContext(a: CausalContext, b: CausalContext): boolean {
  if (!descends(a.vector, b.vector)) return false;
  for (const dot of b.dots) {
    if (!covers(a, dot)) return false;
  }
  return true;
}

export function contextsEqual(a: CausalContext, b: CausalContext): boolean {
  return dotsEqual(a.vector, b.vector) && dotsEqual(a.dots, b.dots);
}

/** By dot; the end of a list comes after every dot. */
function compareSingles(left: Dot | undefined, right: Dot | undefined): number {
  if (left === undefined) return 1;
  return right === undefined ? -1 : compareDots(left, right);
}
