/** A closed loop: a fixed number of requests in flight, the next one sent when one is answered.
 *  It measures throughput; latency under it is that of a system which is always full (no intended
 *  start times).
 *  Not here: what is requested, and of whom. */

export interface ClosedLoopOptions {
  readonly inFlight: number;
  readonly operations: number;
  readonly run: (index: number) => Promise<unknown>;
  /** Monotonic milliseconds. */
  readonly nowMs: () => number;
}

export interface ClosedLoopResult {
  readonly operations: number;
  readonly elapsedSeconds: number;
  readonly perSecond: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly maxMs: number;
}

/** Rejects with the first failure, after everything in flight has ended. */
export async function runClosedLoop(options: ClosedLoopOptions): Promise<ClosedLoopResult> {
  const { inFlight, operations, run, nowMs } = options;
  const latenciesMs = new Float64Array(operations);
  let next = 0;
  const startedMs = nowMs();
  const lane = async (): Promise<void> => {
    while (next < operations) {
      const index = next++;
      const sentMs = nowMs();
      await run(index);
      latenciesMs[index] = nowMs() - sentMs;
    }
  };
  const lanes = await Promise.allSettled(Array.from({ length: inFlight }, lane));
  for (const outcome of lanes) if (outcome.status === 'rejected') throw outcome.reason;
  const elapsedSeconds = (nowMs() - startedMs) / 1_000;
  latenciesMs.sort();
  return {
    operations,
    elapsedSeconds,
    perSecond: operations / elapsedSeconds,
    p50Ms: percentile(latenciesMs, 0.5),
    p99Ms: percentile(latenciesMs, 0.99),
    maxMs: percentile(latenciesMs, 1),
  };
}

/** Nearest rank of a sorted sample. */
function percentile(sorted: Float64Array, share: number): number {
  const rank = Math.max(1, Math.ceil(share * sorted.length));
  return sorted[rank - 1] ?? 0;
}
