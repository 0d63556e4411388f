/** An ordered map from bytes to bytes: the content of the memory engine and of a simulated disk. A
 *  sorted list of chunks, each a sorted pair of lists. Searching is O(log n); an insert moves at
 *  most a chunk's entries, and a split moves the list of chunks once in CHUNK_ENTRIES_MAX / 2
 *  inserts.
 *  Invariants: no chunk is empty or larger than CHUNK_ENTRIES_MAX; keys ascend within and across
 *  chunks; what a snapshot can see never changes: a snapshot starts a new generation, and a chunk
 *  (or the list) of an older generation is copied before its first change. Taking a snapshot is
 *  therefore O(1).
 *  Not here: durability, operations that fail (the engines). */
import { compareBytes } from './bytes.ts';
import { assert } from './errors.ts';

export interface ByteMapEntry {
  readonly key: Uint8Array;
  readonly value: Uint8Array;
}

const CHUNK_ENTRIES_MAX = 128;

interface Chunk {
  readonly generation: number;
  readonly keys: Uint8Array[];
  readonly values: Uint8Array[];
}

export class ByteMap {
  #chunks: Chunk[] = [];
  /** Generation in which the list of chunks was last copied. */
  #listGeneration = 0;
  #generation = 0;
  #sizeBytes = 0;
  /** By the first byte of a key: the chunk where the last such key was. Keys with the same first
   *  byte are of one table, and come one after the other or are few. Only a place to look first. */
  readonly #lastChunks = new Uint32Array(256);

  /** Bytes of all keys and values. */
  get sizeBytes(): number {
    return this.#sizeBytes;
  }

  get(key: Uint8Array): Uint8Array | undefined {
    const chunk = this.#chunks[this.#chunkIndexOf(key)];
    if (chunk === undefined) return undefined;
    const at = lowerBound(chunk.keys, key);
    const found = chunk.keys[at];
    return found !== undefined && compareBytes(found, key) === 0 ? chunk.values[at] : undefined;
  }

  /** Keeps both, without a copy. Returns the value that was there before. */
  set(key: Uint8Array, value: Uint8Array): Uint8Array | undefined {
    const chunkIndex = Math.max(0, this.#chunkIndexOf(key));
    const chunk = this.#ownChunk(chunkIndex);
    const at = lowerBound(chunk.keys, key);
    const found = chunk.keys[at];
    if (found !== undefined && compareBytes(found, key) === 0) {
      const previous = chunk.values[at];
      this.#sizeBytes += value.byteLength - (previous?.byteLength ?? 0);
      chunk.values[at] = value;
      return previous;
    }
    if (at === chunk.keys.length) {
      chunk.keys.push(key);
      chunk.values.push(value);
    } else {
      chunk.keys.splice(at, 0, key);
      chunk.values.splice(at, 0, value);
    }
    this.#sizeBytes += key.byteLength + value.byteLength;
    if (chunk.keys.length > CHUNK_ENTRIES_MAX) this.#split(chunkIndex, chunk);
    return undefined;
  }

  /** Returns the value that was there. */
  delete(key: Uint8Array): Uint8Array | undefined {
    const chunkIndex = this.#chunkIndexOf(key);
    const seen = this.#chunks[chunkIndex];
    if (seen === undefined) return undefined;
    const at = lowerBound(seen.keys, key);
    const found = seen.keys[at];
    if (found === undefined || compareBytes(found, key) !== 0) return undefined;
    const chunk = this.#ownChunk(chunkIndex);
    const previous = chunk.values[at];
    chunk.keys.splice(at, 1);
    chunk.values.splice(at, 1);
    this.#sizeBytes -= key.byteLength + (previous?.byteLength ?? 0);
    if (chunk.keys.length === 0) this.#chunks.splice(chunkIndex, 1);
    return previous;
  }

  /** The map as it is now; needs no release. */
  snapshot(): ByteMapSnapshot {
    this.#generation += 1;
    return new ByteMapSnapshot(this.#chunks);
  }

  /** As chunkIndexOf. */
  #chunkIndexOf(key: Uint8Array): number {
    const chunks = this.#chunks;
    const first = key[0] ?? 0;
    const last = this.#lastChunks[first] ?? 0;
    if (startsBy(chunks[last], key) && !startsBy(chunks[last + 1], key)) return last;
    const index = chunkIndexOf(chunks, key);
    if (index > 0) this.#lastChunks[first] = index;
    return index;
  }

  /** A chunk (a new one if the map is empty) that no snapshot sees, in a list that none sees. */
  #ownChunk(index: number): Chunk {
    const generation = this.#generation;
    if (this.#listGeneration !== generation) {
      this.#chunks = this.#chunks.slice();
      this.#listGeneration = generation;
    }
    const chunk = this.#chunks[index] ?? { generation, keys: [], values: [] };
    const own =
      chunk.generation === generation
        ? chunk
        : { generation, keys: chunk.keys.slice(), values: chunk.values.slice() };
    this.#chunks[index] = own;
    return own;
  }

  #split(index: number, chunk: Chunk): void {
    const half = chunk.keys.length >> 1;
    const upper = {
      generation: this.#generation,
      keys: chunk.keys.splice(half),
      values: chunk.values.splice(half),
    };
    this.#chunks.splice(index + 1, 0, upper);
  }
}

/** Up to `count` further entries, as copies that belong to the caller. */
export function takeCopies(
  entries: Iterator<ByteMapEntry, void, void>,
  count: number,
): ByteMapEntry[] {
  const taken: ByteMapEntry[] = [];
  while (taken.length < count) {
    const step = entries.next();
    if (step.done === true) break;
    const { key, value } = step.value;
    taken.push({ key: new Uint8Array(key), value: new Uint8Array(value) });
  }
  return taken;
}

/** What a ByteMap held at one moment. */
export class ByteMapSnapshot {
  readonly #chunks: readonly Chunk[];

  constructor(chunks: readonly Chunk[]) {
    this.#chunks = chunks;
  }

  /** Entries with from <= key < to, in order; the bytes are the map's own. */
  *entries(from: Uint8Array, to: Uint8Array): Generator<ByteMapEntry, void, void> {
    const first = Math.max(0, chunkIndexOf(this.#chunks, from));
    for (let index = first; index < this.#chunks.length; index += 1) {
      const { keys, values } = chunkAt(this.#chunks, index);
      for (let at = index === first ? lowerBound(keys, from) : 0; at < keys.length; at += 1) {
        const entry = entryAt(keys, values, at);
        if (compareBytes(entry.key, to) >= 0) return;
        yield entry;
      }
    }
  }

  /** The same entries, last one first. */
  *entriesReversed(from: Uint8Array, to: Uint8Array): Generator<ByteMapEntry, void, void> {
    const last = chunkIndexOf(this.#chunks, to);
    for (let index = last; index >= 0; index -= 1) {
      const { keys, values } = chunkAt(this.#chunks, index);
      const start = index === last ? lowerBound(keys, to) : keys.length;
      for (let at = start - 1; at >= 0; at -= 1) {
        const entry = entryAt(keys, values, at);
        if (compareBytes(entry.key, from) < 0) return;
        yield entry;
      }
    }
  }
}

/** Index of the last chunk that starts at or before the key; -1 when there is none. */
function chunkIndexOf(chunks: readonly Chunk[], key: Uint8Array): number {
  let low = 0;
  let high = chunks.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (startsBy(chunks[middle], key)) low = middle + 1;
    else high = middle;
  }
  return low - 1;
}

/** Whether the chunk starts at or before the key. */
function startsBy(chunk: Chunk | undefined, key: Uint8Array): boolean {
  const first = chunk?.keys[0];
  return first !== undefined && compareBytes(first, key) <= 0;
}

/** Index of the first key that is not before `key`. Looks at the last one first: rows that are
 *  numbered come in order. */
function lowerBound(keys: readonly Uint8Array[], key: Uint8Array): number {
  let low = 0;
  let high = keys.length;
  const last = keys[high - 1];
  if (last !== undefined && compareBytes(last, key) < 0) return high;
  while (low < high) {
    const middle = (low + high) >>> 1;
    const found = keys[middle];
    if (found !== undefined && compareBytes(found, key) < 0) low = middle + 1;
    else high = middle;
  }
  return low;
}

function chunkAt(chunks: readonly Chunk[], index: number): Chunk {
  const chunk = chunks[index];
  assert(chunk !== undefined, `There is no chunk ${index} of ${chunks.length}`);
  return chunk;
}

function entryAt(
  keys: readonly Uint8Array[],
  values: readonly Uint8Array[],
  at: number,
): ByteMapEntry {
  const [key, value] = [keys[at], values[at]];
  assert(key !== undefined && value !== undefined, `There is no entry ${at} of ${keys.length}`);
  return { key, value };
}
