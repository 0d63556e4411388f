/** One record on its way back to one replica, this node's own or a peer's.
 *  Invariant: with `sync` a replica holds the record only when it says that an fsync covers it.
 *  Not here: to whom, and who waits for it (majority-repair.ts, late-answers.ts). */
import { CoterieError } from '../../core/errors.ts';
import type { CoordinatorParts } from './parts.ts';
import type { Plan } from './plan.ts';
import { nodeName } from './plan.ts';
import type { ReadOptions } from './read-options.ts';

export interface WriteBack {
  readonly nodeIndex: number;
  readonly record: Uint8Array;
  readonly sync: boolean;
}

export function writeBack(
  { peers, replica, deadlines }: CoordinatorParts,
  { replicaWriteTimeoutMs }: ReadOptions,
  plan: Plan,
  { nodeIndex, record, sync }: WriteBack,
  done: (isHeld: boolean) => void,
): void {
  const { place, key, partition, epochs, trace } = plan;
  const step = trace?.sent(nodeName(place, nodeIndex), 'repair') ?? 0;
  const deadlineMs = Math.max(deadlines.nowMs() + replicaWriteTimeoutMs, plan.deadlineMs);
  const finish = (error: CoterieError | undefined, isDurable: boolean): void => {
    const isHeld = error === undefined && (isDurable || !sync);
    trace?.answered(step, error === undefined ? 'merged' : error.code, isHeld);
    done(isHeld);
  };
  if (nodeIndex === place.nodeIndex) {
    replica.merge({ key, partition, epochs, deadlineMs }, record, sync, (merged) => {
      if (merged instanceof CoterieError) finish(merged, false);
      else finish(undefined, merged.isDurable);
    });
    return;
  }
  peers.call(nodeIndex, {
    operation: {
      $case: 'replicate',
      replicate: { bucket: key.bucket, key: key.key, record, sync, repair: true },
    },
    epochs,
    deadlineMs,
    bytes: record.length + key.storageKey.length + 32,
    done: (result) => {
      if (result instanceof CoterieError) finish(result, false);
      else if (result.$case === 'replicate') finish(undefined, result.replicate.durable);
      else finish(new CoterieError('MALFORMED_MESSAGE', 'Not an acknowledgement'), false);
    },
  });
}
