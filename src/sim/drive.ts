/** How does a simulation go from its first event to its last? Runs a body inside kernel events
 *  until it settles.
 *  Invariants: whatever is thrown, in a step or by the body, ends it; so does a body that waits for
 *  something that will never happen, or for longer than it may.
 *  Not here: what happens (run.ts). */
import { CoterieError } from '../core/errors.ts';
import type { Driver } from '../env/driver.ts';
import type { Kernel } from './kernel/kernel.ts';

const US_PER_SECOND = 1_000_000;

export interface DriveOptions {
  readonly driver: Driver;
  readonly kernel: Kernel;
  /** Virtual time from now on after which the body must have settled. */
  readonly withinMs: number;
}

/** Rejects with what was thrown; ASSERTION_FAILED when the body does not settle. */
export async function drive(options: DriveOptions, body: () => Promise<void>): Promise<void> {
  const { driver, kernel, withinMs } = options;
  const endUs = kernel.nowUs + withinMs * 1_000;
  let isOver = false;
  let failure: { readonly error: unknown } | undefined;
  const begin = (): void => {
    body()
      .catch((error: unknown) => {
        failure = { error };
      })
      .finally(() => {
        isOver = true;
      });
  };
  kernel.schedule(0, 'run', begin);
  await driver(() => !isOver && kernel.nowUs <= endUs && kernel.step());
  if (failure !== undefined) throw failure.error;
  if (isOver) return;
  const why = kernel.nowUs > endUs ? 'it takes too long' : 'nothing is left that could happen';
  const atS = kernel.nowUs / US_PER_SECOND;
  throw new CoterieError('ASSERTION_FAILED', `The run is stuck after ${atS} virtual s: ${why}`);
}
