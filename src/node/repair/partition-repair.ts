/** One partition whose copies here lost something, while they are made good from other replicas:
 *  which exchange is next, and is it over.
 *  Invariants: one exchange at a time; a replica that failed is asked again after a pause, and the
 *  others meanwhile; only keys that were unreadable before the first exchange began are answered
 *  again after the last.
 *  Not here: what counts (core/repair/made-good.ts), exchanges (exchanges.ts), what is done with a
 *  partition that is whole (rebuild.ts). */
import { CoterieError } from '../../core/errors.ts';
import { MadeGood, type PeerReach } from '../../core/repair/made-good.ts';
import type { Exchanges, Peers, Unreadable } from '../contracts.ts';

export interface PartitionRepairParts {
  readonly exchanges: Exchanges;
  readonly peers: Pick<Peers, 'reach' | 'isTrusted' | 'describe'>;
  nowMs(): number;
  acceptsLoss(): boolean;
  nameOf(peer: number): string;
  /** An exchange ended. */
  readonly turn: () => void;
}

const RETRY_MS = 1_000;

export class PartitionRepair {
  readonly partition: number;
  readonly unreadable: Unreadable;
  keys = 0;
  bytes = 0;
  isRunning = false;
  /** An operator gave up what is unreadable here and what only replicas have that are gone. */
  isGivenUp = false;
  readonly #parts: PartitionRepairParts;
  readonly #mode: 'compare' | 'all';
  readonly #madeGood: MadeGood;
  readonly #notBeforeMs = new Map<number, number>();
  #failure = '';

  constructor(
    parts: PartitionRepairParts,
    partition: number,
    others: readonly number[],
    mode: 'compare' | 'all',
    unreadable: Unreadable,
  ) {
    this.#parts = parts;
    this.partition = partition;
    this.#mode = mode;
    this.unreadable = unreadable;
    this.#madeGood = new MadeGood(others, parts.nowMs());
  }

  get isWhole(): boolean {
    if (this.isRunning) return false;
    return this.#madeGood.isWhole(this.#acceptsLoss, (peer) => this.#reachOf(peer));
  }

  /** What it waits for, in words; empty = it has something to do. Trying again is still waiting. */
  get waitingFor(): string {
    if (this.isRunning) return this.#failure;
    const { left } = this.#madeGood;
    if (left.some((peer) => this.#isUsable(peer))) return this.#failure;
    const [first] = left;
    if (first === undefined) return 'an operator: no other node has copies of its partitions';
    return `${this.#parts.nameOf(first)}: ${this.#whyNot(first)}`;
  }

  /** Begins an exchange if one can be begun. */
  start(): boolean {
    const nowMs = this.#parts.nowMs();
    const { left } = this.#madeGood;
    const count = left.length;
    for (let step = 0; step < count; step += 1) {
      // Partitions begin with different replicas, so that the work is spread.
      const peer = left[(this.partition + step) % count];
      if (peer === undefined || !this.#isUsable(peer)) continue;
      if ((this.#notBeforeMs.get(peer) ?? 0) > nowMs) continue;
      this.#run(peer);
      return true;
    }
    return false;
  }

  #run(peer: number): void {
    this.isRunning = true;
    const beganMs = this.#parts.nowMs();
    // What only copies have that may not serve is taken as well when the rest is given up.
    const mode = this.#parts.acceptsLoss() ? 'all' : this.#mode;
    this.#parts.exchanges.run(this.partition, peer, { mode }, (result) => {
      this.isRunning = false;
      const nowMs = this.#parts.nowMs();
      if (result instanceof CoterieError) {
        this.#failure = result.message;
        this.#notBeforeMs.set(peer, nowMs + RETRY_MS);
        // Of the keys that are unreadable here it was asked before anything was compared.
        if (this.isGivenUp && result.code === 'NOT_RECOVERED') {
          this.#madeGood.took({ peer, beganMs, isComplete: false, wasVerified: false });
        }
      } else {
        this.keys += result.differing;
        this.bytes += result.receivedBytes;
        const counts = this.#madeGood.took({ peer, ...result });
        // One that was gone on with and began too early is begun anew at once.
        const isPaused = !counts && (!result.isComplete || !result.wasVerified);
        if (isPaused) this.#notBeforeMs.set(peer, nowMs + RETRY_MS);
        this.#failure = isPaused ? `${this.#parts.nameOf(peer)}: it has not all of it either` : '';
      }
      this.#parts.turn();
    });
  }

  #isUsable(peer: number): boolean {
    const { peers } = this.#parts;
    return peers.reach(peer) === 'up' && (this.#acceptsLoss || peers.isTrusted(peer));
  }

  get #acceptsLoss(): boolean {
    return this.isGivenUp || this.#parts.acceptsLoss();
  }

  #reachOf(peer: number): PeerReach {
    return this.#parts.peers.reach(peer);
  }

  #whyNot(peer: number): string {
    const { peers } = this.#parts;
    if (peers.reach(peer) === 'up') return 'it lost data itself';
    return peers.describe(peer) || 'it is being connected to';
  }
}
