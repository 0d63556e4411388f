/** What a node learns about its members that somebody should look at, each told once.
 *  Invariants: a finding is handed out once, until so many others have come that it is forgotten;
 *  memory is bounded.
 *  Not here: what follows from one (node/gossip), words for the log. */

export type MemberFinding =
  /** A record or channel of another cluster: refused. */
  | {
      readonly kind: 'other-cluster';
      readonly id: string;
      readonly clusterId: string;
      readonly name: string;
    }
  /** Two nodes under one id. `mustStop`: this node is one of them, and the one to give way. */
  | {
      readonly kind: 'clone';
      readonly id: string;
      readonly addresses: readonly string[];
      readonly generations: readonly number[];
      readonly mustStop: boolean;
    }
  /** Evidence of a generation that only a wrong clock makes, theirs or this node's: refused. */
  | {
      readonly kind: 'wrong-clock';
      readonly id: string;
      readonly generation: number;
      readonly aheadMs: number;
    }
  /** Peers know a later life of this node than it knows itself: its folder went back in time. */
  | {
      readonly kind: 'amnesia';
      readonly id: string;
      readonly generation: number;
      readonly ownGeneration: number;
    }
  /** The id has left the cluster for ever: when it is this node's, it stops. */
  | { readonly kind: 'removed'; readonly id: string; readonly name: string }
  /** A member is not taken in, because the table is full. */
  | { readonly kind: 'table-full'; readonly id: string; readonly entries: number };

export const FINDINGS_MAX = 1_024;
/** A node that hears of a later life of its id goes on as many generations above that one, at
 *  most. */
export const RISE_MAX = 2;

/** Of two nodes under one id: did this one start after the other? Generations begin at the wall
 *  clock, so a little more than the other's is a rise above it, by one that was there before. False
 *  when the two are equal, which tells nothing. */
export function isLaterStart(generation: number, other: number): boolean {
  const ahead = generation - other;
  return Math.abs(ahead) <= RISE_MAX ? ahead < 0 : ahead > 0;
}

export class FindingList {
  readonly #told = new Set<string>();
  #fresh: MemberFinding[] = [];

  add(finding: MemberFinding): void {
    const key = keyOf(finding);
    if (this.#told.has(key)) return;
    if (this.#told.size === FINDINGS_MAX) this.#told.clear();
    this.#told.add(key);
    if (this.#fresh.length < FINDINGS_MAX) this.#fresh.push(finding);
  }

  /** What is new since the last call. */
  take(): readonly MemberFinding[] {
    const fresh = this.#fresh;
    this.#fresh = [];
    return fresh;
  }
}

/** Numbers that rise with every message are no part of it: they would make each one new. */
function keyOf(finding: MemberFinding): string {
  const { kind, id } = finding;
  switch (finding.kind) {
    case 'clone':
      return `${kind} ${id} ${finding.addresses.join(' ')} ${finding.mustStop}`;
    case 'amnesia':
      return `${kind} ${id} ${finding.generation}`;
    default:
      return `${kind} ${id}`;
  }
}
