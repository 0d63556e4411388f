/** What comes over the bulk lane: the same requests, but those that bring records wait for this
 *  node's budget.
 *  Invariants: what is refused for want of budget has touched nothing; a request that waited has
 *  only what is left of its time.
 *  Not here: the budget (receive-budget.ts), the work (link-requests.ts). */
import type { Deadlines } from '../../core/deadlines.ts';
import { asCoterieError } from '../../wire/error-codec.ts';
import type { LinkRequest } from '../../wire/generated/coterie/v1/peer.ts';
import type { Done, PeerResult, ReceiveBudget } from '../contracts.ts';
import type { LinkRequests } from './link-requests.ts';

export class BulkRequests {
  readonly #requests: Pick<LinkRequests, 'serve' | 'commitSeq'>;
  readonly #budget: ReceiveBudget;
  readonly #deadlines: Deadlines;

  constructor(
    requests: Pick<LinkRequests, 'serve' | 'commitSeq'>,
    budget: ReceiveBudget,
    deadlines: Deadlines,
  ) {
    this.#requests = requests;
    this.#budget = budget;
    this.#deadlines = deadlines;
  }

  commitSeq(): number {
    return this.#requests.commitSeq();
  }

  serve(request: LinkRequest, done: Done<PeerResult>): void {
    const bytes = bytesBrought(request);
    if (bytes === 0) {
      this.#requests.serve(request, done);
      return;
    }
    const cameMs = this.#deadlines.nowMs();
    this.#budget.take(bytes, cameMs + request.timeoutMs, (refusal) => {
      if (refusal === undefined) this.#serveLate(request, cameMs, done);
      else done(refusal);
    });
  }

  #serveLate(request: LinkRequest, cameMs: number, done: Done<PeerResult>): void {
    const waitedMs = Math.ceil(this.#deadlines.nowMs() - cameMs);
    const timeoutMs = Math.max(0, request.timeoutMs - waitedMs);
    try {
      this.#requests.serve(waitedMs === 0 ? request : { ...request, timeoutMs }, done);
    } catch (thrown) {
      done(asCoterieError(thrown));
    }
  }
}

function bytesBrought({ operation }: LinkRequest): number {
  switch (operation?.$case) {
    case 'replicate':
      return operation.replicate.record.length + operation.replicate.key.length;
    case 'reconcile': {
      let bytes = 0;
      for (const record of operation.reconcile.records) bytes += record.length;
      return bytes;
    }
    default:
      return 0;
  }
}
