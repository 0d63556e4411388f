/** Entries by id, and by bucket for whoever compares two tables without sending them.
 *  Invariants: the hash of a bucket is the XOR of its entries' hashes at every moment; ids of a
 *  bucket ascend; equal entries give equal hashes on every node, heartbeats never matter.
 *  Not here: what is put in and why (member-table.ts). */
import { entryHash, type MemberEntry } from './member-entry.ts';

export const BUCKETS = 64;

interface Slot {
  entry: MemberEntry;
  hash: number;
}

export class MemberSlots {
  readonly #slots = new Map<string, Slot>();
  readonly #ids: string[][] = Array.from({ length: BUCKETS }, () => []);
  readonly #hashes = new Uint32Array(BUCKETS);

  get size(): number {
    return this.#slots.size;
  }

  get(id: string): MemberEntry | undefined {
    return this.#slots.get(id)?.entry;
  }

  *entries(): IterableIterator<MemberEntry> {
    for (const { entry } of this.#slots.values()) yield entry;
  }

  /** u32; 0 for an unknown id. */
  hashOf(id: string): number {
    return this.#slots.get(id)?.hash ?? 0;
  }

  /** u32. */
  bucketHash(bucket: number): number {
    return this.#hashes[bucket] ?? 0;
  }

  /** Ascending. */
  bucketIds(bucket: number): readonly string[] {
    return this.#ids[bucket] ?? [];
  }

  put(entry: MemberEntry): void {
    const { id } = entry;
    const slot = this.#slots.get(id);
    const hash = entryHash(entry);
    this.#mix(id, (slot?.hash ?? 0) ^ hash);
    if (slot !== undefined) {
      slot.entry = entry;
      slot.hash = hash;
      return;
    }
    this.#slots.set(id, { entry, hash });
    const ids = this.#ids[bucketOf(id)];
    ids?.splice(placeIn(ids, id), 0, id);
  }

  /** For an id that is there; no hash changes. */
  setHeartbeat(id: string, heartbeat: number): void {
    const slot = this.#slots.get(id);
    if (slot !== undefined) slot.entry = { ...slot.entry, heartbeat };
  }

  delete(id: string): void {
    const slot = this.#slots.get(id);
    if (slot === undefined) return;
    this.#slots.delete(id);
    this.#mix(id, slot.hash);
    const ids = this.#ids[bucketOf(id)];
    ids?.splice(placeIn(ids, id), 1);
  }

  #mix(id: string, hash: number): void {
    const bucket = bucketOf(id);
    this.#hashes[bucket] = (this.#hashes[bucket] ?? 0) ^ hash;
  }
}

/** Ids are random: their first byte spreads them. */
export function bucketOf(id: string): number {
  return Number.parseInt(id.slice(0, 2), 16) % BUCKETS;
}

/** Index of the id, or where it belongs. */
function placeIn(ids: readonly string[], id: string): number {
  let from = 0;
  let to = ids.length;
  while (from < to) {
    const middle = (from + to) >>> 1;
    if ((ids[middle] ?? '') < id) from = middle + 1;
    else to = middle;
  }
  return from;
}
