/** Asks the nodes of a cluster that is measured how long the legs of requests took.
 *  Invariant: connections are made once, with the first look that can tell which nodes there are,
 *  and closed once.
 *  Not here: what is made of it (core/pbs/leg-counts.ts). */
import { type NodeLegs, readNodeLegs } from '../client/node-legs.ts';
import { membersOf } from '../client/repair-cluster.ts';
import { CoterieError } from '../core/errors.ts';
import { createAdminClient } from '../platform/grpc/unary-client.ts';
import type { StatusReply } from '../wire/generated/coterie/v1/admin.ts';
import { ADMIN_TIMEOUT_MS } from './arguments.ts';

type AdminClient = ReturnType<typeof createAdminClient>;

export class LegReader {
  readonly #addresses: () => Promise<readonly string[]>;
  #admins: Promise<readonly AdminClient[]> | undefined;

  constructor(addresses: () => Promise<readonly string[]>) {
    this.#addresses = addresses;
  }

  /** Errors: UNREACHABLE, NOT_INITIALISED when it cannot be told which nodes there are. */
  async read(): Promise<NodeLegs[]> {
    this.#admins ??= this.#connect();
    return readNodeLegs(await this.#admins);
  }

  async close(): Promise<void> {
    // Whoever looked was told that there are none.
    const admins = await this.#admins?.catch(() => []);
    for (const admin of admins ?? []) admin.close();
  }

  async #connect(): Promise<readonly AdminClient[]> {
    try {
      return (await this.#addresses()).map(adminOf);
    } catch (error) {
      // A cluster that did not answer once may answer the next look.
      this.#admins = undefined;
      throw error;
    }
  }
}

/** All members of the cluster that these are of, as the first that answers knows them. */
export async function memberAddresses(given: readonly string[]): Promise<readonly string[]> {
  const statuses = await Promise.allSettled(given.map(statusOf));
  const known = statuses.find((status) => status.status === 'fulfilled');
  if (known !== undefined) return membersOf(known.value).map(({ address }) => address);
  const [first] = statuses;
  throw first?.status === 'rejected' ? first.reason : noNodes();
}

async function statusOf(address: string): Promise<StatusReply> {
  const admin = adminOf(address);
  try {
    return await admin.status({});
  } finally {
    admin.close();
  }
}

function adminOf(address: string): AdminClient {
  return createAdminClient(address, { timeoutMs: ADMIN_TIMEOUT_MS });
}

function noNodes(): CoterieError {
  return new CoterieError('INVALID_ARGUMENT', 'No node was named');
}
