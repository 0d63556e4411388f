/** All that a node knows of one member, as one element of a lattice: its record, its heartbeat, and
 *  who accuses it of what.
 *  Invariants: `join` is idempotent, commutative and associative and never goes down in the order
 *  of `covers`; accusations are kept only at the standpoint (generation, incarnation), the highest
 *  that any evidence has shown, so an old record never clears a later accusation; LEFT is the top.
 *  Of many accusers those stay that sort first: the first k of a union are the same however it
 *  came about.
 *  Not here: which entries are refused (member-table.ts), bytes (wire/gossip-codec.ts).
 *  Source: SWIM §4.2, with (generation, incarnation) in place of its incarnation; memberlist
 *  issues 311 and 345 for what goes wrong when evidence about unknown members is dropped. */
import murmurHash3 from 'murmurhash3js-revisited';
import type { Accusation, AccusationState, MemberRecord, Standpoint } from './member-record.ts';
import { compareRecords, compareStandpoints, leftRecord, recordText } from './member-record.ts';

/** The first one and three that confirm it; more change nothing. */
export const ACCUSERS_MAX = 4;

export interface Accuser {
  readonly by: string;
  readonly state: AccusationState;
}

export interface MemberEntry extends Standpoint {
  readonly id: string;
  /** Absent while the member is known from accusations only. */
  readonly record: MemberRecord | undefined;
  /** Raised by the member every round; u32, of the record's generation, 0 without a record. */
  readonly heartbeat: number;
  /** At the standpoint; DOWN before SUSPECT, then by id; ACCUSERS_MAX at most. */
  readonly accusers: readonly Accuser[];
}

/** The entry that says no more than this record. */
export function entryOfRecord(record: MemberRecord, heartbeat: number): MemberEntry {
  if (record.status === 'LEFT') return entryOfLeft(record.id, record.name, record.clusterId);
  const { id, generation, incarnation } = record;
  return { id, record, heartbeat, generation, incarnation, accusers: [] };
}

/** The entry that says no more than this accusation. */
export function entryOfAccusation(accusation: Accusation): MemberEntry {
  const { about: id, generation, incarnation, state, by } = accusation;
  const accusers = [{ by, state }];
  return { id, record: undefined, heartbeat: 0, generation, incarnation, accusers };
}

export function entryOfLeft(id: string, name: string, clusterId: string): MemberEntry {
  const record = leftRecord(id, name, clusterId);
  return { id, record, heartbeat: 0, generation: 0, incarnation: 0, accusers: [] };
}

/** An entry from outside, in the form that the invariants ask for. */
export function normalEntry(entry: MemberEntry): MemberEntry {
  const { id, record } = entry;
  if (record?.status === 'LEFT') return entryOfLeft(id, record.name, record.clusterId);
  const heartbeat = record === undefined ? 0 : entry.heartbeat;
  if (record !== undefined && compareStandpoints(record, entry) > 0) {
    return entryOfRecord(record, heartbeat);
  }
  const { generation, incarnation } = entry;
  const accusers = firstAccusers(entry.accusers);
  return { id, record, heartbeat, generation, incarnation, accusers };
}

/** The least entry that covers both, which must be of one id. */
export function join(a: MemberEntry, b: MemberEntry): MemberEntry {
  const record = laterRecord(a.record, b.record);
  if (record?.status === 'LEFT') return record === a.record ? a : b;
  const order = compareStandpoints(a, b);
  const { generation, incarnation } = order >= 0 ? a : b;
  const accusers =
    order === 0 ? joinAccusers(a.accusers, b.accusers) : (order > 0 ? a : b).accusers;
  const heartbeat = Math.max(heartbeatIn(a, record), heartbeatIn(b, record));
  return { id: a.id, record, heartbeat, generation, incarnation, accusers };
}

/** Does `a` say all that `b` says, heartbeats apart. */
export function covers(a: MemberEntry, b: MemberEntry): boolean {
  if (b.record !== undefined) {
    if (a.record === undefined || compareRecords(a.record, b.record) < 0) return false;
  }
  if (isLeft(a)) return true;
  const order = compareStandpoints(a, b);
  if (order !== 0) return order > 0;
  const joined = joinAccusers(a.accusers, b.accusers);
  return joined === a.accusers || accusersText(joined) === accusersText(a.accusers);
}

export function isLeft(entry: MemberEntry): boolean {
  return entry.record?.status === 'LEFT';
}

/** What the member stands accused of: the gravest of all accusations. */
export function accusedOf(entry: MemberEntry): AccusationState | undefined {
  return entry.accusers[0]?.state;
}

export function accusationsIn(entry: MemberEntry): readonly Accusation[] {
  const { id: about, generation, incarnation } = entry;
  return entry.accusers.map(({ by, state }) => ({ about, generation, incarnation, state, by }));
}

const encoder = new TextEncoder();
const HASH_SEED = 0x6d656d62;

/** u32 of everything but the heartbeat. */
export function entryHash(entry: MemberEntry): number {
  const { id, record, generation, incarnation, accusers } = entry;
  const said = record === undefined ? '' : recordText(record);
  const text = `${id} ${generation} ${incarnation} ${accusersText(accusers)} ${said}`;
  return murmurHash3.x86.hash32(encoder.encode(text), HASH_SEED);
}

function laterRecord(
  a: MemberRecord | undefined,
  b: MemberRecord | undefined,
): MemberRecord | undefined {
  if (a === undefined || b === undefined) return a ?? b;
  return compareRecords(a, b) >= 0 ? a : b;
}

/** A heartbeat means something only together with its generation. */
function heartbeatIn(entry: MemberEntry, record: MemberRecord | undefined): number {
  return entry.record?.generation === record?.generation ? entry.heartbeat : 0;
}

function joinAccusers(a: readonly Accuser[], b: readonly Accuser[]): readonly Accuser[] {
  if (b.length === 0) return a;
  if (a.length === 0) return b;
  return firstAccusers([...a, ...b]);
}

function firstAccusers(accusers: readonly Accuser[]): readonly Accuser[] {
  if (accusers.length <= 1) return accusers;
  const sorted = [...accusers].sort(compareAccusers);
  const seen = new Set<string>();
  const first: Accuser[] = [];
  for (const accuser of sorted) {
    if (first.length === ACCUSERS_MAX) break;
    if (seen.has(accuser.by)) continue;
    seen.add(accuser.by);
    first.push(accuser);
  }
  return first;
}

function compareAccusers(a: Accuser, b: Accuser): number {
  if (a.state !== b.state) return a.state === 'DOWN' ? -1 : 1;
  if (a.by === b.by) return 0;
  return a.by < b.by ? -1 : 1;
}

function accusersText(accusers: readonly Accuser[]): string {
  return accusers.map(({ by, state }) => `${state}:${by}`).join(',');
}
