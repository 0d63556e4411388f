/** What a replica stores in a range, without the records: key, item hash and age of each; and what
 *  two such lists say of who lacks what.
 *
 *      mark := high u32, low u32, stamp u32      12 bytes a key, big endian
 *
 *  The stamp is when the newest event of the record happened, in milliseconds modulo 2^32. It is a
 *  hint which of two records is the newer one: only bytes hang on it, never what is stored.
 *  Invariants: lists are in the order of keys, each key once; a key whose hashes are equal is asked
 *  of nobody, every other key is in exactly one of the lists of a difference.
 *  Not here: who reads the rows (node/storage), how records travel (node/repair). */
import { compareBytes } from '../bytes.ts';
import { CoterieError } from '../errors.ts';

export interface Entry {
  /** Storage key of the record. */
  readonly key: Uint8Array;
  /** Item hash, two u32. */
  readonly high: number;
  readonly low: number;
  /** u32. */
  readonly stamp: number;
}

export const MARK_BYTES = 12;

/** Some of what a side has, in the order of keys. */
export interface EntryPage {
  readonly entries: readonly Entry[];
  /** There is more behind the last of them, so there is a last one. */
  readonly isMore: boolean;
}

export interface EntryDifference {
  /** The peer alone has them, or has the newer record: as they are there. */
  readonly fetch: readonly Entry[];
  /** This side alone has them, or has the newer record, or nobody can tell. */
  readonly push: readonly Entry[];
}

/** Where the part ends that both pages cover; undefined = neither goes on. */
export function endOf(own: EntryPage, theirs: EntryPage): Uint8Array | undefined {
  const ownEnd = own.isMore ? own.entries.at(-1)?.key : undefined;
  const theirEnd = theirs.isMore ? theirs.entries.at(-1)?.key : undefined;
  if (ownEnd === undefined || theirEnd === undefined) return ownEnd ?? theirEnd;
  return compareBytes(ownEnd, theirEnd) < 0 ? ownEnd : theirEnd;
}

/** The entries up to this key, itself included. */
export function through(entries: readonly Entry[], end: Uint8Array | undefined): readonly Entry[] {
  if (end === undefined) return entries;
  return entries.filter(({ key }) => compareBytes(key, end) <= 0);
}

/** One pass over both. */
export function compareEntries(own: readonly Entry[], theirs: readonly Entry[]): EntryDifference {
  const fetch: Entry[] = [];
  const push: Entry[] = [];
  let i = 0;
  let j = 0;
  while (i < own.length || j < theirs.length) {
    const ours = own[i];
    const other = theirs[j];
    const order = compareKeys(ours, other);
    if (order < 0 && ours !== undefined) push.push(ours);
    if (order > 0 && other !== undefined) fetch.push(other);
    if (order === 0 && ours !== undefined && other !== undefined && !isSameItem(ours, other)) {
      if (isNewer(other.stamp, ours.stamp)) fetch.push(other);
      else push.push(ours);
    }
    if (order <= 0) i += 1;
    if (order >= 0) j += 1;
  }
  return { fetch, push };
}

export function packMarks(entries: readonly Entry[]): Uint8Array {
  const bytes = new Uint8Array(entries.length * MARK_BYTES);
  const view = new DataView(bytes.buffer);
  let at = 0;
  for (const { high, low, stamp } of entries) {
    view.setUint32(at, high);
    view.setUint32(at + 4, low);
    view.setUint32(at + 8, stamp);
    at += MARK_BYTES;
  }
  return bytes;
}

/** Errors: MALFORMED_MESSAGE when there is not one mark for each key, or the keys are not
 *  increasing behind `after`. */
export function unpackEntries(
  keys: readonly Uint8Array[],
  marks: Uint8Array,
  after: Uint8Array,
): Entry[] {
  if (marks.length !== keys.length * MARK_BYTES) {
    throw malformed(`${marks.length} bytes of marks for ${keys.length} keys`);
  }
  const view = new DataView(marks.buffer, marks.byteOffset, marks.byteLength);
  let previous = after;
  return keys.map((key, index) => {
    if (compareBytes(previous, key) >= 0) throw malformed('Entries are not in the order of keys');
    previous = key;
    const at = index * MARK_BYTES;
    return {
      key,
      high: view.getUint32(at),
      low: view.getUint32(at + 4),
      stamp: view.getUint32(at + 8),
    };
  });
}

/** When the event of this clock value happened, as a stamp. */
export function stampOf(tick: number): number {
  return Math.floor(tick / TICKS_PER_MS) % TWO_32;
}

const TICKS_PER_MS = 4_096;
const TWO_32 = 2 ** 32;

/** Right within half of the range, which is 24 days. */
function isNewer(a: number, b: number): boolean {
  return ((a - b) | 0) > 0;
}

export function isSameItem(a: Entry, b: Entry): boolean {
  return a.high === b.high && a.low === b.low;
}

function compareKeys(own: Entry | undefined, other: Entry | undefined): number {
  if (own === undefined) return 1;
  return other === undefined ? -1 : compareBytes(own.key, other.key);
}

function malformed(message: string): CoterieError {
  return new CoterieError('MALFORMED_MESSAGE', message);
}
