/** Finds members to keep a write for those of its replicas that do not answer: one member for each
 *  of them, another one when it refuses or is silent.
 *  Invariants: no member is asked twice for one write; whoever has agreed has the record on its
 *  disk; a replica for which nobody is left is told of once.
 *  Not here: when a stand-in is wanted (write.ts), what one counts for
 *  (core/quorum/sloppy-tally.ts), keeping (node/handoff).
 *  Source: DeCandia et al. 2007 §4.6. */
import { CoterieError } from '../../core/errors.ts';
import type { WriteParts } from './parts.ts';
import { nodeName, type Plan, reachableFallbacks } from './plan.ts';

export interface StandInListener {
  stoodIn(target: number, holder: number): void;
  noStandIn(target: number): void;
}

/** A member that is silent costs half of the time that is left, at least this. */
const TRY_MS_MIN = 50;
const NO_LABELS = {};

export class StandIns {
  readonly #parts: WriteParts;
  readonly #plan: Plan;
  readonly #record: Uint8Array;
  readonly #listener: StandInListener;
  readonly #wanted = new Set<number>();
  #candidates: number[] | undefined;

  constructor(parts: WriteParts, plan: Plan, record: Uint8Array, listener: StandInListener) {
    this.#parts = parts;
    this.#plan = plan;
    this.#record = record;
    this.#listener = listener;
  }

  /** Somebody is to keep the record for this replica. The same one again changes nothing. */
  want(target: number): void {
    if (this.#wanted.has(target)) return;
    this.#wanted.add(target);
    this.#ask(target);
  }

  #ask(target: number): void {
    const { deadlines, peers } = this.#parts;
    const plan = this.#plan;
    this.#candidates ??= reachableFallbacks(plan.place, plan.partition, peers);
    const holder = this.#candidates.shift();
    const nowMs = deadlines.nowMs();
    if (holder === undefined || nowMs >= plan.deadlineMs) {
      this.#listener.noStandIn(target);
      return;
    }
    const step = plan.trace?.sent(nodeName(plan.place, holder), 'keep') ?? 0;
    const { bucket, key, storageKey } = plan.key;
    const storeHint = { target, bucket, key, record: this.#record, sync: true };
    peers.call(holder, {
      operation: { $case: 'storeHint', storeHint },
      epochs: plan.epochs,
      deadlineMs: nowMs + Math.max(TRY_MS_MIN, (plan.deadlineMs - nowMs) / 2),
      bytes: this.#record.length + storageKey.length + 32,
      done: (result) => {
        const isKept =
          !(result instanceof CoterieError) &&
          result.$case === 'hintStored' &&
          result.hintStored.durable;
        const refusal = result instanceof CoterieError ? result.code : 'not kept';
        const name = nodeName(plan.place, target);
        plan.trace?.answered(step, isKept ? `kept for ${name}` : refusal, isKept);
        if (isKept) this.#stoodIn(target, holder);
        else this.#ask(target);
      },
    });
  }

  #stoodIn(target: number, holder: number): void {
    this.#parts.metrics.add('coterie_stand_ins_total', NO_LABELS);
    this.#listener.stoodIn(target, holder);
  }
}
