/** How many replicas does each node carry: exact shares by weight, capped, and rounded to whole
 *  partitions. A node's share is in proportion to its weight, but never more than one replica of
 *  every partition, and a zone's never more than the zone rule lets it hold. What a cap cuts off
 *  goes to the others by weight (water filling).
 *  Invariants: quotas sum to partitions * replicas; each is its exact share rounded down or up; a
 *  table that meets quotas and zone rule exists (quota / partitions for every partition is a
 *  fractional one, and flows are integral).
 *  Not here: which node carries which partition (assign.ts).
 *  Source: DeCandia et al. 2007 §4.2 (load in proportion to capacity). */
import { assert, CoterieError } from '../errors.ts';
import { isPartitionCount, PARTITIONS_MAX } from './token.ts';

export const REPLICAS_MAX = 9;
/** A node of weight 1,000,000 carries a million times what one of weight 1 does, as far as the
 *  caps allow. */
export const WEIGHT_MAX = 1_000_000;

/** What placement needs to know of a node. */
export interface WeightedNode {
  readonly nodeIndex: number;
  readonly zone: string;
  /** A zone's name is local to its datacentre: equal names in two datacentres are two zones. */
  readonly datacentre: string;
  /** 0..WEIGHT_MAX; 0 = carries nothing (draining). */
  readonly weight: number;
}

/** How many replicas of one partition a zone may hold. */
export interface ZoneRule {
  readonly replicasMax: number;
  /** The zones with room are too few or too small for the even spread, so that the limit had to
   *  be raised. */
  readonly isRelaxed: boolean;
}

export interface QuotaInput {
  /** Nodes of weight above 0, sorted by index. */
  readonly nodes: readonly WeightedNode[];
  readonly partitions: number;
  readonly replicas: number;
  /** Replicas each node has now, in the order of `nodes`: among equal fractions who has more
   *  than its share rounded down is rounded up, which saves a move. */
  readonly held?: Int32Array;
}

/** Shares of the nodes that no zone cap holds back: `total / weight` for each unit of weight;
 *  full nodes are out. */
interface WaterLevel {
  readonly total: bigint;
  readonly weight: bigint;
  readonly full: ReadonlySet<number>;
}

/** `floor + rest / of` replicas, exactly. */
interface Share {
  readonly floor: number;
  readonly rest: bigint;
  readonly of: bigint;
}

/** Errors: INVALID_ARGUMENT for partitions, replicas or weights out of range, or fewer nodes
 *  with a weight above 0 than replicas. */
export function checkPlacement(
  roles: readonly WeightedNode[],
  partitions: number,
  replicas: number,
): void {
  if (!isPartitionCount(partitions)) {
    throw usage(
      `partitions is ${partitions}; it must be a power of two from 1 to ${PARTITIONS_MAX}`,
    );
  }
  if (!Number.isInteger(replicas) || replicas < 1 || replicas > REPLICAS_MAX) {
    throw usage(`replicas is ${replicas}; it must be a whole number from 1 to ${REPLICAS_MAX}`);
  }
  const wrong = roles.find((role) => !isWeight(role.weight));
  if (wrong !== undefined) {
    throw usage(
      `Node ${wrong.nodeIndex} has weight ${wrong.weight}; it must be a whole number ` +
        `from 0 to ${WEIGHT_MAX}`,
    );
  }
  const carriers = roles.filter((role) => role.weight > 0).length;
  if (carriers < replicas) {
    throw usage(
      `replicas is ${replicas}, but only ${carriers} of ${roles.length} nodes have a weight ` +
        'above 0; add nodes or lower replicas',
    );
  }
}

export function isWeight(weight: number): boolean {
  return Number.isInteger(weight) && weight >= 0 && weight <= WEIGHT_MAX;
}

/** Number of each node's zone, in the order of `nodes`; zones are numbered from 0 as they first
 *  appear. */
export function zoneNumbers(nodes: readonly WeightedNode[]): Uint16Array {
  const numbers = new Map<string, number>();
  return Uint16Array.from(nodes, (node) => {
    const name = `${node.datacentre}\0${node.zone}`;
    const number = numbers.get(name) ?? numbers.size;
    numbers.set(name, number);
    return number;
  });
}

/** One replica per zone when there are enough zones, otherwise an even spread; raised only as
 *  far as the sizes of the zones force it. Nodes of weight 0 do not count. */
export function zoneRule(roles: readonly WeightedNode[], replicas: number): ZoneRule {
  const sizes = zoneSizes(zoneNumbers(roles.filter((role) => role.weight > 0)));
  assert(sizes.length > 0, 'A zone rule needs a node with a weight above 0');
  const even = Math.ceil(replicas / Math.min(replicas, sizes.length));
  let replicasMax = even;
  while (replicasMax < replicas && room(sizes, replicasMax) < replicas) replicasMax += 1;
  return { replicasMax, isRelaxed: replicasMax > even };
}

/** Replicas each node carries, in the order of `nodes`. */
export function weightedQuotas(input: QuotaInput): Int32Array {
  const { nodes, partitions, replicas } = input;
  const zoneOf = zoneNumbers(nodes);
  const { replicasMax } = zoneRule(nodes, replicas);
  const caps = zoneSizes(zoneOf).map((size) => Math.min(replicasMax, size) * partitions);
  return roundShares(input, zoneOf, caps, exactShares(input, zoneOf, caps));
}

function zoneSizes(zoneOf: Uint16Array): number[] {
  const sizes: number[] = [];
  for (const zone of zoneOf) sizes[zone] = (sizes[zone] ?? 0) + 1;
  return sizes;
}

function room(sizes: readonly number[], replicasMax: number): number {
  return sizes.reduce((sum, size) => sum + Math.min(size, replicasMax), 0);
}

/** Raising the water only ever fills more zones, so a zone that is over its cap once is settled
 *  for good. */
function exactShares(input: QuotaInput, zoneOf: Uint16Array, caps: readonly number[]): Share[] {
  const { nodes, partitions, replicas } = input;
  const shares: Share[] = [];
  const settle = (members: readonly number[], level: WaterLevel): void => {
    for (const member of members) shares[member] = shareOf(input, member, level);
  };
  let open = caps.map((cap, zone) => ({
    cap,
    members: nodes.map((_, at) => at).filter((at) => zoneOf[at] === zone),
  }));
  let total = partitions * replicas;
  for (;;) {
    const level = waterLevel(
      input,
      open.flatMap((zone) => zone.members),
      total,
    );
    const over = open.filter((zone) => isOver(input, zone.members, level, zone.cap));
    if (over.length === 0) {
      for (const zone of open) settle(zone.members, level);
      return shares;
    }
    for (const zone of over) {
      settle(zone.members, waterLevel(input, zone.members, zone.cap));
      total -= zone.cap;
    }
    open = open.filter((zone) => !over.includes(zone));
  }
}

function waterLevel(input: QuotaInput, members: readonly number[], total: number): WaterLevel {
  const cap = BigInt(input.partitions);
  const full = new Set<number>();
  for (;;) {
    const rest = members.filter((member) => !full.has(member));
    const weight = rest.reduce((sum, member) => sum + weightOf(input, member), 0n);
    const level = { total: BigInt(total) - BigInt(full.size) * cap, weight, full };
    const over = rest.filter((member) => level.total * weightOf(input, member) > cap * weight);
    if (over.length === 0) return level;
    for (const member of over) full.add(member);
  }
}

function isOver(
  input: QuotaInput,
  members: readonly number[],
  level: WaterLevel,
  cap: number,
): boolean {
  const open = members.filter((member) => !level.full.has(member));
  const left = BigInt(cap) - BigInt(members.length - open.length) * BigInt(input.partitions);
  const weight = open.reduce((sum, member) => sum + weightOf(input, member), 0n);
  return open.length === 0 ? left < 0n : level.total * weight > left * level.weight;
}

function shareOf(input: QuotaInput, member: number, level: WaterLevel): Share {
  if (level.full.has(member)) return { floor: input.partitions, rest: 0n, of: 1n };
  const amount = level.total * weightOf(input, member);
  return {
    floor: Number(amount / level.weight),
    rest: amount % level.weight,
    of: level.weight,
  };
}

/** Largest fraction first. One pass is enough: every zone has room for its fractions rounded up. */
function roundShares(
  input: QuotaInput,
  zoneOf: Uint16Array,
  caps: readonly number[],
  shares: readonly Share[],
): Int32Array {
  const quotas = Int32Array.from(shares, (share) => share.floor);
  const zoneRoom = [...caps];
  let left = input.partitions * input.replicas;
  quotas.forEach((quota, at) => {
    zoneRoom[zoneOf[at] ?? 0] = roomOf(zoneRoom, zoneOf, at) - quota;
    left -= quota;
  });
  const byFraction = shares
    .map((share, at) => ({ ...share, at, saves: Number((input.held?.[at] ?? 0) > share.floor) }))
    .filter((share) => share.rest > 0n)
    .sort((a, b) => sign(b.rest * a.of - a.rest * b.of) || b.saves - a.saves || a.at - b.at);
  for (const { at } of byFraction) {
    if (left === 0) break;
    if (roomOf(zoneRoom, zoneOf, at) === 0) continue;
    quotas[at] = (quotas[at] ?? 0) + 1;
    zoneRoom[zoneOf[at] ?? 0] = roomOf(zoneRoom, zoneOf, at) - 1;
    left -= 1;
  }
  assert(left === 0, `${left} replicas found no node within the caps`);
  return quotas;
}

function roomOf(zoneRoom: readonly number[], zoneOf: Uint16Array, at: number): number {
  return zoneRoom[zoneOf[at] ?? 0] ?? 0;
}

function weightOf(input: QuotaInput, member: number): bigint {
  return BigInt(input.nodes[member]?.weight ?? 0);
}

function sign(value: bigint): number {
  if (value === 0n) return 0;
  return value > 0n ? 1 : -1;
}

function usage(message: string): CoterieError {
  return new CoterieError('INVALID_ARGUMENT', message);
}
