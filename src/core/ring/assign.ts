/** Which nodes carry which partition: a pure function of the roles and, if there is one, of the
 *  table before. All members compute the same table: integers only, ties broken by hash.
 *  Invariants: a partition's nodes are distinct; every node carries exactly its quota; the zone
 *  rule holds, relaxed only where too few or too small zones force it; the order of the roles does
 *  not matter. What fits of the table before is kept; least movement is not promised yet.
 *  The order within a list has no protocol meaning. It is balanced (a node is first, second, ...
 *  about equally often) and follows the order before where that is balanced; compare lists as sets.
 *  Not here: how much a node carries (quota.ts), how vacancies are filled (placement.ts).
 *  Source: DeCandia et al. 2007 §6.2 (strategy 3), with an explicit list for each partition. */
import { CoterieError } from '../errors.ts';
import { Placement, tieBreak } from './placement.ts';
import {
  checkPlacement,
  type WeightedNode,
  weightedQuotas,
  zoneNumbers,
  zoneRule,
} from './quota.ts';

export interface AssignInput {
  /** Node indexes, partition by partition; its lists may be of another length than the new ones.
   *  Nodes without a role, or of weight 0, lose what they have in it. */
  readonly previous?: Uint16Array;
  readonly roles: readonly WeightedNode[];
  /** A power of two, 1..65,536. */
  readonly partitions: number;
  /** 1..9. */
  readonly replicas: number;
}

export interface Assignment {
  /** Node indexes: `replicas` for partition 0, then for partition 1, and so on. */
  readonly table: Uint16Array;
  /** More replicas of one partition share a zone than an even spread over the zones would need. */
  readonly zoneRuleRelaxed: boolean;
}

/** The earlier table by node position: one list per partition; `GONE` stands for a node that
 *  carries nothing now. */
type Kept = readonly (readonly number[])[];
const GONE = -1;

/** Errors: INVALID_ARGUMENT for numbers out of range, a node index that is given twice, fewer
 *  nodes with a weight above 0 than replicas, or an earlier table that does not fit. Cost: up to
 *  seconds for the largest tables, a few milliseconds for 256 partitions. */
export function assign(input: AssignInput): Assignment {
  const { partitions, replicas } = input;
  checkPlacement(input.roles, partitions, replicas);
  const nodes = input.roles
    .filter((role) => role.weight > 0)
    .sort((a, b) => a.nodeIndex - b.nodeIndex);
  const nodeIndexes = nodes.map((node) => node.nodeIndex);
  checkIndexes(nodeIndexes);
  const kept = keptOf(input, nodeIndexes);
  const held = new Int32Array(nodes.length);
  for (const list of kept) for (const at of list) if (at !== GONE) addTo(held, at, 1);
  const quotas = weightedQuotas({ nodes, partitions, replicas, held });
  const rule = zoneRule(nodes, replicas);
  const placement = new Placement({
    partitions,
    replicas,
    nodeIndexes,
    zoneOf: zoneNumbers(nodes),
    zoneReplicasMax: rule.replicasMax,
    quotas,
  });
  keep(placement, kept, nodeIndexes);
  placement.fill();
  const lists = orderedLists(placement, kept, { nodeCount: nodes.length, partitions, replicas });
  return {
    table: Uint16Array.from(lists.flat(), (at) => nodeIndexes[at] ?? 0),
    zoneRuleRelaxed: rule.isRelaxed,
  };
}

function checkIndexes(sorted: readonly number[]): void {
  const twice = sorted.find((nodeIndex, at) => sorted[at + 1] === nodeIndex);
  if (twice !== undefined) {
    throw new CoterieError('INVALID_ARGUMENT', `Node index ${twice} is given to two nodes`);
  }
}

function keptOf(input: AssignInput, nodeIndexes: readonly number[]): Kept {
  const { previous, partitions } = input;
  if (previous === undefined) return [];
  if (previous.length % partitions !== 0) {
    throw new CoterieError(
      'INVALID_ARGUMENT',
      `The earlier table has ${previous.length} entries, which ${partitions} partitions ` +
        'cannot share evenly; the number of partitions never changes',
    );
  }
  const width = previous.length / partitions;
  const positions = new Map(nodeIndexes.map((nodeIndex, at) => [nodeIndex, at]));
  return Array.from({ length: partitions }, (_, partition) => {
    const list = previous.subarray(partition * width, (partition + 1) * width);
    if (new Set(list).size < width) {
      throw new CoterieError(
        'INVALID_ARGUMENT',
        `The earlier table names a node twice for partition ${partition}: ${list.join(', ')}`,
      );
    }
    return Array.from(list, (nodeIndex) => positions.get(nodeIndex) ?? GONE);
  });
}

/** In hash order, so that a node that must shed some of its partitions sheds them all over the
 *  ring. */
function keep(placement: Placement, kept: Kept, nodeIndexes: readonly number[]): void {
  const edges = kept.flatMap((list, partition) =>
    list
      .filter((at) => at !== GONE)
      .map((at) => ({ partition, at, rank: tieBreak(partition, nodeIndexes[at] ?? 0) })),
  );
  edges.sort((a, b) => a.rank - b.rank || a.partition - b.partition || a.at - b.at);
  for (const edge of edges) placement.tryPlace(edge.partition, edge.at);
}

interface OrderInput {
  readonly nodeCount: number;
  readonly partitions: number;
  readonly replicas: number;
}

/** Starts from the order before and swaps two nodes of a list wherever that evens out how often
 *  each node has each rank. Ends, because every swap lowers the sum of the squared counts; a
 *  balanced table stays as it is. */
function orderedLists(placement: Placement, kept: Kept, input: OrderInput): number[][] {
  const { nodeCount, replicas } = input;
  const lists = Array.from({ length: input.partitions }, (_, partition) =>
    inOrderBefore(placement.nodesOf(partition), kept[partition] ?? []),
  );
  const counts = new Int32Array(nodeCount * replicas);
  for (const list of lists) {
    for (const [rank, at] of list.entries()) addTo(counts, at * replicas + rank, 1);
  }
  let hasSwapped = true;
  while (hasSwapped) {
    hasSwapped = false;
    for (const list of lists) hasSwapped = evenOut(list, counts) || hasSwapped;
  }
  return lists;
}

/** Whether any swap in this list was worth while. */
function evenOut(list: number[], counts: Int32Array): boolean {
  const replicas = list.length;
  let hasSwapped = false;
  for (let rank = 0; rank < replicas; rank += 1) {
    for (let later = rank + 1; later < replicas; later += 1) {
      const a = list[rank] ?? 0;
      const b = list[later] ?? 0;
      if (lead(counts, a * replicas, rank, later) - lead(counts, b * replicas, rank, later) <= 2) {
        continue;
      }
      list[rank] = b;
      list[later] = a;
      addTo(counts, a * replicas + rank, -1);
      addTo(counts, a * replicas + later, 1);
      addTo(counts, b * replicas + rank, 1);
      addTo(counts, b * replicas + later, -1);
      hasSwapped = true;
    }
  }
  return hasSwapped;
}

function lead(counts: Int32Array, from: number, rank: number, later: number): number {
  return (counts[from + rank] ?? 0) - (counts[from + later] ?? 0);
}

function addTo(counts: Int32Array, at: number, amount: number): void {
  counts[at] = (counts[at] ?? 0) + amount;
}

/** Who stays keeps its rank; who is new takes a rank that became free. */
function inOrderBefore(nodes: Int32Array, before: readonly number[]): number[] {
  const stays = before.slice(0, nodes.length);
  const added = [...nodes].filter((at) => !stays.includes(at));
  return Array.from(nodes, (_, rank) => {
    const at = stays[rank] ?? GONE;
    return nodes.includes(at) ? at : (added.shift() ?? 0);
  });
}
