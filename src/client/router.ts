/** Which node gets an attempt.
 *  Order of preference: a replica of the key whose session is ready; any other ready node, which
 *  passes the request on; a node that can be dialed, replicas first; one that asked to be left
 *  alone; one that rests after a failure; and after all of these, in the same order, nodes that
 *  other nodes have in doubt or hold to be down. Reads take the less loaded of two replicas that
 *  are drawn at random. Writes do the same, except that the draw is made by the request id: the
 *  same id goes to the same minter, whoever repeats it, unless that one is much busier. Replicas
 *  without a session are dialed in passing, so that a request waits for a dial only when nothing
 *  is ready.
 *  Source: Mitzenmacher, "The Power of Two Choices in Randomized Load Balancing", 2001. */
import { type CoterieError, retryAfterMsOf } from '../core/errors.ts';
import type { Random } from '../env/random.ts';
import type { SessionConnection } from './session-connection.ts';
import type { SessionPool } from './session-pool.ts';

/** A write leaves the minter that its id names when that one has this many more requests than
 *  the second. */
export const MINTER_LOAD_EXCESS = 64;
/** How long a node that refused is left alone when it names no time of its own. */
export const AVOID_MS = 250;
export const AVOID_MS_MAX = 1_000;

export interface Route {
  readonly bucket: string;
  /** Absent: any node will do. */
  readonly key: Uint8Array | undefined;
  /** Same for the same request id; absent for reads. */
  readonly draw: number | undefined;
}

export class Router {
  readonly #pool: SessionPool;
  readonly #random: Random;

  constructor(pool: SessionPool, random: Random) {
    this.#pool = pool;
    this.#random = random;
  }

  /** `undefined`: every node was tried. */
  pick(
    route: Route,
    tried: ReadonlySet<SessionConnection> | undefined,
    nowMs: number,
  ): SessionConnection | undefined {
    const { key } = route;
    const replicas = key === undefined ? [] : this.#pool.replicasOf(route.bucket, key);
    return (
      this.#readyReplica(replicas, route.draw, tried, nowMs) ??
      this.#nextBest(replicas, tried, nowMs)
    );
  }

  /** Takes note of a refusal, so that others do not run into it. */
  refused(session: SessionConnection, error: CoterieError, nowMs: number): void {
    switch (error.code) {
      case 'OVERLOADED':
      case 'NOT_RECOVERED':
      case 'NOT_RUNNING':
      case 'NOT_INITIALISED': {
        const avoidMs = retryAfterMsOf(error) ?? AVOID_MS;
        session.avoid(nowMs + Math.min(avoidMs, AVOID_MS_MAX));
        return;
      }
      case 'STALE_LAYOUT':
      case 'NOT_OWNER':
        session.askLayout();
        return;
      default:
        return;
    }
  }

  #readyReplica(
    replicas: readonly SessionConnection[],
    draw: number | undefined,
    tried: ReadonlySet<SessionConnection> | undefined,
    nowMs: number,
  ): SessionConnection | undefined {
    const count = replicas.length;
    const from = draw === undefined ? Math.floor(this.#random.float() * count) : draw % count;
    let first: SessionConnection | undefined;
    let second: SessionConnection | undefined;
    for (let step = 0; step < count; step += 1) {
      const session = replicas[(from + step) % count];
      if (session === undefined || this.#pool.isBad(session)) continue;
      if (!session.isReady()) {
        if (session.isDialable(nowMs)) session.connect();
      } else if (tried?.has(session) !== true && !session.isAvoided(nowMs)) {
        if (first === undefined) first = session;
        else second ??= session;
      }
    }
    if (first === undefined || second === undefined) return first;
    const excess = draw === undefined ? 0 : MINTER_LOAD_EXCESS;
    return first.load > second.load + excess ? second : first;
  }

  #nextBest(
    replicas: readonly SessionConnection[],
    tried: ReadonlySet<SessionConnection> | undefined,
    nowMs: number,
  ): SessionConnection | undefined {
    const { all } = this.#pool;
    const from = Math.floor(this.#random.float() * all.length);
    let best: SessionConnection | undefined;
    let bestRank = Number.POSITIVE_INFINITY;
    for (let step = 0; step < all.length; step += 1) {
      const session = all[(from + step) % all.length];
      if (session === undefined || tried?.has(session) === true) continue;
      const rank =
        rankOf(session, replicas.includes(session), nowMs) +
        (this.#pool.isBad(session) ? LAST_RESORT : 0);
      const isBetter =
        rank < bestRank || (rank === bestRank && best !== undefined && session.load < best.load);
      if (!isBetter || rank === Number.POSITIVE_INFINITY) continue;
      best = session;
      bestRank = rank;
    }
    return best;
  }
}

/** Above every other rank. */
const LAST_RESORT = 40;

/** Smaller is better. */
function rankOf(session: SessionConnection, isReplica: boolean, nowMs: number): number {
  const distance = isReplica ? 0 : 1;
  if (session.state === 'closed') return Number.POSITIVE_INFINITY;
  if (session.isReady()) return (session.isAvoided(nowMs) ? 20 : 0) + distance;
  return (session.isDialable(nowMs) ? 10 : 30) + distance;
}
