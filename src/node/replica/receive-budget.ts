/** How many bytes of what may wait does this node take in each second? All members that have
 *  something for it share one budget, so that the node that comes back is not drowned by many who
 *  are each polite alone.
 *  Invariants: bytes are granted in the order they were asked for; nobody waits longer than for
 *  half of the time it has, so that the work has the other half; who would have to is refused at
 *  once and has taken nothing. What waits is bounded by that: rate x wait.
 *  Not here: the rate itself (core/token-bucket.ts), who must ask (bulk-requests.ts, node/repair).
 */
import type { Deadlines } from '../../core/deadlines.ts';
import { CoterieError } from '../../core/errors.ts';
import { TokenBucket } from '../../core/token-bucket.ts';
import type { Metrics } from '../../env/metrics.ts';
import type { ReceiveBudget } from '../contracts.ts';

export interface ByteBudgetParts {
  readonly deadlines: Deadlines;
  readonly metrics: Metrics;
}

/** Of the budget of a second. */
const BURST_SHARE = 1 / 4;
const NO_LABELS = {};

export class ByteBudget implements ReceiveBudget {
  readonly #parts: ByteBudgetParts;
  readonly #bucket: TokenBucket;

  constructor(parts: ByteBudgetParts, bytesPerSecondMax: number) {
    this.#parts = parts;
    const burst = bytesPerSecondMax * BURST_SHARE;
    this.#bucket = new TokenBucket({ perSecond: bytesPerSecondMax, burst });
  }

  take(bytes: number, deadlineMs: number, done: (refusal: CoterieError | undefined) => void): void {
    const { deadlines, metrics } = this.#parts;
    const nowMs = deadlines.nowMs();
    const waitMs = this.#bucket.waitMs(nowMs);
    if (waitMs > (deadlineMs - nowMs) / 2) {
      metrics.add('coterie_receive_refusals_total', NO_LABELS);
      done(overBudget(waitMs));
      return;
    }
    this.#bucket.take(bytes, nowMs);
    metrics.add('coterie_receive_bytes_total', NO_LABELS, bytes);
    if (waitMs === 0) done(undefined);
    else deadlines.add(nowMs + waitMs, () => done(undefined));
  }
}

function overBudget(waitMs: number): CoterieError {
  const retryAfterMs = Math.ceil(waitMs);
  return new CoterieError(
    'OVERLOADED',
    `This node takes in as much repair as it may; try again in ${retryAfterMs} ms`,
    { details: { retryAfterMs } },
  );
}
