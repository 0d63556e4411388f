/** Running something until a signal or its own failure ends it: what `dev` and `start` share. */
import type { CoterieError } from '../core/errors.ts';
import { exitCodeOf, reportError, toCoterieError } from './error-report.ts';
import type { CliContext } from './ports.ts';

interface Served {
  /** Printed once it serves. */
  readonly greeting: string;
  /** Settles when it cannot serve any more. */
  readonly failed: Promise<unknown>;
  stop(): Promise<void>;
}

/** The exit code is 0 after SIGINT or SIGTERM, or once `ends` settles, and that of the error after
 *  a failure. A node with a damaged folder is started again: it begins with an empty one. */
export async function serveUntilStopped(
  context: CliContext,
  start: () => Promise<Served>,
  ends?: Promise<unknown>,
): Promise<void> {
  // Before the start: a signal during it must stop what is being started, not leave it half done.
  const signal = context.ports.stopSignal();
  const told = Promise.race(ends === undefined ? [signal] : [signal, ends]).then(() => undefined);
  try {
    for (;;) {
      const ended = await serveOnce(context, start, told);
      if (ended?.details['startsAnew'] === true) continue;
      if (ended !== undefined) context.exitCode = exitCodeOf(ended);
      return;
    }
  } finally {
    context.ports.endThoughStuck();
  }
}

/** Until it is told to end, or fails: then with why. */
async function serveOnce(
  { terminal, ports }: CliContext,
  start: () => Promise<Served>,
  told: Promise<undefined>,
): Promise<CoterieError | undefined> {
  const served = await start();
  const failure = served.failed.then(toCoterieError, toCoterieError);
  await terminal.write(served.greeting);
  const ended = await Promise.race([told, failure]);
  if (ended !== undefined) await reportError(ended, terminal, false);
  if (ended?.details['isStuck'] === true) ports.endThoughStuck();
  await served.stop();
  return ended;
}
