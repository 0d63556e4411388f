/** Which nodes that were found, and are no members, are gone for good? One that was tried out and
 *  never joined would be DOWN for ever in every list, and in the log of every member that starts.
 *  Invariants: a node that the layout names is never given up; one that is, is DOWN, and has been
 *  without a break; what is kept is of nodes that are DOWN now.
 *  Not here: forgetting it (member-table.ts), what the layout names (node/gossip).
 *  Source: design of membership, "removed nodes": unknown records expire after 24 h unless a layout
 *  names them. */
import type { MemberState } from './member-watch.ts';

export interface FoundState {
  readonly id: string;
  readonly address: string;
  readonly state: MemberState;
  /** The layout names it, or it is this node. */
  readonly isNamed: boolean;
}

export interface GhostOptions {
  readonly downMs: number;
  /** When another one that lives has its address. */
  readonly replacedMs: number;
}

export const GHOST_DEFAULTS: GhostOptions = { downMs: 24 * 3_600_000, replacedMs: 10_000 };

export class Ghosts {
  readonly #options: GhostOptions;
  /** By id: since when it is DOWN. */
  #since: ReadonlyMap<string, number> = new Map();

  constructor(options: GhostOptions = GHOST_DEFAULTS) {
    this.#options = options;
  }

  /** Ids to be forgotten. `found`: everybody, each time. Times are monotonic. Costs O(n). */
  weigh(found: Iterable<FoundState>, nowMs: number): readonly string[] {
    const since = new Map<string, number>();
    const living = new Set<string>();
    const down: FoundState[] = [];
    for (const each of found) {
      if (each.state === 'ALIVE' || each.state === 'SLOW') living.add(each.address);
      if (each.state !== 'DOWN' || each.isNamed) continue;
      since.set(each.id, this.#since.get(each.id) ?? nowMs);
      down.push(each);
    }
    const { downMs, replacedMs } = this.#options;
    const gone = down.filter(({ id, address }) => {
      const forMs = nowMs - (since.get(id) ?? nowMs);
      return forMs >= (living.has(address) ? replacedMs : downMs);
    });
    for (const { id } of gone) since.delete(id);
    this.#since = since;
    return gone.map(({ id }) => id);
  }
}
