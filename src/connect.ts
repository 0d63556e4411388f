/** A client over gRPC and this machine's clock and randomness: what a service that uses Coterie
 *  calls. */
import { createClient } from './client/client.ts';
import { CONNECT_OPTIONS } from './client/option-names.ts';
import type { AbortSignalLike, Client, ClientOptions } from './client/types.ts';
import { checkOptionNames } from './core/known-options.ts';
import type { Log } from './env/log.ts';
import { GrpcTransport } from './platform/grpc/grpc-transport.ts';
import { systemClock } from './platform/system/system-clock.ts';
import { SystemRandom } from './platform/system/system-random.ts';

export interface ConnectOptions extends ClientOptions {
  /** Gives the connecting up; requests have a `signal` of their own. */
  readonly signal?: AbortSignalLike;
  /** Silent when absent. */
  readonly log?: Log;
}

const SILENT: Log = {
  debug: () => undefined,
  info: () => undefined,
  warn: () => undefined,
  error: () => undefined,
};

/** Connects to one of the nodes and learns the others from it. Close the client after use:
 *  `await using` does it.
 *  Errors: INVALID_ARGUMENT; UNREACHABLE naming every address when none answers within
 *  `timeoutMs`; CLUSTER_MISMATCH and VERSION_UNSUPPORTED when those that answer refuse; ABORTED. */
export async function connect(options: ConnectOptions): Promise<Client> {
  checkOptionNames(options, CONNECT_OPTIONS);
  const { signal, log = SILENT, ...clientOptions } = options;
  const transport = new GrpcTransport({ log });
  const client = createClient(
    {
      transport,
      clock: systemClock,
      random: new SystemRandom(),
      log,
      release: () => transport.close(),
    },
    clientOptions,
  );
  try {
    await client.ready(signal === undefined ? {} : { signal });
  } catch (error) {
    await client.close();
    throw error;
  }
  return client;
}
