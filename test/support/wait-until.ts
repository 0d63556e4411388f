/** Waits for a condition with a deadline: what tests use where others sleep.
 *  The poll runs on the real clock; a test on a virtual clock advances that clock instead. */

export interface WaitOptions {
  /** Milliseconds until the wait fails. */
  readonly deadlineMs: number;
  /** The end of "waited 5000 ms for ..."; a function is asked when the wait has failed. */
  readonly what: string | (() => string);
  /** Milliseconds between two looks, 20 by default. */
  readonly everyMs?: number;
}

/** Resolves with the first truthy answer of `predicate`. Rejects at the deadline, saying what it
 *  waited for, and at once when the predicate throws: one that expects an error catches it itself.
 */
export async function waitUntil<Answer>(
  predicate: () => Answer | Promise<Answer>,
  options: WaitOptions,
): Promise<Exclude<Answer, false | 0 | '' | null | undefined>> {
  const startMs = performance.now();
  for (;;) {
    const answer = await predicate();
    if (answer) return answer as Exclude<Answer, false | 0 | '' | null | undefined>;
    if (performance.now() - startMs >= options.deadlineMs) {
      const what = typeof options.what === 'string' ? options.what : options.what();
      throw new Error(`waited ${options.deadlineMs} ms for ${what}`);
    }
    await new Promise<void>((resolve) => setTimeout(resolve, options.everyMs ?? 20));
  }
}
