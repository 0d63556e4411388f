/** From which other replicas must a copy of a partition be merged until nothing that was
 *  acknowledged can be missing from it?
 *  What was acknowledged by a majority with this node among it is with one other replica at least
 *  less than a majority; merging from a majority of all, none of them this one, meets every such
 *  write. With three replicas that is both others.
 *  Invariants: only an exchange that ended complete, began after what was lost was lost, and was
 *  with copies that may serve counts; when an operator has given up what is missing, each other
 *  replica that can be reached is still asked once.
 *  Not here: exchanges and time (node/repair).
 *  Source: ARCHITECTURE 5.17, 5.19; DeCandia et al. 2007 section 4.6. */

/** How one exchange with another replica went. */
export interface MergedFrom {
  readonly peer: number;
  /** Monotonic. */
  readonly beganMs: number;
  readonly isComplete: boolean;
  readonly wasVerified: boolean;
}

export type PeerReach = 'up' | 'unknown' | 'down';

export class MadeGood {
  readonly #others: readonly number[];
  readonly #sinceMs: number;
  readonly #needed: number;
  readonly #merged = new Set<number>();
  readonly #asked = new Set<number>();

  /** `others`: the replicas of the partition without this node. `sinceMs`: monotonic. */
  constructor(others: readonly number[], sinceMs: number) {
    this.#others = others;
    this.#sinceMs = sinceMs;
    this.#needed = neededOthers(others.length + 1);
  }

  /** Replicas to merge from yet. */
  get left(): readonly number[] {
    return this.#others.filter((peer) => !this.#merged.has(peer));
  }

  /** True when it counts. */
  took({ peer, beganMs, isComplete, wasVerified }: MergedFrom): boolean {
    if (beganMs < this.#sinceMs) return false;
    this.#asked.add(peer);
    if (isComplete && wasVerified) this.#merged.add(peer);
    return this.#merged.has(peer);
  }

  /** `acceptsLoss`: an operator gave up what only others have that are gone. */
  isWhole(acceptsLoss: boolean, reachOf: (peer: number) => PeerReach): boolean {
    if (this.#merged.size >= this.#needed) return true;
    if (!acceptsLoss) return false;
    return this.#others.every((peer) => this.#asked.has(peer) || reachOf(peer) === 'down');
  }
}

/** A majority of the replicas, none of them this one; of two or four there are not so many, and all
 *  others are asked. A single copy that lost something can be made good from nowhere. */
export function neededOthers(replicaCount: number): number {
  if (replicaCount === 1) return 1;
  return Math.min(Math.floor(replicaCount / 2) + 1, replicaCount - 1);
}
