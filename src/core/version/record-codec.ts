/** The bytes of a record, the same on disk and on the wire. Format 1, integers big endian, varints
 *  as in varint.ts:
 *
 *      magic        u8      0xD7
 *      format       u8      1
 *      crc          u32     CRC-32 (IEEE) of everything behind it
 *      flags        u8      0; other bits are of later formats
 *      headerLength varint  bytes of the header
 *      HEADER       all that the identity of the record depends on, nothing of its values
 *        context            vector and single dots, as in context-codec.ts
 *        count      varint  siblings; per sibling, ordered by dot:
 *          entry    varint  index of its actor's entry in the vector
 *          behind   varint  seq of that entry less the sibling's seq
 *          flags    u8      1: tombstone
 *          content  u32     contentHash (record.ts)
 *      BODY         per sibling, in the same order:
 *        flags      u8      1: requestId follows; 2: expiresAtMs follows
 *        requestId  16 bytes
 *        expiresAtMs varint Unix time, ms
 *        metaLength varint, meta, valueLength varint, value
 *
 *  Invariants: equal records have equal bytes and there is no other form of them; item hash and
 *  read digest are hashes of the HEADER; whatever has been decoded passed its CRC.
 *  Not here: whether contentHash is that of the content (it is made once, at the mint). */
import type { Checksum } from '../checksum.ts';
import { assert, CoterieError } from '../errors.ts';
import { REQUEST_ID_BYTES } from '../limits.ts';
import type { CausalContext } from './causal-context.ts';
import { contextByteLength, readContext, writeContext } from './context-codec.ts';
import { compareDots, type Dot, isSameActor } from './dot.ts';
import { EMPTY_BYTES, type Sibling, type VersionedRecord } from './record.ts';
import {
  ByteReader,
  malformed,
  readU32,
  varintByteLength,
  writeU32,
  writeVarint,
} from './varint.ts';

export interface RecordCodec {
  /** Allocates the result and nothing else of size. Errors: ASSERTION_FAILED for a record that
   *  breaks its own invariants (order, a sibling that the vector does not cover, seq below epoch).
   * */
  encode(record: VersionedRecord): Uint8Array;
  /** Verifies, then reads. meta, value and request ids are views of `bytes`, which must not change
   *  any more.
   *  Errors: as verify; MALFORMED_MESSAGE when the CRC holds but the bytes are not the one form of
   *  a record. */
  decode(bytes: Uint8Array): VersionedRecord;
  /** Errors: CORRUPT_RECORD when damaged, VERSION_UNSUPPORTED when of a later format. */
  verify(bytes: Uint8Array): void;
  /** View of the HEADER of verified bytes. Errors: MALFORMED_MESSAGE. */
  header(bytes: Uint8Array): Uint8Array;
}

export const RECORD_FORMAT = 1;
const MAGIC = 0xd7;
const CRC_AT = 2;
const FLAGS_AT = 6;
const HEADER_LENGTH_AT = 7;
const FLAG_TOMBSTONE = 1;
const FLAG_REQUEST_ID = 1;
const FLAG_EXPIRES = 2;
/** Least bytes of one sibling in the header: entry, behind, flags and content. */
const SIBLING_HEADER_BYTES_MIN = 7;

export function createRecordCodec(checksum: Checksum): RecordCodec {
  const verify = (bytes: Uint8Array): void => verifyRecord(bytes, checksum);
  return {
    verify,
    header: headerOf,
    encode(record) {
      const headerLength = headerByteLength(record);
      const bytes = new Uint8Array(recordByteLengthWith(record, headerLength));
      bytes[0] = MAGIC;
      bytes[1] = RECORD_FORMAT;
      const headerAt = writeVarint(bytes, HEADER_LENGTH_AT, headerLength);
      const end = writeBody(bytes, writeHeader(bytes, headerAt, record), record);
      assert(end === bytes.length, 'a record is not of the length that was computed for it');
      writeU32(bytes, CRC_AT, checksum(bytes.subarray(FLAGS_AT)));
      return bytes;
    },
    decode(bytes) {
      verify(bytes);
      return readRecord(bytes);
    },
  };
}

/** Exact length of the encoded record, found without encoding it. */
export function recordByteLength(record: VersionedRecord): number {
  return recordByteLengthWith(record, headerByteLength(record));
}

function recordByteLengthWith(record: VersionedRecord, headerLength: number): number {
  let length = HEADER_LENGTH_AT + varintByteLength(headerLength) + headerLength;
  for (const { requestId, expiresAtMs, meta, value } of record.siblings) {
    length += 1 + varintByteLength(meta.length) + varintByteLength(value.length);
    length += meta.length + value.length;
    if (requestId !== undefined) length += REQUEST_ID_BYTES;
    if (expiresAtMs !== undefined) length += varintByteLength(expiresAtMs);
  }
  return length;
}

function headerByteLength(record: VersionedRecord): number {
  let length = contextByteLength(record) + varintByteLength(record.siblings.length);
  let index = 0;
  let previous: Dot | undefined;
  for (const { dot } of record.siblings) {
    const isInOrder = previous === undefined || compareDots(previous, dot) < 0;
    assert(isInOrder, 'siblings are not ordered by dot');
    index = entryIndexOf(record, dot, index);
    const behind = seqOfEntry(record, index) - dot.seq;
    assert(behind >= 0, 'a sibling is not covered by the vector of its record');
    length += varintByteLength(index) + varintByteLength(behind) + 5;
    previous = dot;
  }
  return length;
}

/** Siblings and entries are in one order, so each search begins where the last one ended. -1: there
 *  is none. */
function entryIndexOf(record: CausalContext, dot: Dot, from: number): number {
  for (let index = Math.max(from, 0); index < record.vector.length; index += 1) {
    const entry = record.vector[index];
    if (entry !== undefined && isSameActor(entry, dot)) return index;
  }
  return -1;
}

/** -1 when there is no such entry. */
function seqOfEntry(record: CausalContext, index: number): number {
  return record.vector[index]?.seq ?? -1;
}

function writeHeader(bytes: Uint8Array, offset: number, record: VersionedRecord): number {
  let at = writeContext(bytes, offset, record);
  at = writeVarint(bytes, at, record.siblings.length);
  let index = 0;
  for (const { dot, isTombstone, contentHash } of record.siblings) {
    index = entryIndexOf(record, dot, index);
    at = writeVarint(bytes, at, index);
    at = writeVarint(bytes, at, seqOfEntry(record, index) - dot.seq);
    bytes[at] = isTombstone ? FLAG_TOMBSTONE : 0;
    at = writeU32(bytes, at + 1, contentHash);
  }
  return at;
}

function writeBody(bytes: Uint8Array, offset: number, record: VersionedRecord): number {
  let at = offset;
  for (const { requestId, expiresAtMs, meta, value } of record.siblings) {
    bytes[at] =
      (requestId === undefined ? 0 : FLAG_REQUEST_ID) |
      (expiresAtMs === undefined ? 0 : FLAG_EXPIRES);
    at += 1;
    if (requestId !== undefined) {
      assert(requestId.length === REQUEST_ID_BYTES, 'a request id is not 16 bytes long');
      bytes.set(requestId, at);
      at += REQUEST_ID_BYTES;
    }
    if (expiresAtMs !== undefined) at = writeVarint(bytes, at, expiresAtMs);
    at = writeVarint(bytes, at, meta.length);
    if (meta.length > 0) bytes.set(meta, at);
    at = writeVarint(bytes, at + meta.length, value.length);
    bytes.set(value, at);
    at += value.length;
  }
  return at;
}

function verifyRecord(bytes: Uint8Array, checksum: Checksum): void {
  if (bytes.length <= HEADER_LENGTH_AT) throw corrupt(`it has only ${bytes.length} bytes`);
  const format = bytes[1] ?? 0;
  if (bytes[0] !== MAGIC || format === 0) throw corrupt('it does not begin as a record does');
  if (format > RECORD_FORMAT) {
    throw new CoterieError(
      'VERSION_UNSUPPORTED',
      `The record is of format ${format}, this software reads up to ${RECORD_FORMAT}: upgrade it`,
      { details: { format, formatMax: RECORD_FORMAT } },
    );
  }
  if (checksum(bytes.subarray(FLAGS_AT)) !== readU32(bytes, CRC_AT)) {
    throw corrupt(`its ${bytes.length} bytes do not match their checksum`);
  }
}

function corrupt(why: string): CoterieError {
  return new CoterieError('CORRUPT_RECORD', `The record is damaged: ${why}; read another replica`);
}

function headerOf(bytes: Uint8Array): Uint8Array {
  const reader = new ByteReader(bytes, HEADER_LENGTH_AT);
  return reader.take(reader.varint());
}

/** Of a sibling what its HEADER says. */
export interface SiblingHeader {
  readonly dot: Dot;
  readonly isTombstone: boolean;
  readonly contentHash: number;
}

/** Of the record's siblings what its HEADER says, without a look at the checksum and the values.
 *  Errors: MALFORMED_MESSAGE. */
export function siblingHeaders(bytes: Uint8Array): readonly SiblingHeader[] {
  return readHeader(new ByteReader(bytes, HEADER_LENGTH_AT)).headers;
}

/** Tick of the newest event that went into the record, of verified bytes; 0 = none did. Errors:
 *  MALFORMED_MESSAGE. */
export function newestTickOf(bytes: Uint8Array): number {
  const reader = new ByteReader(bytes, HEADER_LENGTH_AT);
  reader.varint();
  const { vector, dots } = readContext(reader);
  let newest = 0;
  for (const { seq } of vector) newest = Math.max(newest, seq);
  for (const { seq } of dots) newest = Math.max(newest, seq);
  return newest;
}

interface RecordHeader extends CausalContext {
  readonly headers: readonly SiblingHeader[];
}

function readHeader(reader: ByteReader): RecordHeader {
  const headerLength = reader.varint();
  const headerEnd = reader.offset + headerLength;
  const { vector, dots } = readContext(reader);
  const count = reader.varint();
  if (count * SIBLING_HEADER_BYTES_MIN > reader.remaining) {
    throw malformed(`${count} siblings cannot fit in ${reader.remaining} bytes`);
  }
  const headers: SiblingHeader[] = [];
  for (let index = 0; index < count; index += 1) {
    const header = readSiblingHeader(reader, vector);
    const previous = headers[index - 1];
    if (previous !== undefined && compareDots(previous.dot, header.dot) >= 0) {
      throw malformed('Siblings are not ordered by dot');
    }
    headers.push(header);
  }
  if (reader.offset !== headerEnd) {
    throw malformed(`The header should end at byte ${headerEnd}, it ends at ${reader.offset}`);
  }
  return { vector, dots, headers };
}

function readRecord(bytes: Uint8Array): VersionedRecord {
  if (bytes[FLAGS_AT] !== 0) throw malformed(`Record flags ${bytes[FLAGS_AT]} are not known`);
  const reader = new ByteReader(bytes, HEADER_LENGTH_AT);
  const { vector, dots, headers } = readHeader(reader);
  const siblings: Sibling[] = [];
  for (const header of headers) siblings.push(readSibling(reader, header));
  if (reader.remaining > 0) throw malformed(`${reader.remaining} bytes follow the record`);
  return { vector, dots, siblings };
}

function readSiblingHeader(reader: ByteReader, vector: readonly Dot[]): SiblingHeader {
  const index = reader.varint();
  const behind = reader.varint();
  const flags = reader.byte();
  const contentHash = reader.u32();
  const entry = vector[index];
  if (entry === undefined) throw malformed(`A sibling names vector entry ${index}, there is none`);
  if (entry.seq - behind < entry.epoch) throw malformed('A sibling is below its epoch');
  if (flags > FLAG_TOMBSTONE) throw malformed(`Sibling flags ${flags} are not known`);
  // The newest event of an actor is its entry: most siblings share that object.
  const { nodeIndex, epoch, seq } = entry;
  const dot = behind === 0 ? entry : { nodeIndex, epoch, seq: seq - behind };
  return { dot, isTombstone: flags === FLAG_TOMBSTONE, contentHash };
}

function readSibling(reader: ByteReader, header: SiblingHeader): Sibling {
  const flags = reader.byte();
  if (flags > (FLAG_REQUEST_ID | FLAG_EXPIRES)) {
    throw malformed(`Body flags ${flags} are not known`);
  }
  const requestId = (flags & FLAG_REQUEST_ID) === 0 ? undefined : reader.take(REQUEST_ID_BYTES);
  const expiresAtMs = (flags & FLAG_EXPIRES) === 0 ? undefined : reader.varint();
  const metaLength = reader.varint();
  const meta = metaLength === 0 ? EMPTY_BYTES : reader.take(metaLength);
  const value = reader.take(reader.varint());
  const { dot, isTombstone, contentHash } = header;
  if (requestId === undefined) {
    if (expiresAtMs === undefined) return { dot, isTombstone, contentHash, meta, value };
    return { dot, isTombstone, contentHash, expiresAtMs, meta, value };
  }
  if (expiresAtMs === undefined) return { dot, isTombstone, contentHash, requestId, meta, value };
  return { dot, isTombstone, contentHash, requestId, expiresAtMs, meta, value };
}
