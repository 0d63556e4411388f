/** What does the value of a write look like? `w<id>`, then for a set `:` and its elements with
 *  commas between, then padding: `w17:3,9,17|wxyz...`.
 *  Invariants: each write has its own value, and the same in every run; what is read back is this
 *  value byte for byte or no write's at all; sizes go from a few bytes to 64 KiB, so that batches,
 *  frames and windows of all sizes come about.
 *  Not here: which writes there were (write-book.ts). */
import type { WriteId } from '../history.ts';

export interface ValueHead {
  readonly write: WriteId;
  /** Of a set. */
  readonly elements: readonly number[] | undefined;
}

const HEAD = /^w(\d+)(?::((?:\d+(?:,\d+)*)?))?$/;
const PAD_START = 0x7c;
const FIRST_LETTER = 0x61;
const LETTERS = 26;
const MEDIUM_BYTES_MAX = 2_048;
const LARGE_BYTES_MAX = 65_536;

/** `elements`: of a set, in ascending order. */
export function valueBytes(write: WriteId, elements?: readonly number[]): Uint8Array {
  const head = elements === undefined ? `w${write}` : `w${write}:${elements.join(',')}`;
  const padBytes = padBytesOf(write);
  const bytes = new Uint8Array(head.length + (padBytes === 0 ? 0 : padBytes + 1));
  for (let at = 0; at < head.length; at += 1) bytes[at] = head.charCodeAt(at);
  if (padBytes === 0) return bytes;
  bytes[head.length] = PAD_START;
  for (let at = head.length + 1; at < bytes.length; at += 1) {
    bytes[at] = FIRST_LETTER + ((write + at) % LETTERS);
  }
  return bytes;
}

/** What stands before the padding. */
export function headText(value: Uint8Array): string {
  let text = '';
  for (const byte of value) {
    if (byte === PAD_START) break;
    text += String.fromCharCode(byte);
  }
  return text;
}

/** `undefined`: no write makes such a value. */
export function readHead(text: string): ValueHead | undefined {
  const match = HEAD.exec(text);
  if (match === null) return undefined;
  const [, id, elements] = match;
  const numbers = elements === '' ? [] : elements?.split(',').map(Number);
  return { write: Number(id), elements: numbers };
}

/** Six of ten are small, one in some hundred is large. */
function padBytesOf(write: WriteId): number {
  const drawn = mixed(write);
  const size = mixed(drawn ^ 0x5bd1e995);
  if (drawn % 256 === 0) return size % LARGE_BYTES_MAX;
  return drawn % 10 < 6 ? size % 64 : size % MEDIUM_BYTES_MAX;
}

/** Spreads neighbouring ids over all 32-bit numbers. Source: the finaliser of MurmurHash3. */
function mixed(word: number): number {
  let hash = Math.imul(word ^ (word >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return (hash ^ (hash >>> 16)) >>> 0;
}
