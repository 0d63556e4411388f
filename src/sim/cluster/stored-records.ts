/** What do the rows of a disk say, read without the node? Records are decoded by the same codec,
 *  and nothing else of the product is believed.
 *  Invariant: a row that cannot be read is reported as such and never left out.
 *  Not here: judging what it says (checkers). */
import { bytesToHex } from '../../core/bytes.ts';
import { DEFAULT_BUCKET } from '../../core/limits.ts';
import { formatDot } from '../../core/version/dot.ts';
import type { Sibling, VersionedRecord } from '../../core/version/record.ts';
import {
  type RecordCodec,
  type SiblingHeader,
  siblingHeaders,
} from '../../core/version/record-codec.ts';
import type { StoreEntry } from '../../env/store.ts';
import { headText, readHead } from '../clients/values.ts';
import type { StoredRecord, StoredSibling } from '../history.ts';

const RECORD_ROW = 0x44;
/** The letter and the token. */
const BUCKET_LENGTH_AT = 5;
const SHORT_BYTES = 16;
const decoder = new TextDecoder();

/** The key of a record's row, with its bucket before it when that is not the default one; undefined
 *  for rows of other tables. */
export function keyOfRow(rowKey: Uint8Array): string | undefined {
  if (rowKey[0] !== RECORD_ROW) return undefined;
  const bucketAt = BUCKET_LENGTH_AT + 1;
  const keyAt = bucketAt + (rowKey[BUCKET_LENGTH_AT] ?? 0);
  const bucket = textOf(rowKey, bucketAt, keyAt);
  const key = textOf(rowKey, keyAt, rowKey.length);
  return bucket === DEFAULT_BUCKET ? key : `${bucket}/${key}`;
}

/** Most are a few letters, for which a call into the engine is a detour. */
function textOf(bytes: Uint8Array, from: number, to: number): string {
  let text = '';
  for (let at = from; at < to; at += 1) {
    const code = bytes[at] ?? 0;
    if (code > 0x7f || at - from > SHORT_BYTES) return decoder.decode(bytes.subarray(from, to));
    text += String.fromCharCode(code);
  }
  return text;
}

/** A row as it lies on a disk. */
export interface ReadRow {
  readonly key: string;
  /** undefined: it cannot be read. */
  readonly record: VersionedRecord | undefined;
  readonly stored: StoredRecord;
}

export function readRow(codec: RecordCodec, { key, value }: StoreEntry): ReadRow | undefined {
  const name = keyOfRow(key);
  if (name === undefined) return undefined;
  const record = decodeRecord(codec, value);
  const siblings = record?.siblings.map(storedSibling) ?? [];
  return { key: name, record, stored: { key: name, hex: bytesToHex(value), siblings } };
}

/** undefined when the bytes are damaged. */
export function decodeRecord(codec: RecordCodec, bytes: Uint8Array): VersionedRecord | undefined {
  return unlessDamaged(() => codec.decode(bytes));
}

/** Of the siblings what can be told without a look at their values; undefined when the header
 *  makes no sense. */
export function headersOf(bytes: Uint8Array): readonly SiblingHeader[] | undefined {
  return unlessDamaged(() => siblingHeaders(bytes));
}

function unlessDamaged<Answer>(read: () => Answer): Answer | undefined {
  try {
    return read();
  } catch (error) {
    if (isDamage(error)) return undefined;
    throw error;
  }
}

function storedSibling(sibling: Sibling): StoredSibling {
  const { dot, isTombstone, contentHash, value } = sibling;
  const write = readHead(headText(value))?.write;
  return { dot: formatDot(dot), isTombstone, write, contentHash };
}

function isDamage(error: unknown): boolean {
  const code = typeof error === 'object' && error !== null && 'code' in error ? error.code : '';
  return (
    code === 'CORRUPT_RECORD' || code === 'MALFORMED_MESSAGE' || code === 'VERSION_UNSUPPORTED'
  );
}
