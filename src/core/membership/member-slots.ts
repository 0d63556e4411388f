/** Entries by id, and by bucket for whoever compares two tables without sending them.
 *  Invariants: the hash of a bucket is the XOR of its entries' hashes at every moment; ids of a
 *  bucket ascend; equal entries give equal hashes on every node, heartbeats never matter.
 *  A heartbeat rises for every member every second and everything else hardly ever does, so it is
 *  kept beside the entry, and the entry catches up when somebody asks for it.
 *  Not here: what is put in and why (member-table.ts). */
import { assert } from '../errors.ts';
import { entryHash, isLeft, type MemberEntry } from './member-entry.ts';

export const BUCKETS = 64;

/** The heartbeat of a member that has a record and has not left. */
export interface Beat {
  readonly id: string;
  readonly generation: number;
  readonly heartbeat: number;
}

interface Slot {
  id: string;
  /** Of the record; -1 for an entry that does not beat. */
  generation: number;
  heartbeat: number;
  entry: MemberEntry;
  hash: number;
}

interface Bucket {
  ids: string[];
  hash: number;
  /** Made when asked for, dropped when an entry of the bucket changes. */
  beats: readonly Beat[] | undefined;
}

export class MemberSlots {
  readonly #slots = new Map<string, Slot>();
  readonly #buckets: readonly Bucket[] = Array.from({ length: BUCKETS }, () => {
    return { ids: [], hash: 0, beats: undefined };
  });

  get size(): number {
    return this.#slots.size;
  }

  get(id: string): MemberEntry | undefined {
    const slot = this.#slots.get(id);
    return slot === undefined ? undefined : presentEntry(slot);
  }

  *entries(): IterableIterator<MemberEntry> {
    for (const slot of this.#slots.values()) yield presentEntry(slot);
  }

  /** u32; 0 for an unknown id. */
  hashOf(id: string): number {
    return this.#slots.get(id)?.hash ?? 0;
  }

  /** u32. */
  bucketHash(bucket: number): number {
    return this.#bucket(bucket).hash;
  }

  /** Ascending. */
  bucketIds(bucket: number): readonly string[] {
    return this.#bucket(bucket).ids;
  }

  /** Ids ascending; good until the next change. */
  beats(bucket: number): readonly Beat[] {
    const found = this.#bucket(bucket);
    found.beats ??= found.ids.flatMap((id): readonly Beat[] => {
      const slot = this.#slots.get(id);
      return slot === undefined || slot.generation < 0 ? [] : [slot];
    });
    return found.beats;
  }

  put(entry: MemberEntry): void {
    const { id, record, heartbeat } = entry;
    const bucket = this.#bucket(bucketOf(id));
    const slot = this.#slots.get(id);
    const hash = entryHash(entry);
    const generation = record === undefined || isLeft(entry) ? -1 : record.generation;
    bucket.hash = (bucket.hash ^ (slot?.hash ?? 0) ^ hash) >>> 0;
    bucket.beats = undefined;
    this.#slots.set(id, { id, generation, heartbeat, entry, hash });
    if (slot === undefined) bucket.ids.splice(placeIn(bucket.ids, id), 0, id);
  }

  /** Whether it was news. Heartbeats of a generation that is not the known one say nothing. */
  raiseHeartbeat(id: string, generation: number, heartbeat: number): boolean {
    const slot = this.#slots.get(id);
    if (slot === undefined || slot.generation !== generation) return false;
    if (heartbeat <= slot.heartbeat) return false;
    slot.heartbeat = heartbeat;
    return true;
  }

  delete(id: string): void {
    const slot = this.#slots.get(id);
    if (slot === undefined) return;
    const bucket = this.#bucket(bucketOf(id));
    bucket.hash = (bucket.hash ^ slot.hash) >>> 0;
    bucket.beats = undefined;
    bucket.ids.splice(placeIn(bucket.ids, id), 1);
    this.#slots.delete(id);
  }

  #bucket(bucket: number): Bucket {
    const found = this.#buckets[bucket];
    assert(found !== undefined, `There is no bucket ${bucket}, they are 0 to ${BUCKETS - 1}`);
    return found;
  }
}

/** Ids are random: their first byte spreads them. */
export function bucketOf(id: string): number {
  return Number.parseInt(id.slice(0, 2), 16) % BUCKETS;
}

function presentEntry(slot: Slot): MemberEntry {
  if (slot.entry.heartbeat !== slot.heartbeat) {
    const { id, record, generation, incarnation, accusers } = slot.entry;
    const { heartbeat } = slot;
    // Written out: made in every round, and a spread would give each a hidden class of its own.
    slot.entry = { id, record, heartbeat, generation, incarnation, accusers };
  }
  return slot.entry;
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
