/** With whom does a node speak in this round, and when is the next?
 *  Three live members drawn at random, a second apart more or less; in one round of five, and in
 *  every round in which nobody is alive, also somebody who seems to be gone or a seed. That never
 *  ends: it is what joins the halves of a partition again after any time. A node that begins, or
 *  learns where members are, speaks at once also with three who are not known to live.
 *  Invariants: nobody twice in a round; never this node itself.
 *  Not here: what is said (gossip-exchange.ts), who is alive (failure-detector.ts), timers.
 *  Source: ARCHITECTURE 5.10; memberlist issues on clusters that never merge again. */

export interface GossipRoundsOptions {
  readonly intervalMs: number;
  /** Each pause is drawn from interval ± this part of it, so that rounds do not fall into step. */
  readonly jitter: number;
  /** News are also told between rounds, this long after they came. */
  readonly flushMs: number;
  /** Live peers per round. */
  readonly fanout: number;
  /** One round in so many also tries somebody who is gone. */
  readonly lostEvery: number;
}

export const GOSSIP_ROUNDS_DEFAULTS: GossipRoundsOptions = {
  intervalMs: 1_000,
  jitter: 0.1,
  flushMs: 200,
  fanout: 3,
  lostEvery: 5,
};

/** Whom this node could speak with, by address: seeds have nothing else. */
export interface GossipCandidates {
  readonly own: string;
  /** Addresses of members that are not DOWN and have not left. */
  readonly live: readonly string[];
  /** Addresses of members that are DOWN. */
  readonly down: readonly string[];
  readonly seeds: readonly string[];
}

export class GossipRounds {
  readonly #float: () => number;
  readonly #options: GossipRoundsOptions;
  #round = 0;

  /** `float`: uniform in [0, 1). */
  constructor(float: () => number, options: GossipRoundsOptions = GOSSIP_ROUNDS_DEFAULTS) {
    this.#float = float;
    this.#options = options;
    this.#round = Math.floor(float() * options.lostEvery);
  }

  /** Milliseconds from one round to the next. */
  pauseMs(): number {
    const { intervalMs, jitter } = this.#options;
    return Math.round(intervalMs * (1 - jitter + 2 * jitter * this.#float()));
  }

  /** The peers of the next round; empty when there is nobody at all. */
  nextPeers(candidates: GossipCandidates): readonly string[] {
    this.#round += 1;
    const peers = this.newsPeers(candidates);
    if (peers.length > 0 && this.#round % this.#options.lostEvery !== 0) return peers;
    return [...peers, ...this.#draw(lostOf(candidates), 1)];
  }

  /** The peers of a round that is not waited for, because this node has just begun to speak or has
   *  just learnt where members are: also with some who are not known to live. */
  firstPeers(candidates: GossipCandidates): readonly string[] {
    const lost = this.#draw(lostOf(candidates), this.#options.fanout);
    return [...this.newsPeers(candidates), ...lost];
  }

  /** The peers of a flush of news. */
  newsPeers({ own, live }: GossipCandidates): readonly string[] {
    const others = [...new Set(live)].filter((address) => address !== own);
    return this.#draw(others, this.#options.fanout);
  }

  /** `count` different ones of `items`, or all: a shuffle that stops early. */
  #draw(items: readonly string[], count: number): readonly string[] {
    const rest = [...items];
    const drawn: string[] = [];
    while (drawn.length < count && rest.length > 0) {
      const index = Math.floor(this.#float() * rest.length);
      const item = rest[index];
      const last = rest.pop();
      if (item === undefined || last === undefined) break;
      if (index < rest.length) rest[index] = last;
      drawn.push(item);
    }
    return drawn;
  }
}

function lostOf({ own, live, down, seeds }: GossipCandidates): readonly string[] {
  const known = new Set([own, ...live]);
  return [...new Set([...down, ...seeds])].filter((address) => !known.has(address));
}
