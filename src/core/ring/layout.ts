/** Who owns what, as one immutable value that all members share, and its canonical bytes. A layout
 *  is known by the sha256 of its bytes: who agrees on the hash agrees on every owner.
 *  Invariants: the same layout has the same bytes everywhere (everything is sorted, nothing is
 *  optional) and no other bytes decode to it; node indexes are never used again; a version names
 *  the hash of the one before.
 *  Not here: agreeing on the next version, per-partition epochs (ring.ts), choosing owners
 *  (assign.ts).
 *  Source: DeCandia et al. 2007 §6.2; the byte table is in docs/protocol.md and `encodeLayout`. */
import { sha256 } from '@noble/hashes/sha2.js';
import { CoterieError } from '../errors.ts';
import { ByteReader, malformed, writeU32, writeVarint } from '../version/varint.ts';
import { assign } from './assign.ts';
import { checkPlacement, isWeight, REPLICAS_MAX, WEIGHT_MAX, type WeightedNode } from './quota.ts';
import { CLUSTER_ID_BYTES, isPartitionCount } from './token.ts';

export const LAYOUT_HASH_BYTES = 32;
export const COUNCIL_MAX = 7;
/** Bound on members; the design is for 3 to 100. */
export const ROLES_MAX = 1_024;
const NODE_INDEX_MAX = 65_535;
const VERSION_MAX = 4_294_967_295;
const MAGIC = 0x4c;
const FORMAT = 1;
const HEADER_BYTES = 2 + 4 + LAYOUT_HASH_BYTES + CLUSTER_ID_BYTES + 2;
/** A number below 2^21 as a varint. */
const SMALL_BYTES_MAX = 3;
/** Printable ASCII without the space: one byte per character, one spelling, one order. */
const LABEL = /^[\x21-\x7e]{1,255}$/;
const ADDRESS = /^(?:\[[0-9A-Za-z:.%]+\]|[^:[\]]+):([1-9][0-9]{0,4})$/;

/** One member and what it is asked to carry. Strings are 1..255 printable ASCII characters
 *  without spaces. */
export interface Role extends WeightedNode {
  /** 0..65,535, never used again by another node of this cluster. */
  readonly nodeIndex: number;
  readonly name: string;
  /** `host:port`, with an IPv6 host in brackets. */
  readonly address: string;
}

export interface Layout {
  /** 1..2^32-1. */
  readonly version: number;
  /** Hash of the version before, 32 bytes; zeros for version 1. */
  readonly base: Uint8Array;
  /** 16 bytes. */
  readonly clusterId: Uint8Array;
  /** A power of two, 1..65,536; never changes. */
  readonly partitions: number;
  /** 1..9. */
  readonly replicas: number;
  /** Sorted by node index. */
  readonly roles: readonly Role[];
  /** Node indexes that have left for ever, ascending. */
  readonly removed: readonly number[];
  /** Node indexes that decide about the next version, 1..7 of them, ascending. */
  readonly council: readonly number[];
  /** Node indexes, `replicas` for each partition; the order within a partition means nothing. */
  readonly table: Uint16Array;
}

export interface Member {
  readonly name: string;
  readonly address: string;
  readonly zone: string;
  readonly datacentre: string;
  readonly weight: number;
}

export interface FirstLayoutInput {
  readonly clusterId: Uint8Array;
  readonly partitions: number;
  readonly replicas: number;
  /** In any order: node indexes go by name. */
  readonly members: readonly Member[];
}

/** Version 1 of a cluster, the same for the same members in any order.
 *  Errors: INVALID_ARGUMENT for fewer nodes (with a weight above 0) than replicas, a name or
 *  address given twice, or anything out of range. */
export function firstLayout(input: FirstLayoutInput): Layout {
  const { clusterId, partitions, replicas, members } = input;
  const roles = [...members]
    .sort((a, b) => (a.name < b.name ? -1 : 1))
    .map(({ name, address, zone, datacentre, weight }, nodeIndex) => {
      return { nodeIndex, name, address, zone, datacentre, weight };
    });
  const fault = clusterIdFault(clusterId) ?? rolesFault(roles);
  if (fault !== undefined) throw new CoterieError('INVALID_ARGUMENT', fault);
  checkPlacement(roles, partitions, replicas);
  return {
    version: 1,
    base: new Uint8Array(LAYOUT_HASH_BYTES),
    clusterId: clusterId.slice(),
    partitions,
    replicas,
    roles,
    removed: [],
    council: chooseCouncil(roles),
    table: assign({ roles, partitions, replicas }).table,
  };
}

/** Magic u8, format u8, version u32, base 32 B, cluster id 16 B, log2(partitions) u8, replicas u8;
 *  count of roles, each {node index, weight, and with a length u8 each: name, address, zone,
 *  datacentre}; count of removed, each; count of the council, each; the table, each u16. What has
 *  no size here is a varint; u16 and u32 are big-endian.
 *  Errors: INVALID_ARGUMENT when the layout breaks a rule of its type. */
export function encodeLayout(layout: Layout): Uint8Array {
  const fault = layoutFault(layout);
  if (fault !== undefined) throw new CoterieError('INVALID_ARGUMENT', fault);
  const bytes = new Uint8Array(encodedBytesMax(layout));
  bytes.set([MAGIC, FORMAT]);
  let at = writeU32(bytes, 2, layout.version);
  bytes.set(layout.base, at);
  at += LAYOUT_HASH_BYTES;
  bytes.set(layout.clusterId, at);
  at += CLUSTER_ID_BYTES;
  bytes.set([31 - Math.clz32(layout.partitions), layout.replicas], at);
  at = writeVarint(bytes, at + 2, layout.roles.length);
  for (const role of layout.roles) {
    at = writeVarint(bytes, at, role.nodeIndex);
    at = writeVarint(bytes, at, role.weight);
    for (const label of labelsOf(role)) at = writeLabel(bytes, at, label);
  }
  for (const indexes of [layout.removed, layout.council]) {
    at = writeVarint(bytes, at, indexes.length);
    for (const nodeIndex of indexes) at = writeVarint(bytes, at, nodeIndex);
  }
  for (const nodeIndex of layout.table) {
    bytes[at] = nodeIndex >>> 8;
    bytes[at + 1] = nodeIndex & 0xff;
    at += 2;
  }
  return bytes.slice(0, at);
}

/** Shares no memory with the bytes. Errors: MALFORMED_MESSAGE; VERSION_UNSUPPORTED for another
 *  format. */
export function decodeLayout(bytes: Uint8Array): Layout {
  const reader = new ByteReader(bytes, 0);
  const magic = reader.byte();
  if (magic !== MAGIC) throw malformed(`A layout begins with byte ${MAGIC}, this with ${magic}`);
  const format = reader.byte();
  if (format !== FORMAT) {
    throw new CoterieError(
      'VERSION_UNSUPPORTED',
      `The layout has format ${format}; this software reads format ${FORMAT}: use a newer one`,
    );
  }
  const layout: Layout = {
    version: reader.u32(),
    base: reader.take(LAYOUT_HASH_BYTES).slice(),
    clusterId: reader.take(CLUSTER_ID_BYTES).slice(),
    partitions: 2 ** reader.byte(),
    replicas: reader.byte(),
    roles: readList(reader, () => readRole(reader)),
    removed: readList(reader, () => reader.varint()),
    council: readList(reader, () => reader.varint()),
    table: readTable(reader),
  };
  const fault = layoutFault(layout);
  if (fault !== undefined) throw malformed(fault);
  return layout;
}

/** sha256 of a layout's canonical bytes: 32 bytes. */
export function layoutHash(bytes: Uint8Array): Uint8Array {
  return sha256(bytes);
}

/** An odd number of nodes that carry data, one by one from where the fewest have been chosen so
 *  far. Odd, because a fourth of four adds a vote that must be won and no failure that can be
 *  borne. */
function chooseCouncil(roles: readonly Role[]): readonly number[] {
  const candidates = roles.filter((role) => role.weight > 0);
  const size = Math.min(COUNCIL_MAX, candidates.length - ((candidates.length + 1) % 2));
  const chosen: Role[] = [];
  while (chosen.length < size) {
    const crowd = (role: Role): readonly [number, number] => {
      const near = chosen.filter((other) => other.datacentre === role.datacentre);
      return [near.length, near.filter((other) => other.zone === role.zone).length];
    };
    const [next] = candidates
      .filter((role) => !chosen.includes(role))
      .map((role) => ({ role, crowd: crowd(role) }))
      .sort(
        (a, b) =>
          a.crowd[0] - b.crowd[0] || a.crowd[1] - b.crowd[1] || a.role.nodeIndex - b.role.nodeIndex,
      );
    if (next === undefined) break;
    chosen.push(next.role);
  }
  return chosen.map((role) => role.nodeIndex).sort((a, b) => a - b);
}

function labelsOf(role: Member): readonly string[] {
  return [role.name, role.address, role.zone, role.datacentre];
}

function encodedBytesMax(layout: Layout): number {
  const { roles, removed, council, table } = layout;
  const labels = roles.flatMap(labelsOf).reduce((sum, label) => sum + 1 + label.length, 0);
  const numbers = 1 + roles.length * 2 + 1 + removed.length + 1 + council.length;
  return HEADER_BYTES + labels + numbers * SMALL_BYTES_MAX + table.length * 2;
}

function writeLabel(bytes: Uint8Array, offset: number, label: string): number {
  bytes[offset] = label.length;
  for (let at = 0; at < label.length; at += 1) bytes[offset + 1 + at] = label.charCodeAt(at);
  return offset + 1 + label.length;
}

function readLabel(reader: ByteReader): string {
  return String.fromCharCode(...reader.take(reader.byte()));
}

function readRole(reader: ByteReader): Role {
  return {
    nodeIndex: reader.varint(),
    weight: reader.varint(),
    name: readLabel(reader),
    address: readLabel(reader),
    zone: readLabel(reader),
    datacentre: readLabel(reader),
  };
}

/** The bytes bound the list: a reader that runs out throws. */
function readList<Item>(reader: ByteReader, read: () => Item): readonly Item[] {
  const count = reader.varint();
  const items: Item[] = [];
  while (items.length < count) items.push(read());
  return items;
}

/** All that is left; whether it is of the right length is for `layoutFault`, as is everything
 *  else. */
function readTable(reader: ByteReader): Uint16Array {
  if (reader.remaining % 2 !== 0) throw malformed('The layout ends within an entry of its table');
  const bytes = reader.take(reader.remaining);
  return Uint16Array.from(
    { length: bytes.length / 2 },
    (_, at) => ((bytes[2 * at] ?? 0) << 8) | (bytes[2 * at + 1] ?? 0),
  );
}

/** What is wrong with the layout, as a sentence; undefined for a sound one. */
function layoutFault(layout: Layout): string | undefined {
  const { version, base } = layout;
  if (!isWithin(version, 1, VERSION_MAX)) {
    return `Layout version ${version} is not a whole number from 1 to ${VERSION_MAX}`;
  }
  if (base.length !== LAYOUT_HASH_BYTES) {
    return `The base hash has ${base.length} bytes in place of ${LAYOUT_HASH_BYTES}`;
  }
  if (version === 1 && base.some((byte) => byte !== 0)) return 'Layout version 1 has a base';
  return (
    clusterIdFault(layout.clusterId) ??
    sizesFault(layout.partitions, layout.replicas) ??
    rolesFault(layout.roles) ??
    membersFault(layout) ??
    tableFault(layout)
  );
}

function clusterIdFault(clusterId: Uint8Array): string | undefined {
  if (clusterId.length === CLUSTER_ID_BYTES) return undefined;
  return `The cluster id has ${clusterId.length} bytes in place of ${CLUSTER_ID_BYTES}`;
}

function sizesFault(partitions: number, replicas: number): string | undefined {
  if (!isPartitionCount(partitions)) return `${partitions} is no number of partitions`;
  if (!isWithin(replicas, 1, REPLICAS_MAX)) return `${replicas} is no number of replicas`;
  return undefined;
}

function rolesFault(roles: readonly Role[]): string | undefined {
  if (!isWithin(roles.length, 1, ROLES_MAX)) {
    return `A layout has 1 to ${ROLES_MAX} members; this one has ${roles.length}`;
  }
  const names = new Set<string>();
  const addresses = new Set<string>();
  for (const role of roles) {
    const fault = roleFault(role);
    if (fault !== undefined) return `Member ${JSON.stringify(role.name)}: ${fault}`;
    if (names.has(role.name)) return `Two members have the name ${role.name}`;
    if (addresses.has(role.address)) return `Two members have the address ${role.address}`;
    names.add(role.name);
    addresses.add(role.address);
  }
  return indexesFault(
    'Roles',
    roles.map((role) => role.nodeIndex),
  );
}

function roleFault(role: Role): string | undefined {
  const label = labelsOf(role).find((text) => !LABEL.test(text));
  if (label !== undefined) {
    return `${JSON.stringify(label)} must be 1 to 255 printable ASCII characters without spaces`;
  }
  const port = ADDRESS.exec(role.address)?.[1];
  if (port === undefined) return `address ${role.address} is not of the form host:port`;
  if (Number(port) > 65_535) return `port ${port} is above 65535`;
  if (!isWeight(role.weight)) {
    return `weight ${role.weight} is not a whole number from 0 to ${WEIGHT_MAX}`;
  }
  return undefined;
}

function membersFault(layout: Layout): string | undefined {
  const { council, removed } = layout;
  const known = new Set(layout.roles.map((role) => role.nodeIndex));
  const fault = indexesFault('Removed nodes', removed) ?? indexesFault('The council', council);
  if (fault !== undefined) return fault;
  const back = removed.find((nodeIndex) => known.has(nodeIndex));
  if (back !== undefined) return `Node ${back} is removed and has a role`;
  if (!isWithin(council.length, 1, COUNCIL_MAX)) {
    return `The council has ${council.length} members in place of 1 to ${COUNCIL_MAX}`;
  }
  const stranger = council.find((nodeIndex) => !known.has(nodeIndex));
  return stranger === undefined ? undefined : `Node ${stranger} of the council has no role`;
}

function indexesFault(what: string, indexes: readonly number[]): string | undefined {
  let before = -1;
  for (const nodeIndex of indexes) {
    if (!isWithin(nodeIndex, 0, NODE_INDEX_MAX)) return `${what}: ${nodeIndex} is no node index`;
    if (nodeIndex <= before) return `${what}: node ${nodeIndex} comes after node ${before}`;
    before = nodeIndex;
  }
  return undefined;
}

function tableFault(layout: Layout): string | undefined {
  const { table, partitions, replicas } = layout;
  if (table.length !== partitions * replicas) {
    return `The table has ${table.length} entries in place of ${partitions * replicas}`;
  }
  const known = new Set(layout.roles.map((role) => role.nodeIndex));
  for (const [at, nodeIndex] of table.entries()) {
    if (!known.has(nodeIndex)) return `Node ${nodeIndex} of the table has no role`;
    if (table.subarray(at - (at % replicas), at).includes(nodeIndex)) {
      return `Node ${nodeIndex} is twice in partition ${Math.floor(at / replicas)}`;
    }
  }
  return undefined;
}

function isWithin(value: number, min: number, max: number): boolean {
  return Number.isInteger(value) && value >= min && value <= max;
}
