/** How numbers stand in our own formats: varints (LEB128: seven bits a byte, lowest first, the top
 *  bit says that more follow) for safe integers, and big-endian u32.
 *  Invariants: one number has one form (a varint never ends in a zero byte, unless it is the number
 *  0), at most 8 bytes; a reader never reads past its bytes and never copies them.
 *  Not here: what the numbers mean (context-codec.ts, record-codec.ts). */
import { CoterieError } from '../errors.ts';

/** 2^28: four varint bytes. Below it numbers are handled by 32-bit operations. */
const LOW_LIMIT = 0x1000_0000;
/** 2^25: what is left of 53 bits above the low 28. */
const HIGH_LIMIT = 0x200_0000;

export const VARINT_BYTES_MAX = 8;

/** Bytes that a safe integer of 0 or more takes: 1..8. */
export function varintByteLength(value: number): number {
  if (value < 0x80) return 1;
  if (value < 0x4000) return 2;
  if (value < 0x20_0000) return 3;
  if (value < LOW_LIMIT) return 4;
  if (value < 0x8_0000_0000) return 5;
  if (value < 0x400_0000_0000) return 6;
  return value < 0x2_0000_0000_0000 ? 7 : 8;
}

/** Writes a safe integer of 0 or more; returns the offset behind it. */
export function writeVarint(bytes: Uint8Array, offset: number, value: number): number {
  let at = offset;
  let rest = value;
  if (value >= LOW_LIMIT) {
    const low = value % LOW_LIMIT;
    rest = (value - low) / LOW_LIMIT;
    bytes[at] = (low & 0x7f) | 0x80;
    bytes[at + 1] = ((low >>> 7) & 0x7f) | 0x80;
    bytes[at + 2] = ((low >>> 14) & 0x7f) | 0x80;
    bytes[at + 3] = (low >>> 21) | 0x80;
    at += 4;
  }
  while (rest >= 0x80) {
    bytes[at] = (rest & 0x7f) | 0x80;
    at += 1;
    rest >>>= 7;
  }
  bytes[at] = rest;
  return at + 1;
}

/** Writes 0..2^32-1, big endian; returns the offset behind it. */
export function writeU32(bytes: Uint8Array, offset: number, value: number): number {
  bytes[offset] = value >>> 24;
  bytes[offset + 1] = (value >>> 16) & 0xff;
  bytes[offset + 2] = (value >>> 8) & 0xff;
  bytes[offset + 3] = value & 0xff;
  return offset + 4;
}

/** Reads 0..2^32-1, big endian. The four bytes must be there. */
export function readU32(bytes: Uint8Array, offset: number): number {
  const high = ((bytes[offset] ?? 0) << 8) | (bytes[offset + 1] ?? 0);
  const low = ((bytes[offset + 2] ?? 0) << 8) | (bytes[offset + 3] ?? 0);
  return ((high << 16) | low) >>> 0;
}

/** Reads from front to back. Errors: MALFORMED_MESSAGE when the bytes end too early or a number is
 *  not in its one form. */
export class ByteReader {
  readonly bytes: Uint8Array;
  offset: number;

  constructor(bytes: Uint8Array, offset: number) {
    this.bytes = bytes;
    this.offset = offset;
  }

  get remaining(): number {
    return this.bytes.length - this.offset;
  }

  byte(): number {
    const value = this.bytes[this.offset];
    if (value === undefined) throw this.#endsEarly(1);
    this.offset += 1;
    return value;
  }

  u32(): number {
    if (this.remaining < 4) throw this.#endsEarly(4);
    const value = readU32(this.bytes, this.offset);
    this.offset += 4;
    return value;
  }

  /** 0..2^53-1. */
  varint(): number {
    const start = this.offset;
    let byte = this.byte();
    if (byte < 0x80) return byte;
    let low = byte & 0x7f;
    let high = 0;
    for (let shift = 7; byte >= 0x80; shift += 7) {
      byte = this.byte();
      if (shift < 28) low |= (byte & 0x7f) << shift;
      else high += (byte & 0x7f) << (shift - 28);
      if (shift === 49 && (byte >= 0x80 || high >= HIGH_LIMIT)) {
        throw malformed(`The number at byte ${start} is above 2^53 - 1`);
      }
    }
    if (byte === 0) throw malformed(`The number at byte ${start} is longer than it needs to be`);
    return high * LOW_LIMIT + low;
  }

  /** A view of the next bytes. */
  take(length: number): Uint8Array {
    if (length > this.remaining) throw this.#endsEarly(length);
    const { buffer, byteOffset } = this.bytes;
    const view = new Uint8Array(buffer, byteOffset + this.offset, length);
    this.offset += length;
    return view;
  }

  #endsEarly(wanted: number): CoterieError {
    return malformed(`${wanted} bytes should follow byte ${this.offset}, ${this.remaining} do`);
  }
}

export function malformed(message: string): CoterieError {
  return new CoterieError('MALFORMED_MESSAGE', message);
}
