/** What is stored under a key: the siblings (values that nobody has seen and replaced) and the
 *  context of all events that went into them. Merging two records is how replicas agree, whoever
 *  sends what to whom, in whatever order. merge keeps a sibling if both sides hold it, or if the
 *  side that lacks it has never seen it: a side that has seen an event and does not hold it has
 *  replaced it.
 *  Invariants: merge is commutative, associative and idempotent; it never looks at request ids
 *  (collapsing equal ones is not associative) and never at the clock; the vector covers every
 *  sibling's dot, also that of a tombstone.
 *  Not here: new events (mint.ts), bytes (record-codec.ts).
 *  Source: Preguiça, Baquero et al. 2010; Almeida et al. 2014. */
import { bytesEqual, compareBytes } from '../bytes.ts';
import type { Checksum } from '../checksum.ts';
import { type CausalContext, covers, EMPTY_CONTEXT, joinDots } from './causal-context.ts';
import { compareDots, type Dot, dotsEqual } from './dot.ts';
import { writeU32 } from './varint.ts';
import { joinVectors } from './version-vector.ts';

/** What a client wrote, without the event that wrote it. */
export interface Content {
  readonly meta: Uint8Array;
  readonly value: Uint8Array;
  /** Unix time, ms, a safe integer of 0 or more. */
  readonly expiresAtMs?: number;
}

export interface Sibling extends Content {
  readonly dot: Dot;
  /** A deletion: it has no value and is not shown, but it is kept. */
  readonly isTombstone: boolean;
  /** u32; see contentHashOf. Made at the mint and never again: it outlives the value it speaks of.
   * */
  readonly contentHash: number;
  /** 16 bytes: the same in every attempt at one write. */
  readonly requestId?: Uint8Array;
}

export interface VersionedRecord extends CausalContext {
  /** Sorted by dot. */
  readonly siblings: readonly Sibling[];
}

export const EMPTY_BYTES: Uint8Array = new Uint8Array(0);

export const EMPTY_RECORD: VersionedRecord = Object.freeze({
  ...EMPTY_CONTEXT,
  siblings: Object.freeze([]),
});

export interface MergeResult {
  /** For 'left' and 'equal' the very left input, for 'right' the very right one: its bytes can be
   *  kept. */
  readonly record: VersionedRecord;
  /** Which input already was the result. */
  readonly relation: 'equal' | 'left' | 'right' | 'merged';
  /** Events under which the two sides hold different contents: a cloned disk, a wiped node or a
   *  bug. Raise `dot_collision`; the larger content, byte by byte, is kept everywhere. */
  readonly collisions: readonly Dot[];
}

const NO_COLLISIONS: readonly Dot[] = Object.freeze([]);

/** O(entries and siblings of both). */
export function mergeRecords(a: VersionedRecord, b: VersionedRecord): MergeResult {
  if (a === b) return { record: a, relation: 'equal', collisions: NO_COLLISIONS };
  const vector = joinVectors(a.vector, b.vector);
  const dots = joinDots(a.dots, b.dots, vector);
  const merged = mergeSiblings(a, b);
  const isLeft = merged.isLeft && dotsEqual(vector, a.vector) && dotsEqual(dots, a.dots);
  const isRight = merged.isRight && dotsEqual(vector, b.vector) && dotsEqual(dots, b.dots);
  const { siblings, collisions } = merged;
  if (isLeft) return { record: a, relation: isRight ? 'equal' : 'left', collisions };
  if (isRight) return { record: b, relation: 'right', collisions };
  return { record: { vector, dots, siblings }, relation: 'merged', collisions };
}

interface MergedSiblings {
  readonly siblings: readonly Sibling[];
  readonly isLeft: boolean;
  readonly isRight: boolean;
  readonly collisions: readonly Dot[];
}

function mergeSiblings(a: VersionedRecord, b: VersionedRecord): MergedSiblings {
  const siblings: Sibling[] = [];
  let collisions: Dot[] | undefined;
  let isLeft = true;
  let isRight = true;
  let i = 0;
  let j = 0;
  while (i < a.siblings.length || j < b.siblings.length) {
    const left = a.siblings[i];
    const right = b.siblings[j];
    const order = compareHeads(left, right);
    if (order === 0 && left !== undefined && right !== undefined) {
      const contentOrder = compareContents(left, right);
      if (contentOrder !== 0) {
        collisions ??= [];
        collisions.push(left.dot);
        if (contentOrder < 0) isLeft = false;
        else isRight = false;
      }
      siblings.push(contentOrder < 0 ? right : left);
    } else if (order < 0 && left !== undefined) {
      const isReplaced = covers(b, left.dot);
      if (isReplaced) isLeft = false;
      else isRight = false;
      if (!isReplaced) siblings.push(left);
    } else if (right !== undefined) {
      const isReplaced = covers(a, right.dot);
      if (isReplaced) isRight = false;
      else isLeft = false;
      if (!isReplaced) siblings.push(right);
    }
    if (order <= 0) i += 1;
    if (order >= 0) j += 1;
  }
  return { siblings, isLeft, isRight, collisions: collisions ?? NO_COLLISIONS };
}

function compareHeads(left: Sibling | undefined, right: Sibling | undefined): number {
  if (left === undefined) return 1;
  return right === undefined ? -1 : compareDots(left.dot, right.dot);
}

/** 0 when both copies of one event agree, which is told by hash and kind: comparing megabytes at
 *  every merge would buy nothing. When they do not agree, an order on everything a client can see
 *  decides. */
function compareContents(a: Sibling, b: Sibling): number {
  if (a.contentHash === b.contentHash && a.isTombstone === b.isTombstone) return 0;
  return (
    compareBytes(a.value, b.value) ||
    compareBytes(a.meta, b.meta) ||
    (a.expiresAtMs ?? -1) - (b.expiresAtMs ?? -1) ||
    Number(b.isTombstone) - Number(a.isTombstone) ||
    a.contentHash - b.contentHash
  );
}

/** Two events of one write: an attempt was repeated through another minter. The content is compared
 *  too, so that a client's careless reuse of an id never hides a value. */
export function isTwin(a: Sibling, b: Sibling): boolean {
  return (
    a.requestId !== undefined &&
    b.requestId !== undefined &&
    a.contentHash === b.contentHash &&
    a.isTombstone === b.isTombstone &&
    bytesEqual(a.requestId, b.requestId)
  );
}

/** What a reader is shown: no tombstones, and of twins the one of the smallest dot. */
export function visibleSiblings(record: VersionedRecord): readonly Sibling[] {
  const [only] = record.siblings;
  if (only === undefined) return record.siblings;
  if (record.siblings.length === 1 && !only.isTombstone) return record.siblings;
  const visible: Sibling[] = [];
  for (const sibling of record.siblings) {
    if (sibling.isTombstone) continue;
    if (!visible.some((shown) => isTwin(shown, sibling))) visible.push(sibling);
  }
  return visible;
}

/** Every event that went into the record, and nothing of its siblings. */
export function contextOf(record: VersionedRecord): CausalContext {
  return { vector: record.vector, dots: record.dots };
}

const NO_EXPIRY = 0xffff_ffff;
/** expiresAtMs and meta length stand before the bytes, so that no two contents are framed alike. */
const contentFrame = new Uint8Array(12);

/** u32: CRC of {expiresAtMs u64 BE (all ones: none), meta length u32 BE, meta, value}. The content
 *  of a tombstone is empty meta, empty value, no expiry. */
export function contentHashOf(checksum: Checksum, content: Content): number {
  const { expiresAtMs, meta, value } = content;
  const low = expiresAtMs === undefined ? NO_EXPIRY : expiresAtMs % 2 ** 32;
  const high = expiresAtMs === undefined ? NO_EXPIRY : (expiresAtMs - low) / 2 ** 32;
  writeU32(contentFrame, 0, high);
  writeU32(contentFrame, 4, low);
  writeU32(contentFrame, 8, meta.length);
  let hash = checksum(contentFrame);
  // Never of no bytes: zlib takes an empty array without memory of its own for "begin anew".
  if (meta.length > 0) hash = checksum(meta, hash);
  if (value.length > 0) hash = checksum(value, hash);
  return hash;
}
