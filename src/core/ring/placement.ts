/** A table of replicas while it is being filled, and how a vacancy is filled that no node with
 *  quota left fits:  vacancy <- n0 from partition 3 <- n5 from partition 8 <- n2, with quota left.
 *  That is an augmenting path of a flow from partitions over (partition, zone) to nodes. Searching
 *  nodes breadth first is enough: on a shortest path no step can break the zone rule for a later
 *  one, or a shorter path would exist.
 *  Invariants: nodes of a partition are distinct, no zone holds more than its limit of one, no node
 *  passes its quota.
 *  Not here: quotas (quota.ts), what is kept of an earlier table and the order within lists
 *  (assign.ts).
 *  Source: Ford and Fulkerson 1956; the layout of Garage (S3 store) for the shape of the flow. */
import { assert } from '../errors.ts';

export interface PlacementInput {
  readonly partitions: number;
  readonly replicas: number;
  /** Everything about nodes is by position, in one order. */
  readonly nodeIndexes: readonly number[];
  readonly zoneOf: Uint16Array;
  readonly zoneReplicasMax: number;
  readonly quotas: Int32Array;
}

const VACANT = -1;
const UNSEEN = -1;

/** A well mixed u32 for a partition and a node: the same everywhere, so all members break ties
 *  alike. */
export function tieBreak(partition: number, nodeIndex: number): number {
  let mixed = Math.imul(partition + 1, 0x9e3779b1) ^ Math.imul(nodeIndex + 1, 0x85ebca77);
  mixed = Math.imul(mixed ^ (mixed >>> 16), 0x7feb352d);
  mixed = Math.imul(mixed ^ (mixed >>> 15), 0x846ca68b);
  return (mixed ^ (mixed >>> 16)) >>> 0;
}

export class Placement {
  readonly #input: PlacementInput;
  /** Node position per slot; partition p has the slots from p * replicas on, filled from the
   *  front. */
  readonly #slots: Int32Array;
  readonly #sizes: Uint8Array;
  /** Replicas each node may still take. */
  readonly #left: Int32Array;
  readonly #slotsOf: Set<number>[];

  constructor(input: PlacementInput) {
    this.#input = input;
    this.#slots = new Int32Array(input.partitions * input.replicas).fill(VACANT);
    this.#sizes = new Uint8Array(input.partitions);
    this.#left = Int32Array.from(input.quotas);
    this.#slotsOf = input.nodeIndexes.map(() => new Set());
  }

  /** Puts the node there if its quota, the zone rule and the room allow it; whether it did. */
  tryPlace(partition: number, node: number): boolean {
    const slot = this.#vacancy(partition);
    if (slot === undefined || this.#leftOf(node) === 0) return false;
    if (!this.#admits(slot, node)) return false;
    this.#put(slot, node);
    this.#take(partition, node);
    return true;
  }

  /** Fills every vacancy. Quotas must sum to the vacancies and allow a table at all. */
  fill(): void {
    for (let partition = 0; partition < this.#input.partitions; partition += 1) {
      for (;;) {
        const slot = this.#vacancy(partition);
        if (slot === undefined) break;
        const node = this.#bestFor(partition, slot);
        if (node !== undefined) {
          this.#put(slot, node);
          this.#take(partition, node);
        } else {
          this.#take(partition, this.#shiftInto(slot));
        }
      }
    }
  }

  /** Positions of the partition's nodes, in no order that means anything. */
  nodesOf(partition: number): Int32Array {
    const from = partition * this.#input.replicas;
    return this.#slots.subarray(from, from + this.#sizeOf(partition));
  }

  /** The fitting node with the largest quota left, weighed by chance: always the largest would
   *  tie the same nodes together again and again, and a failed node's data could then be rebuilt
   *  from few others only. */
  #bestFor(partition: number, slot: number): number | undefined {
    const { nodeIndexes } = this.#input;
    let best: number | undefined;
    let bestScore = 0;
    for (let node = 0; node < nodeIndexes.length; node += 1) {
      const left = this.#leftOf(node);
      if (left === 0 || !this.#admits(slot, node)) continue;
      // Below 2^48, hence exact.
      const score = (tieBreak(partition, nodeIndexes[node] ?? 0) + 1) * left;
      if (score > bestScore) {
        best = node;
        bestScore = score;
      }
    }
    return best;
  }

  /** Moves nodes along the shortest chain of slots so that this one is filled; the node at the
   *  chain's end, which holds one slot more than before. */
  #shiftInto(vacancy: number): number {
    const unseen = new Set(this.#input.nodeIndexes.keys());
    // The slot each seen node would take over, from the node that the search came from.
    const takes = new Int32Array(unseen.size).fill(UNSEEN);
    const queue: number[] = [];
    const visit = (slot: number): number | undefined => {
      for (const node of unseen) {
        if (!this.#admits(slot, node)) continue;
        unseen.delete(node);
        takes[node] = slot;
        if (this.#leftOf(node) > 0) return node;
        queue.push(node);
      }
      return undefined;
    };
    let end = visit(vacancy);
    for (let next = 0; end === undefined && next < queue.length; next += 1) {
      for (const slot of this.#slotsOf[queue[next] ?? 0] ?? []) {
        end = visit(slot);
        if (end !== undefined) break;
      }
    }
    assert(end !== undefined, 'The quotas allow no table: a vacancy cannot be filled');
    for (let node = end; ; ) {
      const slot = takes[node] ?? UNSEEN;
      const pushed = this.#slots[slot] ?? VACANT;
      this.#put(slot, node);
      if (pushed === VACANT) return end;
      node = pushed;
    }
  }

  /** May the node take this slot, whoever holds it now: distinct nodes, and the zone rule among
   *  the other slots. */
  #admits(slot: number, node: number): boolean {
    const { replicas, zoneOf, zoneReplicasMax } = this.#input;
    const from = slot - (slot % replicas);
    let inZone = 0;
    for (let other = from; other < from + replicas; other += 1) {
      const holder = this.#slots[other] ?? VACANT;
      if (holder === VACANT) break;
      if (holder === node) return false;
      if (other !== slot && zoneOf[holder] === zoneOf[node]) inZone += 1;
    }
    return inZone < zoneReplicasMax;
  }

  #put(slot: number, node: number): void {
    const before = this.#slots[slot] ?? VACANT;
    if (before !== VACANT) this.#slotsOf[before]?.delete(slot);
    this.#slots[slot] = node;
    this.#slotsOf[node]?.add(slot);
  }

  #take(partition: number, node: number): void {
    const left = this.#leftOf(node);
    assert(left > 0, `Node at ${node} has no quota left`);
    this.#left[node] = left - 1;
    this.#sizes[partition] = this.#sizeOf(partition) + 1;
  }

  #vacancy(partition: number): number | undefined {
    const size = this.#sizeOf(partition);
    const { replicas } = this.#input;
    return size < replicas ? partition * replicas + size : undefined;
  }

  #leftOf(node: number): number {
    return this.#left[node] ?? 0;
  }

  #sizeOf(partition: number): number {
    return this.#sizes[partition] ?? 0;
  }
}
