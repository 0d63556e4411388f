/** Where in the engine's one keyspace does a row of each table lie.
 *
 *      D | token u32 | bucket length u8 | bucket | key    records
 *      X | token u32 | bucket length u8 | bucket | key    markers of unreadable records
 *      H | target u32 | token u32 | bucket length u8 | bucket | key    hints
 *      T | partition u16                                  Merkle leaves
 *      L | commitSeq u64                                  changes of Merkle leaves
 *      B | commitSeq u64                                  the commit chain
 *      M | name                                           meta
 *
 *  Invariants: numbers are big endian, so rows lie in the order of their numbers; a partition and a
 *  leaf are each one range of D. The letters and layouts are a durable format: a change is a new
 *  format version (meta-rows.ts).
 *  Not here: what the rows hold. Source: docs/ARCHITECTURE.md 4. */
import { BytePages } from '../../core/byte-pages.ts';
import type { StoreRange } from '../../env/store.ts';

const TABLE = {
  records: 0x44,
  unreadable: 0x58,
  hints: 0x48,
  leaves: 0x54,
  changes: 0x4c,
  chain: 0x42,
  meta: 0x4d,
} as const;
export type Table = keyof typeof TABLE;

const TWO_32 = 2 ** 32;
const TOKEN_END = 5;
const encoder = new TextEncoder();
const decoder = new TextDecoder();
const keyPages = new BytePages(8_192);

/** Storage key of a record. `bucket` is a valid bucket name, hence ASCII and shorter than 256. */
export function recordRowKey(token: number, bucket: string, key: Uint8Array): Uint8Array {
  const keyAt = TOKEN_END + 1 + bucket.length;
  const bytes = keyPages.take(keyAt + key.length);
  bytes[0] = TABLE.records;
  writeU32(bytes, 1, token);
  bytes[TOKEN_END] = bucket.length;
  for (let index = 0; index < bucket.length; index += 1) {
    bytes[TOKEN_END + 1 + index] = bucket.charCodeAt(index);
  }
  bytes.set(key, keyAt);
  return bytes;
}

/** The token of a record's or marker's row. */
export function tokenOfRow(rowKey: Uint8Array): number {
  return readU32(rowKey, 1);
}

/** The marker's row of a record's row. */
export function unreadableRowKey(recordKey: Uint8Array): Uint8Array {
  return inTable(recordKey, 'unreadable');
}

/** The record's row of a marker's row. */
export function recordRowKeyOfMarker(markerKey: Uint8Array): Uint8Array {
  return inTable(markerKey, 'records');
}

/** The hint for a member of the record of this row. `target` is a node index. */
export function hintRowKey(target: number, recordKey: Uint8Array): Uint8Array {
  const bytes = new Uint8Array(recordKey.length + 4);
  bytes[0] = TABLE.hints;
  writeU32(bytes, 1, target);
  bytes.set(recordKey.subarray(1), TOKEN_END);
  return bytes;
}

export function targetOfHint(rowKey: Uint8Array): number {
  return readU32(rowKey, 1);
}

/** The record's row of a hint's row. */
export function recordRowKeyOfHint(rowKey: Uint8Array): Uint8Array {
  const bytes = rowKey.slice(4);
  bytes[0] = TABLE.records;
  return bytes;
}

/** What a record's row is of; undefined when it is none. */
export function partsOfRecordRow(
  rowKey: Uint8Array,
): { readonly token: number; readonly bucket: string; readonly key: Uint8Array } | undefined {
  const keyAt = TOKEN_END + 1 + (rowKey[TOKEN_END] ?? 0);
  if (rowKey[0] !== TABLE.records || keyAt >= rowKey.length) return undefined;
  const bucket = decoder.decode(rowKey.subarray(TOKEN_END + 1, keyAt));
  return { token: tokenOfRow(rowKey), bucket, key: rowKey.subarray(keyAt) };
}

/** The hints for one member. */
export function hintRange(target: number): StoreRange {
  const from = new Uint8Array(TOKEN_END);
  from[0] = TABLE.hints;
  writeU32(from, 1, target);
  if (target >= TWO_32 - 1) return { from, to: tableRange('hints').to };
  const to = from.slice();
  writeU32(to, 1, target + 1);
  return { from, to };
}

export function leafPageRowKey(partition: number): Uint8Array {
  return Uint8Array.of(TABLE.leaves, partition >>> 8, partition);
}

export function partitionOfLeafPage(rowKey: Uint8Array): number {
  return readU32(rowKey, 1) >>> 16;
}

/** `commitSeq` is a safe integer. */
export function leafChangesRowKey(commitSeq: number): Uint8Array {
  return commitRowKey('changes', commitSeq);
}

/** `commitSeq` is a safe integer. */
export function chainRowKey(commitSeq: number): Uint8Array {
  return commitRowKey('chain', commitSeq);
}

/** Of a row of changes or of the chain. */
export function commitSeqOfRow(rowKey: Uint8Array): number {
  return readU64(rowKey, 1);
}

/** Meta row of what a rebuild has finished. It is the standing's own, but goes with the batch that
 *  notes new damage. */
export const REBUILT_ROW = 'rebuilt';

export function metaRowKey(name: string): Uint8Array {
  return encoder.encode(`M${name}`);
}

/** All rows of one table. */
export function tableRange(table: Table): { readonly from: Uint8Array; readonly to: Uint8Array } {
  return { from: Uint8Array.of(TABLE[table]), to: Uint8Array.of(TABLE[table] + 1) };
}

/** The records whose token is in [fromToken, toToken); `toToken` may be 2^32. */
export function recordRange(fromToken: number, toToken: number): StoreRange {
  const from = new Uint8Array(TOKEN_END);
  from[0] = TABLE.records;
  writeU32(from, 1, fromToken);
  if (toToken >= TWO_32) return { from, to: tableRange('records').to };
  const to = from.slice();
  writeU32(to, 1, toToken);
  return { from, to };
}

export function writeU32(bytes: Uint8Array, offset: number, value: number): void {
  bytes[offset] = value >>> 24;
  bytes[offset + 1] = value >>> 16;
  bytes[offset + 2] = value >>> 8;
  bytes[offset + 3] = value;
}

/** Bytes beyond the end read as 0. */
export function readU32(bytes: Uint8Array, offset: number): number {
  const high = ((bytes[offset] ?? 0) << 8) | (bytes[offset + 1] ?? 0);
  const low = ((bytes[offset + 2] ?? 0) << 8) | (bytes[offset + 3] ?? 0);
  return ((high << 16) | low) >>> 0;
}

/** `value` is a safe integer. */
export function writeU64(bytes: Uint8Array, offset: number, value: number): void {
  writeU32(bytes, offset, Math.floor(value / TWO_32));
  writeU32(bytes, offset + 4, value % TWO_32);
}

export function readU64(bytes: Uint8Array, offset: number): number {
  return readU32(bytes, offset) * TWO_32 + readU32(bytes, offset + 4);
}

function commitRowKey(table: Table, commitSeq: number): Uint8Array {
  const bytes = new Uint8Array(9);
  bytes[0] = TABLE[table];
  writeU64(bytes, 1, commitSeq);
  return bytes;
}

function inTable(rowKey: Uint8Array, table: Table): Uint8Array {
  const bytes = rowKey.slice();
  bytes[0] = TABLE[table];
  return bytes;
}
