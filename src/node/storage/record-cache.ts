/** Which committed records are at hand without asking the engine? A call into the engine costs a
 *  change of threads and, per key, about as much as everything else that is done with a small
 *  record.
 *  It is a log of bytes in segments, with a table of heads by token and, in each entry, the way
 *  back to the entry before it under the same head. The oldest segment goes when there are too
 *  many. No record in it is an object: as objects they were copied twice by the garbage collector
 *  when they came and marked again and again, which cost more than writing them to disk.
 *  Invariants: what it holds is the committed state of a key that has no lane (while there is one,
 *  the lane knows better); a load that was under way while its key was written leaves nothing here;
 *  its bytes are bounded, and entries that nobody used go first; of an entry nothing but a flag is
 *  ever changed, so what `find` returns stays right. It keeps its segment alive, so it is not to be
 *  kept for long.
 *  Not here: what may be shown to whom (record-reads.ts, key-lanes.ts). */
import { assert } from '../../core/errors.ts';
import type { RecordKey, RowKey } from './record-key.ts';
import { tokenOfRow } from './table-keys.ts';

/** An entry, from a multiple of 4: bytes back to the entry before it under the same head (u32, 0 =
 *  none), length of the record (u32), length of the key (u16) and flags (u16) in one word, key,
 *  record. */
const RECORD_LENGTH = 1;
const KEY_LENGTH = 2;
const HEADER_BYTES = 12;
const KEY_LENGTH_MASK = 0xffff;
/** Found since it came, or since it was last spared. */
const USED = 0x1_0000;
const DROPPED = 0x2_0000;
const BACK_MAX = 2 ** 32 - 1;

const SEGMENT_BYTES_MAX = 1_024 * 1_024;
const SEGMENTS_MIN = 32;
/** Expected of an entry: there is a head, of 8 bytes, for every so many. */
const ENTRY_BYTES = 256;
const CHANGE_SLOTS = 4_096;
/** Entries that are looked at for a key: more of one head exist only by ill luck or will. */
const STEPS_MAX = 16;

interface Segment {
  readonly bytes: Uint8Array;
  readonly words: Uint32Array;
  /** Where the next entry goes. */
  end: number;
}

export class RecordCache {
  readonly #segmentBytes: number;
  readonly #segmentsMax: number;
  /** Oldest first. A position is the number of a segment, counted from the first there ever was,
   *  times its bytes, and the offset in it. */
  readonly #segments: Segment[] = [];
  /** Number of the oldest; from 1, so that position 0 can stand for none. */
  #oldest = 1;
  /** By the low bits of a token: position of the newest entry, which may have been evicted. */
  readonly #heads: Float64Array;
  /** By the low bits of a token: how often such keys were written. */
  readonly #changes = new Uint32Array(CHANGE_SLOTS);

  /** About so many bytes with all overhead; 0 = it keeps nothing. */
  constructor(bytesMax: number) {
    const bytes = Math.min(SEGMENT_BYTES_MAX, bytesMax / SEGMENTS_MIN);
    this.#segmentBytes = 4 * Math.floor(bytes / 4);
    this.#segmentsMax = Math.floor(bytesMax / Math.max(1, this.#segmentBytes));
    const heads = Math.max(1, bytesMax / ENTRY_BYTES);
    this.#heads = new Float64Array(2 ** Math.floor(Math.log2(heads)));
  }

  /** Of all segments. */
  get bytes(): number {
    return this.#segments.length * this.#segmentBytes;
  }

  /** The record's bytes. */
  find(key: RowKey): Uint8Array | undefined {
    const position = this.#find(key.token, key.storageKey);
    if (position === 0) return undefined;
    const { bytes, words } = this.#segmentAt(position);
    const at = this.#offsetOf(position);
    const word = words[at / 4 + KEY_LENGTH] ?? 0;
    if ((word & DROPPED) !== 0) return undefined;
    words[at / 4 + KEY_LENGTH] = word | USED;
    return recordAt(bytes, words, at);
  }

  /** The engine is about to be asked for the key: its answer may be kept under this number. */
  loading({ token }: RecordKey): number {
    return this.#changes[token % CHANGE_SLOTS] ?? 0;
  }

  /** ... and has answered. */
  loaded(key: RecordKey, record: Uint8Array, loading: number): void {
    if (this.loading(key) === loading) this.#put(key, record);
  }

  /** The key has been written, and this is what is committed. */
  committed(key: RecordKey, record: Uint8Array): void {
    this.#outdateLoads(key);
    this.#put(key, record);
  }

  /** The record is not to be relied on any more. */
  drop(key: RecordKey): void {
    this.#outdateLoads(key);
    this.#remove(key);
  }

  /** Those of other keys too whose tokens end alike: that costs them a load, and nothing else. */
  #outdateLoads({ token }: RecordKey): void {
    const slot = token % CHANGE_SLOTS;
    this.#changes[slot] = (this.#changes[slot] ?? 0) + 1;
  }

  #put(key: RecordKey, record: Uint8Array): void {
    const size = entryBytes(key.storageKey, record);
    // One large record must not push out many others.
    if (size > this.#segmentBytes / 2) this.#remove(key);
    else this.#append(key.token, key.storageKey, record);
  }

  #remove(key: RecordKey): void {
    const position = this.#find(key.token, key.storageKey);
    if (position === 0) return;
    const { words } = this.#segmentAt(position);
    const index = this.#offsetOf(position) / 4 + KEY_LENGTH;
    words[index] = (words[index] ?? 0) | DROPPED;
  }

  /** Position of the newest entry of the key; 0 = there is none. */
  #find(token: number, storageKey: Uint8Array): number {
    let position = this.#heads[token & (this.#heads.length - 1)] ?? 0;
    const first = this.#oldest * this.#segmentBytes;
    for (let step = 0; step < STEPS_MAX && position >= first && position > 0; step += 1) {
      const { bytes, words } = this.#segmentAt(position);
      const at = this.#offsetOf(position);
      if (isKeyAt(bytes, words, at, storageKey)) return position;
      const back = words[at / 4] ?? 0;
      if (back === 0) return 0;
      position -= back;
    }
    return 0;
  }

  #append(token: number, storageKey: Uint8Array, record: Uint8Array): void {
    const segment = this.#segmentFor(entryBytes(storageKey, record));
    const { bytes, words, end: at } = segment;
    const number = this.#oldest + this.#segments.length - 1;
    const position = number * this.#segmentBytes + at;
    const head = token & (this.#heads.length - 1);
    const back = position - this.#before(this.#heads[head] ?? 0, storageKey);
    words[at / 4] = back > BACK_MAX ? 0 : back;
    words[at / 4 + RECORD_LENGTH] = record.length;
    words[at / 4 + KEY_LENGTH] = storageKey.length;
    bytes.set(storageKey, at + HEADER_BYTES);
    bytes.set(record, at + HEADER_BYTES + storageKey.length);
    segment.end += entryBytes(storageKey, record);
    this.#heads[head] = position;
  }

  /** What comes behind a new entry of the key under a head. An entry that it replaces is left out:
   *  those of a key that is often written would hide the others. */
  #before(position: number, storageKey: Uint8Array): number {
    if (position < this.#oldest * this.#segmentBytes || position === 0) return 0;
    const { bytes, words } = this.#segmentAt(position);
    const at = this.#offsetOf(position);
    if (!isKeyAt(bytes, words, at, storageKey)) return position;
    const back = words[at / 4] ?? 0;
    return back === 0 ? 0 : position - back;
  }

  /** The newest segment with so much room. */
  #segmentFor(size: number): Segment {
    const newest = this.#segments.at(-1);
    if (newest !== undefined && newest.end + size <= this.#segmentBytes) return newest;
    const bytes = new Uint8Array(this.#segmentBytes);
    const segment = { bytes, words: new Uint32Array(bytes.buffer), end: 0 };
    this.#segments.push(segment);
    const [oldest] = this.#segments;
    if (oldest === undefined || this.#segments.length <= this.#segmentsMax) return segment;
    this.#spareUsed(oldest);
    this.#segments.shift();
    this.#oldest += 1;
    return segment;
  }

  /** What was used stays another round (the second chance of Corbató 1968), up to half a segment of
   *  it. */
  #spareUsed({ bytes, words, end }: Segment): void {
    const first = this.#oldest * this.#segmentBytes;
    let sparedBytes = 0;
    for (let at = 0; at < end; ) {
      const word = words[at / 4 + KEY_LENGTH] ?? 0;
      const keyAt = at + HEADER_BYTES;
      const storageKey = bytes.subarray(keyAt, keyAt + (word & KEY_LENGTH_MASK));
      const record = recordAt(bytes, words, at);
      const size = entryBytes(storageKey, record);
      const isSpared = (word & USED) !== 0 && (word & DROPPED) === 0;
      if (isSpared && sparedBytes + size <= this.#segmentBytes / 2) {
        const token = tokenOfRow(storageKey);
        if (this.#find(token, storageKey) === first + at) {
          this.#append(token, storageKey, record);
          sparedBytes += size;
        }
      }
      at += size;
    }
  }

  #segmentAt(position: number): Segment {
    const segment = this.#segments[Math.floor(position / this.#segmentBytes) - this.#oldest];
    assert(segment !== undefined, 'A position of the record cache is in no segment');
    return segment;
  }

  #offsetOf(position: number): number {
    return position - Math.floor(position / this.#segmentBytes) * this.#segmentBytes;
  }
}

function isKeyAt(bytes: Uint8Array, words: Uint32Array, at: number, storageKey: Uint8Array) {
  if (((words[at / 4 + KEY_LENGTH] ?? 0) & KEY_LENGTH_MASK) !== storageKey.length) return false;
  for (let index = 0; index < storageKey.length; index += 1) {
    if (bytes[at + HEADER_BYTES + index] !== storageKey[index]) return false;
  }
  return true;
}

function recordAt(bytes: Uint8Array, words: Uint32Array, at: number): Uint8Array {
  const from = at + HEADER_BYTES + ((words[at / 4 + KEY_LENGTH] ?? 0) & KEY_LENGTH_MASK);
  return new Uint8Array(bytes.buffer, from, words[at / 4 + RECORD_LENGTH]);
}

/** With what fills it up to a multiple of 4. */
function entryBytes(storageKey: Uint8Array, record: Uint8Array): number {
  const bytes = HEADER_BYTES + storageKey.length + record.length;
  return 4 * Math.ceil(bytes / 4);
}
