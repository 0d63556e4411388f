/** How did one request of the product's client end, and when?
 *  Invariants: only a CoterieError is a failure; anything else is a broken promise, and so is a
 *  request that outlives its budget.
 *  Not here: what was asked (script-client.ts). */
import { CoterieError } from '../../core/errors.ts';
import type { Outcome } from '../history.ts';
import type { Kernel } from '../kernel/kernel.ts';

/** A client on a busy event loop may be late; nothing is busy here but a clock may drift. */
const PATIENCE_US = 1_000_000;
const US_PER_MS = 1_000;

export type Attempt<Result> =
  | { readonly kind: 'done'; readonly result: Result; readonly endUs: number }
  | { readonly kind: 'failed'; readonly error: CoterieError; readonly endUs: number }
  /** Against a promise of the client. */
  | { readonly kind: 'broken'; readonly message: string; readonly endUs: number };

export function attempt<Result>(
  kernel: Kernel,
  timeoutMs: number,
  ask: () => Promise<Result>,
): Promise<Attempt<Result>> {
  return new Promise((resolve) => {
    const watchdog = kernel.schedule(timeoutMs * US_PER_MS + PATIENCE_US, 'watchdog', () => {
      const message = `A request was not answered within its budget of ${timeoutMs} ms`;
      resolve({ kind: 'broken', message, endUs: Number.POSITIVE_INFINITY });
    });
    ask().then(
      (result) => {
        watchdog.cancel();
        resolve({ kind: 'done', result, endUs: kernel.nowUs });
      },
      (error: unknown) => {
        watchdog.cancel();
        resolve(failed(error, kernel.nowUs));
      },
    );
  });
}

function failed(error: unknown, endUs: number): Attempt<never> {
  if (error instanceof CoterieError && error.code !== 'ASSERTION_FAILED') {
    return { kind: 'failed', error, endUs };
  }
  const text = error instanceof Error ? (error.stack ?? String(error)) : String(error);
  return { kind: 'broken', message: `A request was rejected with ${text}`, endUs };
}

/** Of a write; a failed read is refused whatever its error says. */
export function writeOutcome(attempted: Attempt<unknown>): Outcome {
  if (attempted.kind === 'done') return 'ok';
  if (attempted.kind === 'broken') return 'unknown';
  return attempted.error.applied === 'no' ? 'refused' : 'unknown';
}

/** Code and message of a failure, for the history. */
export function wordsOf(attempted: Exclude<Attempt<unknown>, { readonly kind: 'done' }>): {
  readonly code: string;
  readonly message: string;
} {
  if (attempted.kind === 'broken') return { code: 'BROKEN', message: attempted.message };
  return { code: attempted.error.code, message: attempted.error.message };
}
