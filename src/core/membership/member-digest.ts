/** What two nodes tell each other about their tables before they tell members: are they the same,
 *  and if not, where.
 *  A digest is one hash for each of 64 buckets of ids and all heartbeats in the order of the sorted
 *  ids, which both sides share wherever the hashes agree. Only buckets that differ are listed,
 *  entry by entry in a few bytes each, and only entries that differ are sent.
 *  Invariants: heartbeats are read only under equal hashes; no list and no delta is larger than its
 *  bound; what does not fit comes in a later round, those that are most behind first.
 *  Not here: joining entries (member-table.ts), the order of messages (gossip-exchange.ts).
 *  Source: van Renesse et al. 2008 (scuttlebutt) §3; ARCHITECTURE 5.10. */
import { isLeft, type MemberEntry } from './member-entry.ts';
import { GENERATION_MAX } from './member-record.ts';
import { type Beat, BUCKETS } from './member-slots.ts';
import type { MemberTable } from './member-table.ts';

/** Bound on the entries, and on the summaries, of one message. */
export const DELTA_BYTES_MAX = 64 * 1_024;
/** What a summary and its framing take on the wire at most. */
export const SUMMARY_BYTES_MAX = 56;

export interface GossipDigest {
  /** u32 per bucket. */
  readonly hashes: readonly number[];
  /** Heartbeats per bucket. */
  readonly counts: readonly number[];
  /** u32 each, bucket by bucket, ids ascending; members that have a record and have not left. */
  readonly heartbeats: readonly number[];
}

/** One entry in a few bytes. */
export interface EntrySummary {
  readonly id: string;
  /** Of the record; 0 without one, above every generation once the member has left. */
  readonly generation: number;
  readonly version: number;
  readonly hash: number;
  readonly heartbeat: number;
}

/** All entries of some buckets. */
export interface BucketSummaries {
  readonly buckets: readonly number[];
  readonly entries: readonly EntrySummary[];
}

export interface DigestComparison {
  /** Buckets that are not the same here. */
  readonly differing: readonly number[];
  /** Ids whose heartbeat rose here. */
  readonly advanced: readonly string[];
  /** By how much the heartbeat here is ahead, for each in the digest; empty when none is. */
  readonly ahead: readonly number[];
}

export interface DeltaPlan {
  /** Ids to send, those first of which the other side is most behind. */
  readonly send: readonly string[];
  /** Ids to ask for, those first of which this side is most behind. */
  readonly want: readonly string[];
  readonly advanced: readonly string[];
}

export function makeDigest(table: MemberTable): GossipDigest {
  const hashes: number[] = [];
  const counts: number[] = [];
  const heartbeats: number[] = [];
  for (let bucket = 0; bucket < BUCKETS; bucket += 1) {
    const beats = table.beats(bucket);
    for (const beat of beats) heartbeats.push(beat.heartbeat);
    hashes.push(table.bucketHash(bucket));
    counts.push(beats.length);
  }
  return { hashes, counts, heartbeats };
}

/** Takes over the heartbeats of a peer's digest and says where the two differ. */
export function compareDigest(table: MemberTable, digest: GossipDigest): DigestComparison {
  const differing: number[] = [];
  const advanced: string[] = [];
  const ahead: number[] = [];
  let isAhead = false;
  let from = 0;
  for (let bucket = 0; bucket < BUCKETS; bucket += 1) {
    const count = digest.counts[bucket] ?? 0;
    const beats = table.beats(bucket);
    const isSame = digest.hashes[bucket] === table.bucketHash(bucket) && beats.length === count;
    if (!isSame) differing.push(bucket);
    for (let index = 0; index < count; index += 1) {
      const beat = isSame ? beats[index] : undefined;
      const theirs = digest.heartbeats[from + index] ?? 0;
      const mine = beat?.heartbeat ?? 0;
      ahead.push(mine > theirs ? mine - theirs : 0);
      isAhead ||= mine > theirs;
      if (beat !== undefined && isRaised(table, beat, theirs)) advanced.push(beat.id);
    }
    from += count;
  }
  return { differing, advanced, ahead: isAhead ? ahead : [] };
}

/** Takes over the heartbeats that a peer knew better than this node's own digest; the ids. */
export function applyAhead(
  table: MemberTable,
  digest: GossipDigest,
  ahead: readonly number[],
): readonly string[] {
  const advanced: string[] = [];
  if (ahead.length !== digest.heartbeats.length) return advanced;
  let from = 0;
  for (let bucket = 0; bucket < BUCKETS; bucket += 1) {
    const count = digest.counts[bucket] ?? 0;
    // What has changed since the digest was made is left for the next round.
    const isSame = digest.hashes[bucket] === table.bucketHash(bucket);
    const beats = isSame ? table.beats(bucket) : [];
    for (const [index, beat] of beats.entries()) {
      const rise = ahead[from + index] ?? 0;
      if (rise === 0) continue;
      const heartbeat = (digest.heartbeats[from + index] ?? 0) + rise;
      if (isRaised(table, beat, heartbeat)) advanced.push(beat.id);
    }
    from += count;
  }
  return advanced;
}

/** Whole buckets, as many as fit; which come first changes with `turn`, so that all get there. */
export function summarise(
  table: MemberTable,
  differing: readonly number[],
  turn: number,
  bytesMax: number = DELTA_BYTES_MAX,
): BucketSummaries {
  const buckets: number[] = [];
  const entries: EntrySummary[] = [];
  for (let step = 0; step < differing.length; step += 1) {
    const bucket = differing[(turn + step) % differing.length] ?? 0;
    const ids = table.bucketIds(bucket);
    if ((entries.length + ids.length) * SUMMARY_BYTES_MAX > bytesMax) continue;
    buckets.push(bucket);
    for (const id of ids) {
      const entry = table.entry(id);
      if (entry !== undefined) entries.push(summaryOf(table, entry));
    }
  }
  return { buckets, entries };
}

/** Which entries of these buckets one side lacks. */
export function planDelta(table: MemberTable, summaries: BucketSummaries): DeltaPlan {
  const send: Lag[] = [];
  const want: Lag[] = [];
  const advanced: string[] = [];
  const known = new Set<string>();
  for (const theirs of summaries.entries) {
    const { id } = theirs;
    known.add(id);
    const entry = table.entry(id);
    if (entry === undefined) {
      if (!table.isForgotten(id, theirs))
        want.push({ id, generations: Number.POSITIVE_INFINITY, versions: 0 });
      continue;
    }
    if (isRaised(table, { ...entry, generation: theirs.generation }, theirs.heartbeat)) {
      advanced.push(id);
    }
    const mine = summaryOf(table, entry);
    if (mine.hash === theirs.hash) continue;
    const generations = mine.generation - theirs.generation;
    const versions = mine.version - theirs.version;
    const order = generations || versions;
    // An accusation may be newer than a record that is older.
    if (order >= 0 || entry.accusers.length > 0) send.push({ id, generations, versions });
    if (order <= 0) want.push({ id, generations: -generations, versions: -versions });
  }
  for (const bucket of summaries.buckets) {
    for (const id of table.bucketIds(bucket)) {
      if (known.has(id)) continue;
      send.push({ id, generations: Number.POSITIVE_INFINITY, versions: 0 });
    }
  }
  return { send: mostBehindFirst(send), want: mostBehindFirst(want), advanced };
}

/** The entries of these ids, in this order, as many as fit. */
export function packEntries(
  table: MemberTable,
  ids: Iterable<string>,
  bytesMax: number = DELTA_BYTES_MAX,
): readonly MemberEntry[] {
  const packed: MemberEntry[] = [];
  const seen = new Set<string>();
  let bytes = 0;
  for (const id of ids) {
    const entry = table.entry(id);
    if (entry === undefined || seen.has(id)) continue;
    seen.add(id);
    bytes += entryBytesMax(entry);
    if (bytes > bytesMax) break;
    packed.push(entry);
  }
  return packed;
}

const ENTRY_FIXED_BYTES = 64;
const RECORD_FIXED_BYTES = 152;
const ACCUSER_BYTES = 24;

/** Not less than what the entry takes on the wire, its framing included. */
export function entryBytesMax(entry: MemberEntry): number {
  const { record, accusers } = entry;
  const bytes = ENTRY_FIXED_BYTES + accusers.length * ACCUSER_BYTES;
  if (record === undefined) return bytes;
  const { name, address, zone, datacentre } = record;
  const texts = name.length + address.length + zone.length + datacentre.length;
  return bytes + RECORD_FIXED_BYTES + texts;
}

interface Lag {
  readonly id: string;
  readonly generations: number;
  readonly versions: number;
}

function mostBehindFirst(lags: Lag[]): readonly string[] {
  lags.sort((a, b) => {
    if (a.generations !== b.generations) return a.generations > b.generations ? -1 : 1;
    return b.versions - a.versions;
  });
  return lags.map(({ id }) => id);
}

function summaryOf(table: MemberTable, entry: MemberEntry): EntrySummary {
  const { id, record, heartbeat } = entry;
  const hash = table.hashOf(id);
  const generation = isLeft(entry) ? GENERATION_MAX + 1 : (record?.generation ?? 0);
  return { id, generation, version: record?.version ?? 0, hash, heartbeat };
}

/** This node's own heartbeat is raised by nobody else. */
function isRaised(table: MemberTable, beat: Beat, heartbeat: number): boolean {
  if (heartbeat <= beat.heartbeat || beat.id === table.ownId) return false;
  return table.raiseHeartbeat(beat.id, beat.generation, heartbeat);
}
