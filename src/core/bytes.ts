/** Byte strings: equality, order and the hexadecimal form that logs and stored rows use.
 *  Invariants: nothing is changed and nothing is kept; the hexadecimal form is undone exactly.
 *  Not here: anything with a meaning beyond the bytes. */
import { CoterieError } from './errors.ts';

export function bytesEqual(a: Uint8Array, b: Uint8Array): boolean {
  if (a === b) return true;
  if (a.length !== b.length) return false;
  for (let index = 0; index < a.length; index += 1) {
    if (a[index] !== b[index]) return false;
  }
  return true;
}

/** Byte by byte, shorter first: negative, zero or positive. */
export function compareBytes(a: Uint8Array, b: Uint8Array): number {
  const shared = Math.min(a.length, b.length);
  for (let index = 0; index < shared; index += 1) {
    const difference = (a[index] ?? 0) - (b[index] ?? 0);
    if (difference !== 0) return difference;
  }
  return a.length - b.length;
}

const DIGITS = Array.from({ length: 256 }, (_, byte) => byte.toString(16).padStart(2, '0'));

/** Longer ones are put together as bytes: as text they would be a piece for every byte. */
const SHORT_BYTES = 64;
const HEX_CODES = Uint8Array.from('0123456789abcdef', (digit) => digit.charCodeAt(0));
const decoder = new TextDecoder();

export function bytesToHex(bytes: Uint8Array): string {
  if (bytes.length > SHORT_BYTES) return decoder.decode(hexCodes(bytes));
  let text = '';
  for (const byte of bytes) text += DIGITS[byte];
  return text;
}

function hexCodes(bytes: Uint8Array): Uint8Array {
  const codes = new Uint8Array(2 * bytes.length);
  let at = 0;
  for (const byte of bytes) {
    codes[at] = HEX_CODES[byte >>> 4] ?? 0;
    codes[at + 1] = HEX_CODES[byte & 0xf] ?? 0;
    at += 2;
  }
  return codes;
}

/** The same bytes in memory of their own. A view into a larger buffer, a received frame for
 *  instance, would keep the whole buffer alive. */
export function unshared(bytes: Uint8Array): Uint8Array {
  return bytes.byteLength === bytes.buffer.byteLength ? bytes : new Uint8Array(bytes);
}

/** Errors: MALFORMED_MESSAGE when the text is not an even number of hexadecimal digits. */
export function hexToBytes(text: string): Uint8Array {
  if (text.length % 2 !== 0 || !/^[0-9a-fA-F]*$/.test(text)) {
    throw new CoterieError('MALFORMED_MESSAGE', 'Not an even number of hexadecimal digits');
  }
  const bytes = new Uint8Array(text.length / 2);
  for (let index = 0; index < bytes.length; index += 1) {
    bytes[index] = Number.parseInt(text.slice(2 * index, 2 * index + 2), 16);
  }
  return bytes;
}
