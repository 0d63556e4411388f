/** How does this database answer one write and one read?
 *  The minter commits first and is the first acknowledgement; only then the copies go out to the
 *  other N - 1, which commit and acknowledge. The reader is any node of the cluster: it looks in
 *  its own copy if it has one, without network, and asks just as many others as R needs, in an
 *  order that is drawn (or all of them at once, with `readsAll`).
 *  Invariants: with R + W > N a read that begins after the commit is always fresh; with W = 1 the
 *  write is acknowledged before any other replica has been sent it.
 *  Not here: repair, replacing who is slow (the predictions hold where both are rare), a client
 *  that reads where it wrote (always fresh), the paper's shape (wars-shape.ts).
 *  Source: node/coordinator/write.ts and read.ts. */
import { assert } from '../errors.ts';
import type { LegDraws, TrialOutcome } from './trial.ts';

export interface CoterieCluster {
  readonly replicas: number;
  /** At least `replicas`. A reader without a replica asks over the network only. */
  readonly nodes: number;
  /** Added to each way between two nodes. */
  readonly remoteMs: number;
  readonly readsAll: boolean;
  /** The leg of a write includes storing it and nobody knows how much of it that is: the minter's
   *  commit then takes as long as the whole leg, which is too slow by one way. */
  readonly storesInWrite: boolean;
}

export class CoterieShape {
  readonly #cluster: CoterieCluster;
  /** The replicas in the order in which the reader asks them. */
  readonly #order: Int32Array;
  /** When each replica shows the write. */
  readonly #visibleMs: Float64Array;

  constructor(cluster: CoterieCluster) {
    const { nodes, replicas } = cluster;
    assert(replicas >= 1 && nodes >= replicas, `${replicas} replicas on ${nodes} nodes`);
    this.#cluster = cluster;
    this.#order = new Int32Array(replicas);
    this.#visibleMs = new Float64Array(replicas);
  }

  /** Plays trial number `trial` of the draws. */
  play(draws: LegDraws, trial: number, outcome: TrialOutcome): void {
    outcome.begin();
    this.#write(draws, trial * this.#cluster.replicas, outcome);
    this.#read(draws, trial, outcome);
    outcome.settle();
  }

  /** Replica 0 is the minter. */
  #write({ write, ack, commit, mint }: LegDraws, first: number, outcome: TrialOutcome): void {
    const { replicas, remoteMs, storesInWrite } = this.#cluster;
    const mintedMs = (storesInWrite ? write[first] : mint[first]) ?? 0;
    this.#visibleMs[0] = mintedMs;
    outcome.acknowledged(mintedMs);
    for (let replica = 1; replica < replicas; replica += 1) {
      const at = first + replica;
      const visibleMs = mintedMs + (write[at] ?? 0) + remoteMs + (commit[at] ?? 0);
      this.#visibleMs[replica] = visibleMs;
      outcome.acknowledged(visibleMs + ((ack[at] ?? 0) + remoteMs));
    }
  }

  #read(draws: LegDraws, trial: number, outcome: TrialOutcome): void {
    const { read, response, lookup, ownLookup, chance } = draws;
    const { replicas, nodes, remoteMs, readsAll } = this.#cluster;
    const first = trial * replicas;
    const firstChance = trial * (replicas + 1);
    const reader = Math.floor((chance[firstChance] ?? 0) * nodes);
    this.#drawOrder(chance, firstChance + 1, reader);
    for (let step = 0; step < replicas; step += 1) {
      const replica = this.#order[step] ?? 0;
      const at = first + replica;
      const isOwn = replica === reader;
      const arrivalMs = isOwn ? 0 : (read[at] ?? 0) + remoteMs;
      const backMs = isOwn ? 0 : (response[at] ?? 0) + remoteMs;
      const lookupMs = (isOwn ? ownLookup[at] : lookup[at]) ?? 0;
      const answerMs = arrivalMs + lookupMs + backMs;
      const freshFromMs = (this.#visibleMs[replica] ?? 0) - arrivalMs;
      if (readsAll) outcome.raced(answerMs, freshFromMs);
      else outcome.asked(answerMs, freshFromMs);
    }
  }

  /** Fisher and Yates; the reader's own replica, if it has one, comes first. */
  #drawOrder(chance: Float64Array, firstChance: number, reader: number): void {
    const order = this.#order;
    for (let replica = 0; replica < order.length; replica += 1) order[replica] = replica;
    let from = 0;
    if (reader < order.length) {
      order[0] = reader;
      order[reader] = 0;
      from = 1;
    }
    for (; from < order.length - 1; from += 1) {
      const drawn = chance[firstChance + from] ?? 0;
      const other = from + Math.floor(drawn * (order.length - from));
      const kept = order[from] ?? 0;
      order[from] = order[other] ?? 0;
      order[other] = kept;
    }
  }
}
