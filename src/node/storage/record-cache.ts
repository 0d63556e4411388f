/** Which committed records are at hand without asking the engine? A call into the engine costs a change of threads
 *  and, per key, about as much as everything else that is done with a small record.
 *  Invariants: what it holds is the committed state of a key that has no lane (while there is one, the lane knows
 *  better); a load that was under way while its key was written leaves nothing here; its bytes are bounded, the entry
 *  used longest ago goes first; it holds no views into larger buffers.
 *  Not here: what may be shown to whom (record-reads.ts, key-lanes.ts). */
import type { RecordCodec } from '../../core/version/record-codec.ts';
import { StoredRecord } from './stored-record.ts';

/** What an entry costs beside its bytes: map slot, the decoded record, the key's name. */
const ENTRY_OVERHEAD_BYTES = 700;

interface PendingLoad {
  count: number;
  isOutdated: boolean;
}

export class RecordCache {
  readonly #codec: RecordCodec;
  readonly #bytesMax: number;
  /** In the order of use, the oldest first. */
  readonly #entries = new Map<string, StoredRecord>();
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
    const stored = this.#entries.get(id);
    if (stored === undefined) return undefined;
    this.#entries.delete(id);
    this.#entries.set(id, stored);
    return stored;
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
    const load = this.#loads.get(id);
    if (load !== undefined) load.isOutdated = true;
    this.#put(id, stored);
  }

  /** The record is not to be relied on any more. */
  drop(id: string): void {
    const load = this.#loads.get(id);
    if (load !== undefined) load.isOutdated = true;
    const stored = this.#entries.get(id);
    if (stored === undefined) return;
    this.#entries.delete(id);
    this.#bytes -= costOf(id, stored);
  }

  #put(id: string, stored: StoredRecord): void {
    const known = this.#entries.get(id);
    if (known === stored) return;
    if (known !== undefined) {
      this.#entries.delete(id);
      this.#bytes -= costOf(id, known);
    }
    const cost = costOf(id, stored);
    if (cost > this.#bytesMax / 8) return; // One large value must not push out all the others.
    this.#entries.set(id, this.#compact(stored));
    this.#bytes += cost;
    for (const [oldest, evicted] of this.#entries) {
      if (this.#bytes <= this.#bytesMax) return;
      this.#entries.delete(oldest);
      this.#bytes -= costOf(oldest, evicted);
    }
  }

  /** A record that came in a frame is a view of the whole frame, which it would keep in memory. */
  #compact(stored: StoredRecord): StoredRecord {
    const { bytes } = stored;
    if (bytes.byteLength * 2 >= bytes.buffer.byteLength) return stored;
    return new StoredRecord(this.#codec, bytes.slice());
  }
}

function costOf(id: string, stored: StoredRecord): number {
  return stored.bytes.length + id.length + ENTRY_OVERHEAD_BYTES;
}
