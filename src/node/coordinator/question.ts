/** One peer that a read asks, as its link sees it.
 *  Invariant: the asker hears of it once, by its answer or by why there is none.
 *  Not here: whom to ask, what becomes of the answer (read.ts). */
import type { CoterieError } from '../../core/errors.ts';
import type { Epochs, PeerCall, PeerOperation, PeerResult } from '../contracts.ts';
import type { Plan } from './plan.ts';

export interface Asker {
  /** What a peer came to. `isWhole`: it was asked for its record, whatever its size. */
  heard(nodeIndex: number, result: PeerResult | CoterieError, step: number, isWhole: boolean): void;
  /** How long the answer took, and for how much of that the peer had the question, if it tells. */
  timed(tookMs: number, farMs: number | undefined): void;
}

export class Question implements PeerCall {
  readonly operation: PeerOperation;
  readonly epochs: Epochs;
  readonly deadlineMs: number;
  readonly bytes: number;
  readonly #asker: Asker;
  readonly #nodeIndex: number;
  readonly #step: number;
  readonly #isWhole: boolean;
  readonly #askedMs: number;

  /** `askedMs`: now, monotonic. `digestAbove`: a larger record may be answered by its digest; 0 =
   *  none may. */
  constructor(
    asker: Asker,
    plan: Plan,
    nodeIndex: number,
    askedMs: number,
    step: number,
    digestAbove: number,
  ) {
    const { bucket, key, storageKey } = plan.key;
    this.operation = { $case: 'read', read: { bucket, key, digestAbove } };
    this.epochs = plan.epochs;
    this.deadlineMs = plan.deadlineMs;
    this.bytes = storageKey.length + 32;
    this.#asker = asker;
    this.#nodeIndex = nodeIndex;
    this.#step = step;
    this.#isWhole = digestAbove === 0;
    this.#askedMs = askedMs;
  }

  done(result: PeerResult | CoterieError): void {
    this.#asker.heard(this.#nodeIndex, result, this.#step, this.#isWhole);
  }

  timed(nowMs: number, farMs: number | undefined): void {
    this.#asker.timed(nowMs - this.#askedMs, farMs);
  }
}
