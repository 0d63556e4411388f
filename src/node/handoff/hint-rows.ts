/** What a hint's row holds, byte for byte. Integers big endian:
 *
 *      format     u8    1
 *      crc        u32   CRC-32 of the row's key and then of everything behind it
 *      kind       u8    0: mark, 1: copy
 *      firstAt    u64   Unix time, ms, of the first miss
 *      lastAt     u64   Unix time, ms, of the last change of the row
 *    and of a copy
 *      mintEpoch  u64   the epoch of this node's own events in the record; 0 = it holds none
 *      record     as in core/version/record-codec.ts
 *
 *  A mark says: the record of this key, as it is here now, is owed to the target. A copy is what is
 *  owed.
 *  Invariant: rows come back by iterators, which verify nothing, so each is checked, its key
 *  included, before anyone sees it.
 *  Not here: where rows lie (storage/table-keys.ts), what becomes of them (replay.ts). */
import type { Checksum } from '../../core/checksum.ts';
import { CoterieError } from '../../core/errors.ts';
import { readU32, readU64, writeU32, writeU64 } from '../storage/table-keys.ts';

export interface HintRow {
  readonly kind: 'mark' | 'copy';
  readonly firstAtMs: number;
  readonly lastAtMs: number;
  /** Of a copy; empty for a mark. */
  readonly record: Uint8Array;
  /** Of a copy; 0 = none. */
  readonly mintEpoch: number;
}

const FORMAT = 1;
const BODY_AT = 5;
const FIRST_AT = 6;
const LAST_AT = 14;
const MARK_BYTES = 22;
const RECORD_AT = 30;
const COPY = 1;
const NO_BYTES = new Uint8Array(0);

export function markRow(firstAtMs: number, lastAtMs: number): HintRow {
  return { kind: 'mark', firstAtMs, lastAtMs, record: NO_BYTES, mintEpoch: 0 };
}

/** Of its encoded form. */
export function hintRowBytes({ kind, record }: HintRow): number {
  return kind === 'copy' ? RECORD_AT + record.length : MARK_BYTES;
}

export function encodeHintRow(rowKey: Uint8Array, row: HintRow, checksum: Checksum): Uint8Array {
  const isCopy = row.kind === 'copy';
  const bytes = new Uint8Array(hintRowBytes(row));
  bytes[0] = FORMAT;
  bytes[BODY_AT] = isCopy ? COPY : 0;
  writeU64(bytes, FIRST_AT, row.firstAtMs);
  writeU64(bytes, LAST_AT, row.lastAtMs);
  if (isCopy) {
    writeU64(bytes, MARK_BYTES, row.mintEpoch);
    bytes.set(row.record, RECORD_AT);
  }
  writeU32(bytes, 1, checksum(bytes.subarray(BODY_AT), checksum(rowKey)));
  return bytes;
}

/** Errors: VERSION_UNSUPPORTED, CORRUPT_RECORD. */
export function decodeHintRow(rowKey: Uint8Array, bytes: Uint8Array, checksum: Checksum): HintRow {
  const [format] = bytes;
  const isCopy = bytes[BODY_AT] === COPY;
  const isWhole = isCopy ? bytes.length > RECORD_AT : bytes.length === MARK_BYTES;
  const isRight = () => readU32(bytes, 1) === checksum(bytes.subarray(BODY_AT), checksum(rowKey));
  if (!isWhole || !isRight()) {
    throw new CoterieError('CORRUPT_RECORD', 'The stored hint does not match its checksum');
  }
  if (format !== FORMAT) {
    throw new CoterieError(
      'VERSION_UNSUPPORTED',
      `The stored hint has format ${format}, this software reads format ${FORMAT}`,
    );
  }
  return {
    kind: isCopy ? 'copy' : 'mark',
    firstAtMs: readU64(bytes, FIRST_AT),
    lastAtMs: readU64(bytes, LAST_AT),
    record: isCopy ? bytes.subarray(RECORD_AT) : NO_BYTES,
    mintEpoch: isCopy ? readU64(bytes, MARK_BYTES) : 0,
  };
}
