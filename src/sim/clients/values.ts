/** What does the value of a write look like? `w<id>`, then for a set `:` and what its application
 *  keeps there, then padding: `w17:3,9,17|wxyz...`.
 *  Invariants: each write has its own value, and the same in every run; what is read back is this
 *  value byte for byte or no write's at all; sizes go from a few bytes to 64 KiB, so that batches,
 *  frames and windows of all sizes come about; whatever text an application keeps comes back.
 *  Not here: which writes there were (write-book.ts), what sets look like (set-values.ts). */
import type { WriteId } from '../history.ts';

export interface ValueHead {
  readonly write: WriteId;
  /** Of a set: what the application keeps. */
  readonly content: string | undefined;
}

const HEAD = /^w(\d+)(?::(.*))?$/s;
/** Whatever would end the head, or is no byte of its own in ASCII. */
const UNSAFE = /[^ -$&-{}~]/gu;
const PAD_START = 0x7c;
const FIRST_LETTER = 0x61;
const LETTERS = 26;
/** Turned into text at once; as many arguments as any engine takes. */
const TEXT_BYTES = 1_024;
/** Turned into text one by one, which for so few is faster. */
const SHORT_BYTES = 16;
const SMALL_BYTES_MAX = 64;
const MEDIUM_BYTES_MAX = 1_024;
const LARGE_BYTES_MAX = 65_536;
const LARGE_ONE_IN = 1_024;
/** The alphabet over and over. */
const PADDING: Uint8Array = new Uint8Array(LARGE_BYTES_MAX + LETTERS).map(
  (_, at) => FIRST_LETTER + (at % LETTERS),
);

/** `content`: of a set, what the application keeps. */
export function valueBytes(write: WriteId, content?: string): Uint8Array {
  const escaped = content?.replace(UNSAFE, encodeURIComponent);
  const head = escaped === undefined ? `w${write}` : `w${write}:${escaped}`;
  const padBytes = padBytesOf(write);
  const bytes = new Uint8Array(head.length + (padBytes === 0 ? 0 : padBytes + 1));
  for (let at = 0; at < head.length; at += 1) bytes[at] = head.charCodeAt(at);
  if (padBytes === 0) return bytes;
  bytes[head.length] = PAD_START;
  const padAt = head.length + 1;
  const from = (write + padAt) % LETTERS;
  bytes.set(PADDING.subarray(from, from + padBytes), padAt);
  return bytes;
}

/** What stands before the padding. */
export function headText(value: Uint8Array): string {
  const found = value.indexOf(PAD_START);
  const end = found === -1 ? value.length : found;
  let text = '';
  if (end <= SHORT_BYTES) {
    for (let at = 0; at < end; at += 1) text += String.fromCharCode(value[at] ?? 0);
    return text;
  }
  for (let at = 0; at < end; at += TEXT_BYTES) {
    text += String.fromCharCode(...value.subarray(at, Math.min(at + TEXT_BYTES, end)));
  }
  return text;
}

/** `undefined`: no write makes such a value. */
export function readHead(text: string): ValueHead | undefined {
  const match = HEAD.exec(text);
  if (match === null) return undefined;
  const [, id, content] = match;
  return { write: Number(id), content: content === undefined ? undefined : unescaped(content) };
}

/** As it stands when it is no escape of ours: then it is no write's. */
function unescaped(content: string): string {
  try {
    return decodeURIComponent(content);
  } catch {
    return content;
  }
}

/** Eight of ten are small, one in some thousand is large: bytes that are copied, checked and hashed
 *  at every replica cost most of a run's time, and show no more when there are more of them. */
function padBytesOf(write: WriteId): number {
  const drawn = mixed(write);
  const size = mixed(drawn ^ 0x5bd1e995);
  if (drawn % LARGE_ONE_IN === 0) return size % LARGE_BYTES_MAX;
  return drawn % 10 < 8 ? size % SMALL_BYTES_MAX : size % MEDIUM_BYTES_MAX;
}

/** Spreads neighbouring ids over all 32-bit numbers. Source: the finaliser of MurmurHash3. */
function mixed(word: number): number {
  let hash = Math.imul(word ^ (word >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return (hash ^ (hash >>> 16)) >>> 0;
}
