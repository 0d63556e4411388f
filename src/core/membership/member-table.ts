/** Who is there, as far as this node has heard: one lattice entry per member id.
 *  Invariants: what is received is only ever joined, so that the order, the number and the age of
 *  messages do not matter; nobody but this node changes its own record; what a sender does not know
 *  yet is told back to it (`stale`), an old record above all; an id that has LEFT never comes back,
 *  its entry is kept as long as the table; records of another cluster and of generations that only
 *  a wrong clock makes are refused; the number of entries is bounded.
 *  Not here: the lattice (member-entry.ts), when to accuse (failure-detector.ts), whom to tell
 *  (gossip-rounds.ts), making a generation durable (the service, before anybody hears of it).
 *  Source: SWIM §4.2; ARCHITECTURE 5.10. */
import { assert, CoterieError } from '../errors.ts';
import { ForgottenMembers, type LastSign, signOf } from './forgotten-members.ts';
import {
  accusationsIn,
  accusedOf,
  covers,
  entryOfAccusation,
  entryOfLeft,
  entryOfRecord,
  isLeft,
  join,
  type MemberEntry,
  normalEntry,
} from './member-entry.ts';
import { FindingList, type MemberFinding, RISE_MAX } from './member-finding.ts';
import type { Accusation, AccusationState, MemberRecord } from './member-record.ts';
import { COUNTER_MAX, compareRecords, compareStandpoints, isMemberId } from './member-record.ts';
import { type Beat, bucketOf, MemberSlots } from './member-slots.ts';

export interface MemberTableOptions {
  /** Entries kept, those of members that have left included. */
  readonly entriesMax: number;
  /** Entries whose ids share a bucket; a summary of one bucket always fits into a frame. */
  readonly bucketEntriesMax: number;
  /** A generation further ahead of this node's wall clock is refused. */
  readonly generationAheadMaxMs: number;
}

export const MEMBER_TABLE_DEFAULTS: MemberTableOptions = {
  entriesMax: 8_192,
  bucketEntriesMax: 1_024,
  generationAheadMaxMs: 24 * 3_600_000,
};

/** What a node may change in its own record while it runs. */
export type OwnChange = Partial<
  Omit<MemberRecord, 'id' | 'generation' | 'version' | 'incarnation' | 'status'>
> & { readonly status?: 'UP' | 'LEAVING' };

export interface Received {
  /** Ids whose entry says more than before: news, to be told on. */
  readonly changed: readonly string[];
  /** Ids of whose life there is fresh evidence: a later record or a higher heartbeat. */
  readonly advanced: readonly string[];
  /** Ids of which the sender does not know all that is known here. */
  readonly stale: readonly string[];
  /** This node stands accused, or others know a later life of it: see `refute`. */
  readonly isAccused: boolean;
  readonly findings: readonly MemberFinding[];
}

/** `generation`: only a new generation above `above` helps, see `startGeneration`. */
export type Refutation =
  | { readonly kind: 'none' | 'refuted' }
  | { readonly kind: 'generation'; readonly above: number };

export class MemberTable {
  readonly #options: MemberTableOptions;
  readonly #ownId: string;
  readonly #slots = new MemberSlots();
  readonly #findings = new FindingList();
  readonly #forgotten = new ForgottenMembers();
  /** The highest generation of this node's id that others have heard of. */
  #heardGeneration = 0;
  #jumpCount = 0;

  /** `own`: this node's record; its generation must be durable. */
  constructor(own: MemberRecord, options: MemberTableOptions = MEMBER_TABLE_DEFAULTS) {
    assert(own.status !== 'LEFT', 'A node that has left its cluster has no place in a table');
    this.#options = options;
    this.#ownId = own.id;
    this.#slots.put(entryOfRecord(own, 0));
  }

  get ownId(): string {
    return this.#ownId;
  }

  /** LEFT once this node has been told that it was removed. */
  get own(): MemberRecord {
    const { record } = this.#ownEntry();
    assert(record !== undefined, 'The own record is always there');
    return record;
  }

  get size(): number {
    return this.#slots.size;
  }

  entry(id: string): MemberEntry | undefined {
    return this.#slots.get(id);
  }

  record(id: string): MemberRecord | undefined {
    return this.#slots.get(id)?.record;
  }

  /** Everybody, this node and those that have left included, in no order. */
  entries(): IterableIterator<MemberEntry> {
    return this.#slots.entries();
  }

  accusations(id: string): readonly Accusation[] {
    const entry = this.entry(id);
    return entry === undefined ? [] : accusationsIn(entry);
  }

  accusedOf(id: string): AccusationState | undefined {
    const entry = this.entry(id);
    return entry === undefined ? undefined : accusedOf(entry);
  }

  /** u32 of everything that is said of the members of one bucket, heartbeats apart. */
  bucketHash(bucket: number): number {
    return this.#slots.bucketHash(bucket);
  }

  /** Ids of one bucket, ascending. */
  bucketIds(bucket: number): readonly string[] {
    return this.#slots.bucketIds(bucket);
  }

  /** Heartbeats of one bucket, ids ascending; good until the next change. */
  beats(bucket: number): readonly Beat[] {
    return this.#slots.beats(bucket);
  }

  /** u32 of everything that is said of one member, heartbeats apart; 0 for an unknown one. */
  hashOf(id: string): number {
    return this.#slots.hashOf(id);
  }

  /** Raises this node's own heartbeat: once a round. */
  beat(): void {
    const entry = this.#ownEntry();
    if (!isLeft(entry)) this.raiseHeartbeat(entry.id, entry.generation, entry.heartbeat + 1);
  }

  /** Whether it was news. Heartbeats of a generation that is not the known one say nothing. */
  raiseHeartbeat(id: string, generation: number, heartbeat: number): boolean {
    return this.#slots.raiseHeartbeat(id, generation, Math.min(heartbeat, COUNTER_MAX));
  }

  /** Changes this node's own record; false when nothing is different. A cluster id, once there is
   *  one, drops what was heard of other clusters. Errors: CONFLICT after LEFT. */
  updateOwn(change: OwnChange): boolean {
    const { own } = this;
    const next: MemberRecord = { ...own, ...change };
    if (compareRecords(own, next) === 0) return false;
    this.#writeOwn({ ...next, version: own.version + 1 });
    if (next.clusterId !== own.clusterId) this.#dropOtherClusters();
    return true;
  }

  /** Answers what stands against this node by a higher incarnation. Errors: CONFLICT after LEFT. */
  refute(): Refutation {
    const { generation, incarnation, accusers } = this.#ownEntry();
    const { own } = this;
    const above = Math.max(generation, this.#heardGeneration);
    if (above > own.generation) return { kind: 'generation', above };
    if (accusers.length === 0 && incarnation === own.incarnation) return { kind: 'none' };
    if (incarnation >= COUNTER_MAX || own.version >= COUNTER_MAX) {
      return { kind: 'generation', above };
    }
    this.#writeOwn({ ...own, version: own.version + 1, incarnation: incarnation + 1 });
    return { kind: 'refuted' };
  }

  /** Goes on under a new generation, which must be durable. Errors: CONFLICT after LEFT. */
  startGeneration(generation: number): void {
    const above = Math.max(this.own.generation, this.#heardGeneration);
    assert(generation > above, `Generation ${generation} is not above ${above}`);
    this.#jumpCount += 1;
    this.#writeOwn({ ...this.own, generation, version: 0, incarnation: 0 });
  }

  /** Accuses a member in the name of this node. False when it is no news, refuted already, or
   *  about nobody who could answer. */
  accuse(accusation: Omit<Accusation, 'by'>): boolean {
    const mine = this.#slots.get(accusation.about);
    if (mine === undefined || mine.id === this.#ownId || isLeft(mine)) return false;
    if (compareStandpoints(accusation, mine) < 0) return false;
    return this.#join(mine, entryOfAccusation({ ...accusation, by: this.#ownId }));
  }

  /** The id has left the cluster for ever. Whether that is news. */
  leave(id: string, name: string): boolean {
    assert(isMemberId(id), `"${id}" is no member id`);
    const mine = this.entry(id);
    if (mine !== undefined && isLeft(mine)) return false;
    if (mine === undefined && !this.#hasRoom(id)) return false;
    const known = mine?.record;
    const left = entryOfLeft(id, known?.name ?? name, known?.clusterId ?? this.own.clusterId);
    this.#slots.put(left);
    return true;
  }

  /** Drops a node that is gone and was never a member; word of a later life brings it back. */
  forget(id: string): void {
    const entry = this.#slots.get(id);
    if (entry === undefined || id === this.#ownId || isLeft(entry)) return;
    this.#forgotten.add(id, signOf(entry));
    this.#slots.delete(id);
  }

  /** Whether it was forgotten, and this says nothing later of it. */
  isForgotten(id: string, sign: LastSign): boolean {
    return this.#forgotten.isPast(id, sign);
  }

  /** Joins what a peer says. `wallMs`: this node's wall clock, for the guard on generations. */
  receive(entries: readonly MemberEntry[], wallMs: number): Received {
    const changed: string[] = [];
    const advanced: string[] = [];
    const stale: string[] = [];
    for (const given of entries) {
      const theirs = normalEntry(given);
      const { id } = theirs;
      if (!this.#isAcceptable(theirs, wallMs)) continue;
      const mine = this.entry(id);
      const isChanged = id === this.#ownId ? this.#hearOfSelf(theirs) : this.#join(mine, theirs);
      if (isChanged) changed.push(id);
      const now = this.entry(id);
      if (now === undefined) continue;
      if (isLater(mine, now) && id !== this.#ownId) advanced.push(id);
      if (!covers(theirs, now)) stale.push(id);
    }
    const isAccused = this.#isAccused();
    return { changed, advanced, stale, isAccused, findings: this.#findings.take() };
  }

  /** Looks at who is on the other side of a channel. The finding, if it may not take part; a node
   *  that has dialled itself finds nothing. */
  meet(peer: {
    id: string;
    clusterId: string;
    generation: number;
    address: string;
  }): MemberFinding | undefined {
    const { id, clusterId, generation, address } = peer;
    const { own } = this;
    if (isOtherCluster(own.clusterId, clusterId)) {
      return { kind: 'other-cluster', id, clusterId, name: address };
    }
    const known = id === own.id ? own : this.record(id);
    if (known === undefined) return undefined;
    if (known.status === 'LEFT') return { kind: 'removed', id, name: known.name };
    const isBehind = generation < known.generation && address !== known.address;
    if (id !== own.id && !isBehind) return undefined;
    if (id === own.id && generation === own.generation && address === own.address) return undefined;
    const addresses = [known.address, address];
    const generations = [known.generation, generation];
    const mustStop = id === own.id && isLoser(own, { generation, address });
    return { kind: 'clone', id, addresses, generations, mustStop };
  }

  #isAcceptable(theirs: MemberEntry, wallMs: number): boolean {
    const { id, record, generation } = theirs;
    if (!isLeft(theirs) && this.#forgotten.isPast(id, signOf(theirs))) return false;
    if (record !== undefined && isOtherCluster(this.own.clusterId, record.clusterId)) {
      const { clusterId, name } = record;
      this.#findings.add({ kind: 'other-cluster', id, clusterId, name });
      return false;
    }
    const aheadMs = generation - wallMs;
    if (aheadMs > this.#options.generationAheadMaxMs) {
      this.#findings.add({ kind: 'wrong-clock', id, generation, aheadMs });
      return false;
    }
    return true;
  }

  /** Others may accuse this node; its record they cannot write. */
  #hearOfSelf(theirs: MemberEntry): boolean {
    const { own } = this;
    const { record } = theirs;
    if (own.status === 'LEFT') return false;
    if (record?.status === 'LEFT') {
      this.#findings.add({ kind: 'removed', id: own.id, name: own.name });
      return this.#join(this.#ownEntry(), theirs);
    }
    if (record !== undefined && compareRecords(record, own) > 0) this.#hearOfDouble(record);
    if (theirs.generation > own.generation) {
      this.#heardGeneration = Math.max(this.#heardGeneration, theirs.generation);
      return false;
    }
    return this.#join(this.#ownEntry(), { ...theirs, record: undefined, heartbeat: 0 });
  }

  /** A later record of this node's id than its own: its past, which it has forgotten, or another
   *  node under its id. The past does not answer when this node rises above it, and has not risen
   *  above this node. */
  #hearOfDouble(record: MemberRecord): void {
    const { own } = this;
    const { id, generation, address } = record;
    this.#heardGeneration = Math.max(this.#heardGeneration, generation + 1);
    const isElsewhere = address !== own.address;
    const hasRisen = generation - own.generation <= RISE_MAX;
    if (isElsewhere && (this.#jumpCount > 0 || hasRisen)) {
      const addresses = [own.address, address];
      const generations = [own.generation, generation];
      const mustStop = isLoser(own, record);
      this.#findings.add({ kind: 'clone', id, addresses, generations, mustStop });
      return;
    }
    this.#findings.add({ kind: 'amnesia', id, generation, ownGeneration: own.generation });
  }

  #isAccused(): boolean {
    const { generation, incarnation, accusers, record } = this.#ownEntry();
    if (record === undefined || record.status === 'LEFT') return false;
    if (this.#heardGeneration > record.generation || accusers.length > 0) return true;
    return compareStandpoints({ generation, incarnation }, record) > 0;
  }

  #join(mine: MemberEntry | undefined, theirs: MemberEntry): boolean {
    if (mine === undefined) {
      if (!this.#hasRoom(theirs.id)) return false;
      this.#forgotten.delete(theirs.id);
      this.#slots.put(theirs);
      return true;
    }
    if (covers(mine, theirs)) {
      const { id, record, heartbeat } = theirs;
      if (record !== undefined) this.raiseHeartbeat(id, record.generation, heartbeat);
      return false;
    }
    this.#noteTwoWriters(mine.record, theirs.record);
    this.#slots.put(join(mine, theirs));
    return true;
  }

  #noteTwoWriters(mine: MemberRecord | undefined, theirs: MemberRecord | undefined): void {
    if (mine === undefined || theirs === undefined || theirs.status === 'LEFT') return;
    if (mine.generation !== theirs.generation || mine.version !== theirs.version) return;
    if (compareRecords(mine, theirs) === 0) return;
    const addresses = [mine.address, theirs.address];
    const generations = [mine.generation, theirs.generation];
    this.#findings.add({ kind: 'clone', id: mine.id, addresses, generations, mustStop: false });
  }

  #hasRoom(id: string): boolean {
    const { entriesMax, bucketEntriesMax } = this.#options;
    const inBucket = this.#slots.bucketIds(bucketOf(id)).length;
    if (this.#slots.size < entriesMax && inBucket < bucketEntriesMax) return true;
    this.#findings.add({ kind: 'table-full', id, entries: this.#slots.size });
    return false;
  }

  #writeOwn(record: MemberRecord): void {
    if (this.own.status === 'LEFT') {
      throw new CoterieError('CONFLICT', `Member ${record.name} has left its cluster for ever`);
    }
    const { heartbeat } = this.#ownEntry();
    const isNewLife = record.generation > this.own.generation;
    this.#slots.put(join(this.#ownEntry(), entryOfRecord(record, isNewLife ? 0 : heartbeat)));
  }

  #ownEntry(): MemberEntry {
    const entry = this.#slots.get(this.#ownId);
    assert(entry !== undefined, 'The own entry is always there');
    return entry;
  }

  /** What is known from accusations alone may be about other clusters too. */
  #dropOtherClusters(): void {
    const { clusterId } = this.own;
    for (const { id, record } of [...this.#slots.entries()]) {
      if (record === undefined || isOtherCluster(clusterId, record.clusterId)) {
        this.#slots.delete(id);
      }
    }
  }
}

function isOtherCluster(mine: string, theirs: string): boolean {
  return mine !== '' && theirs !== '' && mine !== theirs;
}

/** Of two nodes under one id the lower generation gives way, then the higher address. */
function isLoser(own: MemberRecord, other: { generation: number; address: string }): boolean {
  if (own.generation !== other.generation) return own.generation < other.generation;
  return own.address > other.address;
}

function isLater(before: MemberEntry | undefined, now: MemberEntry): boolean {
  const { record } = now;
  if (record === undefined || record.status === 'LEFT') return false;
  if (before?.record === undefined) return true;
  return record !== before.record || now.heartbeat > before.heartbeat;
}
