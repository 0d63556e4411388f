/** Counts the acknowledgements of a write for which members without a replica may stand in.
 *  Invariants: a replica counts once, whoever acknowledged for it; a stand-in counts toward W and
 *  toward nothing else: not toward PW, not as durable (DW); a replica that cannot be had is not
 *  given up while a stand-in for it may still be found; once settled the verdict never changes.
 *  Not here: who stands in (node/coordinator/stand-ins.ts), strict writes (write-tally.ts).
 *  Source: DeCandia et al. 2007 §4.6, sloppy quorum. */
import { assert } from '../errors.ts';
import type { Requirement } from './level.ts';
import type { Verdict } from './write-tally.ts';

interface ReplicaState {
  own: 'open' | 'acknowledged' | 'failed';
  /** Who stands in, if anyone. */
  standIn: number | undefined;
  /** Nobody will. */
  hasNoStandIn: boolean;
}

export interface SloppyTallyOptions {
  /** Of one group: levels that count in datacentres know no stand-ins. */
  readonly requirement: Requirement;
  /** Acknowledgements of replicas count only when durable (durability fsync). */
  readonly countsOnlyDurable: boolean;
}

export class SloppyTally {
  readonly #requirement: Requirement;
  readonly #countsOnlyDurable: boolean;
  readonly #replicas = new Map<number, ReplicaState>();
  readonly #acknowledged: number[] = [];
  #durable = 0;
  #verdict: Verdict = 'pending';

  constructor({ requirement, countsOnlyDurable }: SloppyTallyOptions) {
    assert(requirement.groups.length === 1, 'A sloppy write counts in one group');
    this.#requirement = requirement;
    this.#countsOnlyDurable = countsOnlyDurable;
    for (const nodeIndex of requirement.groups[0]?.members ?? []) {
      const state: ReplicaState = { own: 'open', standIn: undefined, hasNoStandIn: false };
      this.#replicas.set(nodeIndex, state);
    }
  }

  /** A replica merged the write. */
  acknowledge(nodeIndex: number, isDurable: boolean): Verdict {
    const state = this.#replicas.get(nodeIndex);
    if (this.#verdict !== 'pending' || state?.own !== 'open') return this.#verdict;
    if (this.#countsOnlyDurable && !isDurable) return this.fail(nodeIndex);
    state.own = 'acknowledged';
    this.#acknowledged.push(nodeIndex);
    if (isDurable) this.#durable += 1;
    return this.#decide();
  }

  /** A replica refused, broke off or ran out of time. */
  fail(nodeIndex: number): Verdict {
    const state = this.#replicas.get(nodeIndex);
    if (this.#verdict !== 'pending' || state?.own !== 'open') return this.#verdict;
    state.own = 'failed';
    return this.#decide();
  }

  /** `holder` keeps the write for the replica, durably. */
  stoodIn(nodeIndex: number, holder: number): Verdict {
    const state = this.#replicas.get(nodeIndex);
    if (this.#verdict !== 'pending' || state === undefined) return this.#verdict;
    state.standIn = holder;
    return this.#decide();
  }

  /** Nobody is left who could keep it. */
  noStandIn(nodeIndex: number): Verdict {
    const state = this.#replicas.get(nodeIndex);
    if (this.#verdict !== 'pending' || state === undefined) return this.#verdict;
    state.hasNoStandIn = true;
    return this.#decide();
  }

  get verdict(): Verdict {
    return this.#verdict;
  }

  get required(): number {
    return this.#requirement.groups[0]?.need ?? 0;
  }

  /** Replicas counted, in the order of their acknowledgements. */
  get acknowledged(): readonly number[] {
    return this.#acknowledged;
  }

  /** Members counted for replicas that are not. */
  get standIns(): readonly number[] {
    const holders: number[] = [];
    for (const { own, standIn } of this.#replicas.values()) {
      if (own !== 'acknowledged' && standIn !== undefined) holders.push(standIn);
    }
    return holders;
  }

  /** Durable acknowledgements of replicas. */
  get durable(): number {
    return this.#durable;
  }

  #decide(): Verdict {
    const { primaries = 0, durable } = this.#requirement;
    let own = 0;
    let stoodIn = 0;
    let ownOpen = 0;
    let lost = 0;
    for (const state of this.#replicas.values()) {
      if (state.own === 'acknowledged') own += 1;
      else if (state.standIn !== undefined) stoodIn += 1;
      else if (state.own === 'failed' && state.hasNoStandIn) lost += 1;
      if (state.own === 'open') ownOpen += 1;
    }
    const isMet = own + stoodIn >= this.required && own >= primaries && this.#durable >= durable;
    const isImpossible =
      this.#replicas.size - lost < this.required ||
      own + ownOpen < primaries ||
      this.#durable + ownOpen < durable;
    if (isMet) this.#verdict = 'satisfied';
    else if (isImpossible) this.#verdict = 'failed';
    return this.#verdict;
  }
}
