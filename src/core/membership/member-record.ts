/** What is said of one member: by itself, in its record, and by others, in accusations.
 *  Invariants: only the member itself writes its record; every change raises `version`, only the
 *  answer to an accusation raises `incarnation`, every start raises `generation`; a record that
 *  says LEFT is the last one of its id, whoever wrote it, and carries no more than the names.
 *  Two records of one (generation, version) that differ are the work of two writers; which of them
 *  stays is then decided by their text, so that it is the same one everywhere.
 *  Not here: heartbeats, merging (member-entry.ts), keeping them (member-table.ts), deciding who is
 *  to be accused (failure-detector.ts), bytes on the wire (wire/gossip-codec.ts).
 *  Source: Das, Gupta, Motivala 2002 (SWIM) §4.2; ARCHITECTURE 5.10. */
import { CoterieError } from '../errors.ts';
import { WEIGHT_MAX } from '../ring/quota.ts';

export type MemberStatus = 'UP' | 'LEAVING' | 'LEFT';

export const GENERATION_MAX = 281_474_976_710_655;
export const COUNTER_MAX = 4_294_967_295;
const NODE_INDEX_MAX = 65_535;
const CLOCK_OFFSET_MAX_MS = 8_640_000_000_000_000;

/** Written by the member itself and by nobody else. */
export interface MemberRecord {
  /** 16 random bytes as 32 hexadecimal digits, made once per data folder. */
  readonly id: string;
  /** 1..255 printable ASCII characters without spaces, as address, zone and datacentre are. */
  readonly name: string;
  /** 32 hexadecimal digits; empty before init. */
  readonly clusterId: string;
  /** Raised and made durable by every start: max(wall milliseconds, stored + 1); 0..2^48-1. */
  readonly generation: number;
  /** Raised by every change of the record; u32, from 0 in each generation. */
  readonly version: number;
  /** Raised only to answer an accusation; u32, from 0 in each generation. */
  readonly incarnation: number;
  /** `host:port`. */
  readonly address: string;
  readonly zone: string;
  readonly datacentre: string;
  readonly weight: number;
  readonly status: MemberStatus;
  /** Place in the layout, 0..65,535; absent before the member has one. */
  readonly nodeIndex?: number;
  /** 0 before init. */
  readonly layoutVersion: number;
  /** sha256 as 64 hexadecimal digits; empty before init. */
  readonly layoutHash: string;
  /** Version of the node-to-node protocol that the member speaks. */
  readonly protocol: number;
  /** The member's wall clock against the middle of its peers', rounded by it so that it does not
   *  change every round. */
  readonly clockOffsetMs: number;
  /** Used part of the disk, 0..100. */
  readonly diskPercent: number;
}

export type AccusationState = 'SUSPECT' | 'DOWN';

/** What a member says of another one that does not answer. It holds for this (generation,
 *  incarnation) and all below; only the accused can get above it. */
export interface Accusation {
  readonly about: string;
  readonly generation: number;
  readonly incarnation: number;
  readonly state: AccusationState;
  /** Id of the accuser. */
  readonly by: string;
}

/** A moment in a member's life that accusations are made about and refuted with. */
export interface Standpoint {
  readonly generation: number;
  readonly incarnation: number;
}

export function compareStandpoints(a: Standpoint, b: Standpoint): number {
  return a.generation - b.generation || a.incarnation - b.incarnation;
}

/** Is the record one that a later accusation may still be about. */
export function refutes(record: MemberRecord, accusation: Accusation): boolean {
  return record.status === 'LEFT' || compareStandpoints(record, accusation) > 0;
}

/** Which of two records of one id stays: positive when it is `a`, 0 when they are equal. LEFT is
 *  above everything. */
export function compareRecords(a: MemberRecord, b: MemberRecord): number {
  if (a === b) return 0;
  const left = Number(a.status === 'LEFT') - Number(b.status === 'LEFT');
  const order = left || a.generation - b.generation || a.version - b.version;
  if (order !== 0) return order;
  const textA = recordText(a);
  const textB = recordText(b);
  if (textA === textB) return 0;
  return textA > textB ? 1 : -1;
}

/** Equal text, equal record. */
export function recordText(record: MemberRecord): string {
  return JSON.stringify([
    record.id,
    record.name,
    record.clusterId,
    record.generation,
    record.version,
    record.incarnation,
    record.address,
    record.zone,
    record.datacentre,
    record.weight,
    record.status,
    record.nodeIndex ?? -1,
    record.layoutVersion,
    record.layoutHash,
    record.protocol,
    record.clockOffsetMs,
    record.diskPercent,
  ]);
}

/** The last record of an id. Of what was known only the names stay, for whoever lists members. */
export function leftRecord(id: string, name: string, clusterId: string): MemberRecord {
  return {
    id,
    name,
    clusterId,
    generation: 0,
    version: 0,
    incarnation: 0,
    address: '-',
    zone: '-',
    datacentre: '-',
    weight: 0,
    status: 'LEFT',
    layoutVersion: 0,
    layoutHash: '',
    protocol: 0,
    clockOffsetMs: 0,
    diskPercent: 0,
  };
}

const ID = /^[0-9a-f]{32}$/;
const CLUSTER_ID = /^(?:[0-9a-f]{32})?$/;
const LAYOUT_HASH = /^(?:[0-9a-f]{64})?$/;
const LABEL = /^[\x21-\x7e]{1,255}$/;

export function isMemberId(text: string): boolean {
  return ID.test(text);
}

/** For records from outside. Errors: MALFORMED_MESSAGE with the field that is out of range. */
export function checkRecord(record: MemberRecord): void {
  const { generation, version, incarnation } = record;
  checkText('id', record.id, ID);
  checkText('name', record.name, LABEL);
  checkText('clusterId', record.clusterId, CLUSTER_ID);
  checkText('address', record.address, LABEL);
  checkText('zone', record.zone, LABEL);
  checkText('datacentre', record.datacentre, LABEL);
  checkText('layoutHash', record.layoutHash, LAYOUT_HASH);
  checkNumber('generation', generation, GENERATION_MAX);
  checkNumber('version', version, COUNTER_MAX);
  checkNumber('incarnation', incarnation, COUNTER_MAX);
  checkNumber('weight', record.weight, WEIGHT_MAX);
  checkNumber('layoutVersion', record.layoutVersion, COUNTER_MAX);
  checkNumber('protocol', record.protocol, COUNTER_MAX);
  checkNumber('diskPercent', record.diskPercent, 100);
  checkNumber('clockOffsetMs', Math.abs(record.clockOffsetMs), CLOCK_OFFSET_MAX_MS);
  if (record.nodeIndex !== undefined) {
    checkNumber('nodeIndex', record.nodeIndex, NODE_INDEX_MAX);
  }
}

/** Errors: MALFORMED_MESSAGE with the field that is out of range. */
export function checkAccusation(accusation: Accusation): void {
  checkText('about', accusation.about, ID);
  checkText('by', accusation.by, ID);
  checkNumber('generation', accusation.generation, GENERATION_MAX);
  checkNumber('incarnation', accusation.incarnation, COUNTER_MAX);
  if (accusation.about !== accusation.by) return;
  throw new CoterieError('MALFORMED_MESSAGE', `Member ${accusation.by} accuses itself`);
}

function checkText(field: string, text: string, form: RegExp): void {
  if (form.test(text)) return;
  throw new CoterieError(
    'MALFORMED_MESSAGE',
    `The ${field} of a member is ${text.length} characters that do not fit ${form.source}`,
    { details: { field } },
  );
}

function checkNumber(field: string, value: number, max: number): void {
  if (Number.isSafeInteger(value) && value >= 0 && value <= max) return;
  throw new CoterieError(
    'MALFORMED_MESSAGE',
    `The ${field} of a member is ${value}; it must be a whole number from 0 to ${max}`,
    { details: { field, value } },
  );
}
