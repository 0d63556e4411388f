/** Which events of each actor are known: an entry (actor, seq) stands for every event of the actor
 *  up to seq.
 *  Invariants: sorted by actor, at most one entry per actor; nothing here changes its input, and a
 *  join that adds nothing returns the very object it was given, so that callers keep what they have
 *  already encoded.
 *  Counters have gaps (one clock serves all keys of a node), so an entry says nothing about which
 *  events exist.
 *  Not here: single events above the vector (causal-context.ts).
 *  Source: Parker et al., "Detection of Mutual Inconsistency", 1983; DeCandia et al. 2007 §4.4. */
import { type Actor, compareActors, type Dot } from './dot.ts';

/** Sorted by actor, one entry per actor: the dot of highest seq. */
export type VersionVector = readonly Dot[];

export const EMPTY_VECTOR: VersionVector = Object.freeze([]);

/** Highest known seq of the actor; undefined when the vector has no entry of it. O(entries). */
export function seqOf(vector: VersionVector, actor: Actor): number | undefined {
  for (const entry of vector) {
    const order = compareActors(entry, actor);
    if (order === 0) return entry.seq;
    if (order > 0) return undefined;
  }
  return undefined;
}

/** How two vectors relate. 'left' and 'right' name the one that knows more. */
export type VectorOrder = 'equal' | 'left' | 'right' | 'concurrent';

export function compareVectors(a: VersionVector, b: VersionVector): VectorOrder {
  if (a === b) return 'equal';
  let isLeftMore = false;
  let isRightMore = false;
  let i = 0;
  let j = 0;
  while (i < a.length || j < b.length) {
    const left = a[i];
    const right = b[j];
    const order = compareEntries(left, right);
    if (order < 0) isLeftMore = true;
    else if (order > 0) isRightMore = true;
    else if (left !== undefined && right !== undefined && left.seq !== right.seq) {
      if (left.seq > right.seq) isLeftMore = true;
      else isRightMore = true;
    }
    if (order <= 0) i += 1;
    if (order >= 0) j += 1;
  }
  if (isLeftMore) return isRightMore ? 'concurrent' : 'left';
  return isRightMore ? 'right' : 'equal';
}

/** Whether `a` knows everything that `b` knows; true for equal vectors. */
export function descends(a: VersionVector, b: VersionVector): boolean {
  const order = compareVectors(a, b);
  return order === 'equal' || order === 'left';
}

/** The highest seq of every actor. Returns `a` (or else `b`) itself when it already is the join. */
export function joinVectors(a: VersionVector, b: VersionVector): VersionVector {
  const order = compareVectors(a, b);
  if (order === 'equal' || order === 'left') return a;
  if (order === 'right') return b;
  const joined: Dot[] = [];
  let i = 0;
  let j = 0;
  while (i < a.length || j < b.length) {
    const left = a[i];
    const right = b[j];
    const entryOrder = compareEntries(left, right);
    const isLeft = entryOrder < 0 || (entryOrder === 0 && seqAt(left) >= seqAt(right));
    const entry = isLeft ? left : right;
    if (entry !== undefined) joined.push(entry);
    if (entryOrder <= 0) i += 1;
    if (entryOrder >= 0) j += 1;
  }
  return joined;
}

/** By actor; the end of a vector comes after every entry. */
function compareEntries(left: Dot | undefined, right: Dot | undefined): number {
  if (left === undefined) return right === undefined ? 0 : 1;
  return right === undefined ? -1 : compareActors(left, right);
}

function seqAt(entry: Dot | undefined): number {
  return entry === undefined ? -1 : entry.seq;
}
