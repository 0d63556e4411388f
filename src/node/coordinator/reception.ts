/** Where client requests come in and go out: admitted, begun, counted, answered.
 *  Invariants: what is admitted is released and counted once, when it is answered; beyond the
 *  bounds nothing is begun; a fault in a request is the answer of that request and of no other.
 *  Not here: what requests do (coordinator.ts), the bounds (admission.ts). */

import type { Deadlines } from '../../core/deadlines.ts';
import { CoterieError } from '../../core/errors.ts';
import type { Log } from '../../env/log.ts';
import type { Metrics } from '../../env/metrics.ts';
import { asCoterieError } from '../../wire/error-codec.ts';
import type { Done } from '../contracts.ts';
import { Admission, type AdmissionOptions } from './admission.ts';
import { type ClientRequest, type Operation, RequestCounts } from './request-counts.ts';

export interface ReceptionParts {
  readonly deadlines: Deadlines;
  readonly metrics: Metrics;
  readonly log: Log;
}

const NO_LABELS = {};

export class Reception {
  readonly #parts: ReceptionParts;
  readonly #admission: Admission;
  readonly #counts: RequestCounts;

  constructor(parts: ReceptionParts, options: AdmissionOptions) {
    this.#parts = parts;
    this.#admission = new Admission(options);
    this.#counts = new RequestCounts(parts.metrics);
  }

  get isBusy(): boolean {
    return this.#admission.isBusy;
  }

  /** Settles when no request is at work any more, or after `waitMs`. */
  idle(waitMs: number): Promise<void> {
    const { deadlines } = this.#parts;
    return this.#admission.idle(deadlines, deadlines.nowMs() + waitMs);
  }

  /** From the admission of a request to its one reply. What `begin` throws is that reply, unless
   *  there has been one: then it is thrown on. */
  take<Reply>(
    operation: Operation,
    request: ClientRequest,
    bytes: number,
    done: Done<Reply>,
    begin: (over: Done<Reply>) => void,
  ): void {
    const startedMs = this.#parts.deadlines.nowMs();
    const refusal = this.#admission.admit(bytes);
    if (refusal !== undefined) {
      this.#count(operation, request, refusal, startedMs);
      done(refusal);
      return;
    }
    let isOver = false;
    const over = (result: Reply | CoterieError): void => {
      if (isOver) return; // What was begun before a fault may still come to an end.
      isOver = true;
      this.#admission.release(bytes);
      this.#count(operation, request, result, startedMs);
      done(result);
    };
    try {
      begin(over);
    } catch (thrown) {
      if (isOver) throw thrown;
      over(asCoterieError(thrown));
    }
  }

  #count(operation: Operation, request: ClientRequest, result: unknown, startedMs: number): void {
    const { metrics, deadlines, log } = this.#parts;
    const error = result instanceof CoterieError ? result : undefined;
    const seconds = (deadlines.nowMs() - startedMs) / 1_000;
    this.#counts.note(operation, request, error?.code ?? 'ok', seconds);
    metrics.set('coterie_requests_in_flight', NO_LABELS, this.#admission.requests);
    if (error?.code !== 'ASSERTION_FAILED') return;
    log.error('request-failed', { operation, message: error.message });
  }
}
