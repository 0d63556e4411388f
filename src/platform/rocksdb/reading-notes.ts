/** Which ranges of rows are iterators reading at this moment? A file beside RocksDB's says it, so
 *  that the next start knows where the process died. RocksDB's iterators verify no checksums and
 *  end the process on a damaged block; without the note that happens at every start again, and
 *  nobody finds out why.
 *  Invariants: a range is noted before the engine reads any of it and is noted no longer when it
 *  has; after an orderly close nothing is noted; a note that cannot be written (a full disk) stops
 *  no reading. Nothing is fsynced: what was written outlives the process, and that is enough.
 *  Not here: what is made of a note at the next start (folder-probe.ts). Format: docs/protocol.md,
 *  "Reading notes". Why: docs/decisions/011. */
import { closeSync, openSync, writeSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { crc32 } from 'node:zlib';
import { STORE_ITERATORS_MAX } from '../../core/store-gate.ts';

const NOTES_FILE = 'reading-notes';
const FORMAT = 1;
/** The header has the first of these, each slot one of its own: a note of common keys is within one
 *  page of the system, one of the longest within two. */
const SLOT_BYTES = 8_192;
/** Kind u8, crc u32, length of `from` u16, of `to` u16. */
const NOTE_HEADER_BYTES = 9;
const CHECKED_FROM = 5;
const KIND_BYTES = 1;
const [NOTHING, ASCENDING, DESCENDING] = [0, 1, 2];

export interface NotedRange {
  /** First key, inclusive. */
  readonly from: Uint8Array;
  /** End, exclusive. */
  readonly to: Uint8Array;
  readonly reverse: boolean;
}

/** Of one iterator. */
export interface ReadingSlot {
  note(range: NotedRange): void;
  clear(): void;
  /** No other call after it. */
  release(): void;
}

export class ReadingNotes {
  readonly #free = Array.from({ length: STORE_ITERATORS_MAX }, (_, index) => index).reverse();
  readonly #bytes = Buffer.alloc(SLOT_BYTES);
  #file: number | undefined;

  /** What was noted before is gone. Errors: of the system. */
  open(location: string): void {
    const file = openSync(join(location, NOTES_FILE), 'w', 0o600);
    this.#file = file;
    writeSync(file, Uint8Array.of(FORMAT), 0, 1, 0);
  }

  /** Idempotent. */
  close(): void {
    if (this.#file !== undefined) closeSync(this.#file);
    this.#file = undefined;
  }

  /** Undefined beyond the most iterators a store has. */
  take(): ReadingSlot | undefined {
    const slot = this.#free.pop();
    if (slot === undefined) return undefined;
    return {
      note: (range) => this.#write(slot, encodeNote(range, this.#bytes)),
      clear: () => {
        this.#bytes[0] = NOTHING;
        this.#write(slot, KIND_BYTES);
      },
      release: () => {
        this.#free.push(slot);
      },
    };
  }

  #write(slot: number, byteCount: number): void {
    if (this.#file === undefined || byteCount === 0) return;
    try {
      writeSync(this.#file, this.#bytes, 0, byteCount, (slot + 1) * SLOT_BYTES);
    } catch {
      // Reading matters more than the note of it.
    }
  }
}

/** How many bytes it takes; 0 for bounds longer than any key, which go unnoted. */
export function encodeNote({ from, to, reverse }: NotedRange, into: Buffer): number {
  const byteCount = NOTE_HEADER_BYTES + from.length + to.length;
  if (byteCount > SLOT_BYTES) return 0;
  into[0] = reverse ? DESCENDING : ASCENDING;
  into.writeUInt16BE(from.length, CHECKED_FROM);
  into.writeUInt16BE(to.length, CHECKED_FROM + 2);
  into.set(from, NOTE_HEADER_BYTES);
  into.set(to, NOTE_HEADER_BYTES + from.length);
  into.writeUInt32BE(crc32(into.subarray(CHECKED_FROM, byteCount)), KIND_BYTES);
  return byteCount;
}

/** What was noted when the folder was last left. */
export async function readNotes(location: string): Promise<NotedRange[]> {
  const bytes = await readFile(join(location, NOTES_FILE)).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return Buffer.of();
    throw error;
  });
  return decodeNotes(bytes);
}

/** Nothing for a file of later software, and nothing of a note that a power loss has torn: notes
 *  are made for deaths of the process. */
export function decodeNotes(bytes: Buffer): NotedRange[] {
  if (bytes[0] !== FORMAT) return [];
  const notes: NotedRange[] = [];
  for (let at = SLOT_BYTES; at < bytes.length; at += SLOT_BYTES) {
    const note = decodeNote(bytes.subarray(at, at + SLOT_BYTES));
    if (note !== undefined) notes.push(note);
  }
  return notes;
}

function decodeNote(bytes: Buffer): NotedRange | undefined {
  const kind = bytes[0];
  if (bytes.length < NOTE_HEADER_BYTES || (kind !== ASCENDING && kind !== DESCENDING)) {
    return undefined;
  }
  const fromEnd = NOTE_HEADER_BYTES + bytes.readUInt16BE(CHECKED_FROM);
  const toEnd = fromEnd + bytes.readUInt16BE(CHECKED_FROM + 2);
  if (toEnd > bytes.length) return undefined;
  if (crc32(bytes.subarray(CHECKED_FROM, toEnd)) !== bytes.readUInt32BE(KIND_BYTES)) {
    return undefined;
  }
  return {
    from: Uint8Array.from(bytes.subarray(NOTE_HEADER_BYTES, fromEnd)),
    to: Uint8Array.from(bytes.subarray(fromEnd, toEnd)),
    reverse: kind === DESCENDING,
  };
}
