/** Who is there and how is each: carries the rules of membership out over streams and timers.
 *  Invariants: the generation that is gossiped is durable; a state or an event is told once.
 *  Not here: the rules (core/membership), who acts on a state (coordinator, session).
 *  Source: ARCHITECTURE 5.10. */
import type { MemberState } from '../../core/membership/member-watch.ts';
import type { KnownMember, Members, PeerSigns } from '../contracts.ts';

export class Gossip implements Members, PeerSigns {
  readonly #listeners = new Set<() => void>();

  stateOf(_nodeIndex: number): MemberState {
    return 'UNKNOWN';
  }

  addressOf(_nodeIndex: number): string | undefined {
    return undefined;
  }

  list(): readonly KnownMember[] {
    return [];
  }

  onChange(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  heard(_nodeIndex: number): void {}

  refused(_nodeIndex: number): void {}
}
