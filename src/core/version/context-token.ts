/** What a client holds of a causal context: opaque bytes that it gives back with the write that
 *  replaces what it read.
 *
 *      format   u8   1
 *      place    u32  MurmurHash3_x86_32 of (bucket, 0, key) under the seed PLACE_SEED_HIGH
 *               u32  the same under PLACE_SEED_LOW
 *      context       as in context-codec.ts
 *      crc      u32  CRC-32 (IEEE) of all before it
 *
 *  Invariants: at most CONTEXT_BYTES_MAX; a token of another key is refused, a damaged one too. It
 *  is not signed: a forged token can overwrite only what a plain delete by the same client could,
 *  and one that runs ahead of every clock is refused at the mint.
 *  Text form: base64url without padding. */
import type { Checksum } from '../checksum.ts';
import { CoterieError } from '../errors.ts';
import { CONTEXT_BYTES_MAX } from '../limits.ts';
import { tokenOf } from '../ring/token.ts';
import type { CausalContext } from './causal-context.ts';
import { contextByteLength, readContext, writeContext } from './context-codec.ts';
import { ByteReader, readU32, writeU32 } from './varint.ts';

/** The key that a context speaks of. */
export interface Place {
  readonly bucket: string;
  readonly key: Uint8Array;
}

const TOKEN_FORMAT = 1;
/** Later versions of this software may come to those below; a larger one is some other text. */
const FORMATS_END = 16;
const CONTEXT_AT = 9;
const CRC_BYTES = 4;
const TOKEN_BYTES_MIN: number = CONTEXT_AT + 2 + CRC_BYTES;
/** Fixed, so that every node and every cluster reads every token alike: the place only tells keys
 *  apart. */
const PLACE_SEED_HIGH = 0xc07e_71e1;
const PLACE_SEED_LOW = 0x5eed_0002;

// Tokens are made here and copied out: a view of a small new array, which the checksum needs, would
// cost more than all the rest.
const scratch = new Uint8Array(CONTEXT_BYTES_MAX);

/** Exact length of the context's token, found without encoding it. */
export function contextTokenByteLength(context: CausalContext): number {
  return CONTEXT_AT + contextByteLength(context) + CRC_BYTES;
}

/** A refusal as it is told to a client: the context in SIBLING_LIMIT, which is needed to merge, as
 *  the token that clients understand. Everything else is told as it is. */
export function withTokenInLimit(thrown: unknown, place: Place, checksum: Checksum): unknown {
  if (!(thrown instanceof CoterieError) || thrown.code !== 'SIBLING_LIMIT') return thrown;
  const context = thrown.details['context'] as CausalContext;
  const token = encodeContextToken(context, place, checksum);
  return new CoterieError('SIBLING_LIMIT', thrown.message, {
    details: { ...thrown.details, context: contextToText(token) },
    cause: thrown,
  });
}

/** Errors: INVALID_CONTEXT when the token would pass CONTEXT_BYTES_MAX, which takes some thousand
 *  actors. */
export function encodeContextToken(
  context: CausalContext,
  place: Place,
  checksum: Checksum,
): Uint8Array {
  const length = contextTokenByteLength(context);
  if (length > CONTEXT_BYTES_MAX) throw tooLarge(length);
  scratch[0] = TOKEN_FORMAT;
  writeU32(scratch, 1, tokenOf(place.bucket, place.key, PLACE_SEED_HIGH));
  writeU32(scratch, 5, tokenOf(place.bucket, place.key, PLACE_SEED_LOW));
  const crcAt = writeContext(scratch, CONTEXT_AT, context);
  writeU32(scratch, crcAt, checksum(scratch.subarray(0, crcAt)));
  return scratch.slice(0, length);
}

/** "No context" is zero bytes on the wire, which is the caller's to see: here they are damaged.
 *  Errors: INVALID_CONTEXT when the token is damaged, too large, of another key or of a later
 *  format. */
export function decodeContextToken(
  bytes: Uint8Array,
  place: Place,
  checksum: Checksum,
): CausalContext {
  const format = bytes[0] ?? 0;
  if (bytes.length > CONTEXT_BYTES_MAX) throw tooLarge(bytes.length);
  if (format > TOKEN_FORMAT && format < FORMATS_END) {
    throw invalid(
      `The context is of format ${format}, this node reads up to ${TOKEN_FORMAT}: ` +
        'it is damaged, or a later version made it',
    );
  }
  const isToken = bytes.length >= TOKEN_BYTES_MIN && format === TOKEN_FORMAT;
  if (!isToken) throw damaged(bytes.length);
  const crcAt = bytes.length - CRC_BYTES;
  if (checksum(bytes.subarray(0, crcAt)) !== readU32(bytes, crcAt)) throw damaged(bytes.length);
  if (
    readU32(bytes, 1) !== tokenOf(place.bucket, place.key, PLACE_SEED_HIGH) ||
    readU32(bytes, 5) !== tokenOf(place.bucket, place.key, PLACE_SEED_LOW)
  ) {
    throw invalid('The context is of another key: give each write the context of its own key');
  }
  return readTokenContext(bytes, crcAt);
}

function readTokenContext(bytes: Uint8Array, crcAt: number): CausalContext {
  const reader = new ByteReader(bytes.subarray(0, crcAt), CONTEXT_AT);
  let context: CausalContext;
  try {
    context = readContext(reader);
  } catch (error) {
    const isExpected = error instanceof CoterieError && error.code === 'MALFORMED_MESSAGE';
    if (!isExpected) throw error;
    throw new CoterieError(
      'INVALID_CONTEXT',
      'The context was not made by a node of Coterie: read the key and use the context it returns',
      { cause: error },
    );
  }
  if (reader.remaining > 0) throw damaged(bytes.length);
  return context;
}

/** base64url without padding. */
export function contextToText(bytes: Uint8Array): string {
  const { length } = bytes;
  const codes: number[] = [];
  for (let at = 0; at < length; at += 3) {
    const group = ((bytes[at] ?? 0) << 16) | ((bytes[at + 1] ?? 0) << 8) | (bytes[at + 2] ?? 0);
    codes.push(codeOf(group >>> 18), codeOf(group >>> 12));
    if (at + 1 < length) codes.push(codeOf(group >>> 6));
    if (at + 2 < length) codes.push(codeOf(group));
  }
  return Reflect.apply(String.fromCharCode, undefined, codes);
}

const DIGITS = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';

/** Of the lowest six bits. */
function codeOf(bits: number): number {
  return DIGITS.charCodeAt(bits & 0x3f);
}

const TEXT_CHARS_MAX: number = Math.ceil((CONTEXT_BYTES_MAX * 4) / 3);

/** Undoes contextToText. Errors: INVALID_CONTEXT. */
export function contextFromText(text: string): Uint8Array {
  if (text.length > TEXT_CHARS_MAX) throw tooLarge(Math.floor((text.length * 3) / 4));
  if (!/^[A-Za-z0-9_-]*$/.test(text) || text.length % 4 === 1) {
    throw invalid('The context is not base64url: give it exactly as it was returned');
  }
  const binary = atob(text.replaceAll('-', '+').replaceAll('_', '/'));
  const bytes = new Uint8Array(binary.length);
  for (let index = 0; index < binary.length; index += 1) bytes[index] = binary.charCodeAt(index);
  return bytes;
}

function invalid(message: string): CoterieError {
  return new CoterieError('INVALID_CONTEXT', message);
}

function damaged(length: number): CoterieError {
  return invalid(
    `The context of ${length} bytes is cut or damaged, or none: give it exactly as it was returned`,
  );
}

function tooLarge(length: number): CoterieError {
  return invalid(`The context has ${length} bytes, the limit is ${CONTEXT_BYTES_MAX}`);
}
