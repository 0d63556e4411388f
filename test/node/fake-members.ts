/** What is thought of the members, as a test says it; and what links reported. */
import type { MemberState } from '../../src/core/membership/member-watch.ts';
import type { KnownMember, Members, PeerSigns } from '../../src/node/contracts.ts';

export class FakeMembers implements Members, PeerSigns {
  readonly heardOf: number[] = [];
  readonly refusedBy: number[] = [];
  readonly #states = new Map<number, MemberState>();
  readonly #addresses = new Map<number, string>();
  readonly #listeners = new Set<() => void>();

  /** Without a word to anyone: see `tell`. */
  put(nodeIndex: number, state: MemberState): this {
    this.#states.set(nodeIndex, state);
    return this;
  }

  move(nodeIndex: number, address: string): this {
    this.#addresses.set(nodeIndex, address);
    return this;
  }

  tell(): void {
    for (const listener of [...this.#listeners]) listener();
  }

  get listenerCount(): number {
    return this.#listeners.size;
  }

  stateOf(nodeIndex: number): MemberState {
    return this.#states.get(nodeIndex) ?? 'UNKNOWN';
  }

  addressOf(nodeIndex: number): string | undefined {
    return this.#addresses.get(nodeIndex);
  }

  list(): readonly KnownMember[] {
    return [];
  }

  onChange(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  heard(nodeIndex: number): void {
    this.heardOf.push(nodeIndex);
  }

  /** Addresses at which members answer probes. */
  readonly answering = new Set<string>();

  async answersAt(_nodeIndex: number, address: string): Promise<boolean> {
    return this.answering.has(address);
  }

  refused(nodeIndex: number): void {
    this.refusedBy.push(nodeIndex);
  }
}
