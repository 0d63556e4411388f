/** The calls of one link that have no answer yet, under the ids they travel with.
 *  Invariants: an id is given again only when its call is over; a call that is taken out is over
 *  here, its deadline with it; what was never handed to a stream fails with applied 'no', what was
 *  with 'unknown' (ARCHITECTURE 5.22).
 *  Not here: bounds, streams (outbound-link.ts). */
import type { DeadlineEntry } from '../../core/deadline-queue.ts';
import type { Deadlines } from '../../core/deadlines.ts';
import { CoterieError } from '../../core/errors.ts';
import { NumberTable } from '../../core/number-table.ts';
import type { PeerCall } from '../contracts.ts';

export interface PendingCall {
  readonly id: number;
  readonly call: PeerCall;
  readonly deadline: DeadlineEntry;
  isSent: boolean;
}

const ID_MAX = 0xffff_ffff;

export class PendingCalls {
  readonly #deadlines: Deadlines;
  readonly #onExpired: (id: number, pending: PendingCall) => void;
  readonly #byId = new NumberTable<PendingCall>();
  #nextId = 1;
  #bytes = 0;

  /** `onExpired`: a call has reached its deadline and is out. */
  constructor(deadlines: Deadlines, onExpired: (id: number, pending: PendingCall) => void) {
    this.#deadlines = deadlines;
    this.#onExpired = onExpired;
  }

  get size(): number {
    return this.#byId.size;
  }

  /** That the calls count with. */
  get bytes(): number {
    return this.#bytes;
  }

  /** Returns its id, from 1. */
  add(call: PeerCall): number {
    do this.#nextId = this.#nextId === ID_MAX ? 1 : this.#nextId + 1;
    while (this.#byId.get(this.#nextId) !== undefined);
    const id = this.#nextId;
    const deadline = this.#deadlines.add(call.deadlineMs, () => {
      const pending = this.take(id);
      if (pending !== undefined) this.#onExpired(id, pending);
    });
    this.#byId.set(id, { id, call, deadline, isSent: false });
    this.#bytes += call.bytes;
    return id;
  }

  get(id: number): PendingCall | undefined {
    return this.#byId.get(id);
  }

  /** Whoever takes it calls its `done`. */
  take(id: number): PendingCall | undefined {
    const pending = this.#byId.take(id);
    if (pending === undefined) return undefined;
    this.#bytes -= pending.call.bytes;
    this.#deadlines.cancel(pending.deadline);
    return pending;
  }

  /** Fails those that were sent. */
  failSent(address: string, why: string): void {
    for (const { id, isSent } of this.#inOrder()) {
      if (isSent) this.take(id)?.call.done(unreachable(address, why, 'unknown'));
    }
  }

  failAll(address: string, why: string): void {
    for (const { id, isSent } of this.#inOrder()) {
      this.take(id)?.call.done(unreachable(address, why, isSent ? 'unknown' : 'no'));
    }
  }

  /** The oldest first. */
  #inOrder(): PendingCall[] {
    const rank = ({ id }: PendingCall): number => (id - this.#nextId - 1) >>> 0;
    return this.#byId.items().sort((a, b) => rank(a) - rank(b));
  }
}

export function unreachable(member: string, why: string, applied: 'no' | 'unknown'): CoterieError {
  return new CoterieError('UNREACHABLE', `${member} cannot be reached: ${why}`, { applied });
}
