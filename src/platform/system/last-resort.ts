/** How does a process end that native threads hold up? A plain exit waits for them as well.
 *  Invariant: a process that ends by itself in time is left alone.
 *  Not here: when nothing is left to be done (cli/serve.ts). */

/** Kills this process if it is still there after so long; does not keep it up itself. */
export function killUnlessEnded(afterMs: number): void {
  setTimeout(() => process.kill(process.pid, 'SIGKILL'), afterMs).unref();
}
