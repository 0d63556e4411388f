/** How do Merkle leaves lie on disk? Each batch that changes leaves puts one row with what they
 *  became. From time to time the page of one partition, all of its leaves, goes into a batch as
 *  well; rows of changes older than what every page holds are deleted. A row for each leaf would be
 *  a second row for nearly every record, and a row costs more than the bytes in it.
 *  Invariants: what is newest for a leaf, by number of commit, is the leaf: changes of a later
 *  commit than that of its page, or the page. Changes are absolute, and begin with the format byte
 *  as pages do.
 *  Not here: which page is written when (leaf-table.ts). Source: docs/ARCHITECTURE.md 5.9. */
import { LEAVES_PER_PARTITION } from '../../core/ring/token.ts';
import { checkRow, ROW_FORMAT } from './meta-rows.ts';
import { readU32, readU64, writeU32, writeU64 } from './table-keys.ts';

/** XOR of the item hashes of its records, and their number. */
export interface Leaf {
  readonly high: number;
  readonly low: number;
  readonly count: number;
}

/** A leaf in an array of all those of a partition: high, low, count. */
export const LEAF_FIELDS = 3;
const FIELDS_PER_PAGE = LEAVES_PER_PARTITION * LEAF_FIELDS;
const PAGE_HEADER_BYTES = 9;
export const LEAF_PAGE_BYTES: number = PAGE_HEADER_BYTES + 4 * FIELDS_PER_PAGE;
const CHANGE_BYTES = 16;

/** `leaves` as they are with commit `commitSeq`. */
export function encodeLeafPage(commitSeq: number, leaves: Uint32Array): Uint8Array {
  const bytes = new Uint8Array(LEAF_PAGE_BYTES);
  bytes[0] = ROW_FORMAT;
  writeU64(bytes, 1, commitSeq);
  let at = PAGE_HEADER_BYTES;
  for (const field of leaves) {
    writeU32(bytes, at, field);
    at += 4;
  }
  return bytes;
}

/** Errors: VERSION_UNSUPPORTED, MALFORMED_MESSAGE. */
export function decodeLeafPage(bytes: Uint8Array): {
  readonly commitSeq: number;
  readonly leaves: Uint32Array;
} {
  checkRow('leaf page', bytes, LEAF_PAGE_BYTES);
  const leaves = new Uint32Array(FIELDS_PER_PAGE);
  for (let index = 0; index < FIELDS_PER_PAGE; index += 1) {
    leaves[index] = readU32(bytes, PAGE_HEADER_BYTES + 4 * index);
  }
  return { commitSeq: readU64(bytes, 1), leaves };
}

/** What these leaves, numbered through all partitions, have become. */
export function encodeLeafChanges(
  changed: ReadonlySet<number>,
  leafAt: (index: number) => Leaf,
): Uint8Array {
  const bytes = new Uint8Array(1 + changed.size * CHANGE_BYTES);
  bytes[0] = ROW_FORMAT;
  let at = 1;
  for (const index of changed) {
    const { high, low, count } = leafAt(index);
    writeU32(bytes, at, index);
    writeU32(bytes, at + 4, high);
    writeU32(bytes, at + 8, low);
    writeU32(bytes, at + 12, count);
    at += CHANGE_BYTES;
  }
  return bytes;
}

/** Errors: VERSION_UNSUPPORTED, MALFORMED_MESSAGE. */
export function decodeLeafChanges(bytes: Uint8Array): ReadonlyMap<number, Leaf> {
  const count = Math.floor((bytes.length - 1) / CHANGE_BYTES);
  checkRow('leaf changes', bytes, 1 + count * CHANGE_BYTES);
  const changes = new Map<number, Leaf>();
  for (let at = 1; at < bytes.length; at += CHANGE_BYTES) {
    changes.set(readU32(bytes, at), {
      high: readU32(bytes, at + 4),
      low: readU32(bytes, at + 8),
      count: readU32(bytes, at + 12),
    });
  }
  return changes;
}
