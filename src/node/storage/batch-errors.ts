/** What is said when a batch could not be written, to those whose work was in it and to all others?
 *  Invariant: only of those in the batch is it unknown what became of their work.
 *  Not here: what makes a batch fail (commit-queue.ts). Source: docs/ARCHITECTURE.md 5.22. */
import { CoterieError } from '../../core/errors.ts';

/** STORAGE_IO, unknown. `isStuck`: the engine has not come back from it, and may keep the process
 *  from ending. */
export function batchError(cause: unknown, recordCount: number, isStuck: boolean): CoterieError {
  const words = cause instanceof Error ? cause.message : String(cause);
  return new CoterieError(
    'STORAGE_IO',
    `A batch of ${recordCount} records could not be written (${words}); the node has stopped ` +
      'writing: see to the disk, then start the node again',
    { cause, details: { isStuck } },
  );
}

/** What everybody else is told after that. */
export function stoppedError(cause: CoterieError): CoterieError {
  return new CoterieError(
    'NOT_RUNNING',
    'The storage of this node stopped after a batch failed; nothing was written',
    { cause, applied: 'no' },
  );
}
