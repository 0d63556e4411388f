/** Which committed records are at hand without asking the engine? A call into the engine costs a
 *  change of threads and, per key, about as much as everything else that is done with a small
 *  record.
 *  Invariants: what it holds is the committed state of a key that has no lane (while there is one,
 *  the lane knows better); a load that was under way while its key was written leaves nothing here;
 *  its bytes are bounded, entries that nobody used go first; it holds no views into larger buffers.
 *  Not here: what may be shown to whom (record-reads.ts, key-lanes.ts). */
import type { RecordCodec } from '../../core/version/record-codec.ts';
import { StoredRecord } from './stored-record.ts';

/** What an entry costs beside its bytes: map slot, the decoded record, the key's name. */
const ENTRY_OVERHEAD_BYTES = 700;

interface Entry {
  readonly stored: StoredRecord;
  /** Found since it was last looked at for eviction. */
  isUsed: boolean;
}

interface PendingLoad {
  count: number;
  isOutdated: boolean;
}

export class RecordCache {
  readonly #codec: RecordCodec;
  readonly #bytesMax: number;
  /** In the order of coming, which is the order of eviction but for those used meanwhile: they go
   *  round once more (the second chance of Corbató 1968). Moving an entry at every hit would cost
   *  more than the hit. */
  readonly #entries = new Map<string, Entry>();
  readonly #loads = new Map<string, PendingLoad>();
  #bytes = 0;

  constructor(codec: RecordCodec, bytesMax: number) {
    this.#codec = codec;
    this.#bytesMax = bytesMax;
  }

  get bytes(): number {
    return this.#bytes;
  }

  find(id: string): StoredRecord | undefined {
    const entry = this.#entries.get(id);
    if (entry === undefined) return undefined;
    entry.isUsed = true;
    return entry.stored;
  }

  /** The engine is being asked for the key. */
  loading(id: string): void {
    const load = this.#loads.get(id);
    if (load === undefined) this.#loads.set(id, { count: 1, isOutdated: false });
    else load.count += 1;
  }

  /** ... and has answered; `undefined`: with nothing that can be kept. */
  loaded(id: string, stored: StoredRecord | undefined): void {
    const load = this.#loads.get(id);
    if (load === undefined) return;
    load.count -= 1;
    if (load.count === 0) this.#loads.delete(id);
    if (stored !== undefined && !load.isOutdated) this.#put(id, stored);
  }

  /** The key has been written, and this is what is committed. */
  committed(id: string, stored: StoredRecord): void {
    this.#outdateLoads(id);
    this.#put(id, stored);
  }

  /** The record is not to be relied on any more. */
  drop(id: string): void {
    this.#outdateLoads(id);
    this.#remove(id);
  }

  #outdateLoads(id: string): void {
    const load = this.#loads.get(id);
    if (load !== undefined) load.isOutdated = true;
  }

  #put(id: string, stored: StoredRecord): void {
    const known = this.#entries.get(id);
    this.#remove(id);
    const cost = costOf(id, stored);
    if (cost > this.#bytesMax / 8) return; // One large value must not push out all the others.
    this.#entries.set(id, { stored: this.#compact(stored), isUsed: known?.isUsed ?? false });
    this.#bytes += cost;
    this.#evict();
  }

  #evict(): void {
    for (const [id, entry] of this.#entries) {
      if (this.#bytes <= this.#bytesMax) return;
      this.#entries.delete(id);
      if (entry.isUsed) {
        entry.isUsed = false;
        this.#entries.set(id, entry);
      } else {
        this.#bytes -= costOf(id, entry.stored);
      }
    }
  }

  #remove(id: string): void {
    const entry = this.#entries.get(id);
    if (entry === undefined) return;
    this.#entries.delete(id);
    this.#bytes -= costOf(id, entry.stored);
  }

  /** What was decoded from a frame, or minted from one, has values that are views of that frame,
   *  and so may the bytes be: kept as they are, they would keep frames of a MiB. What is kept is
   *  the record's own bytes, to be decoded when somebody asks. */
  #compact(stored: StoredRecord): StoredRecord {
    const { bytes } = stored;
    const isOwn = bytes.byteLength * 2 >= bytes.buffer.byteLength;
    return new StoredRecord(this.#codec, isOwn ? bytes : bytes.slice());
  }
}

function costOf(id: string, stored: StoredRecord): number {
  return stored.bytes.length + id.length + ENTRY_OVERHEAD_BYTES;
}
