/** How long the legs of requests took at the nodes of a cluster.
 *  Not here: counting (core/pbs/leg-counts.ts, at the nodes), what follows (core/pbs). */
import { bytesToHex } from '../core/bytes.ts';
import { CoterieError } from '../core/errors.ts';
import type { EncodedLegCounts } from '../core/pbs/leg-counts.ts';
import { legsFromWire } from '../wire/legs-codec.ts';
import type { AdminService } from '../wire/services.ts';

export interface NodeLegs {
  /** Names a start of a node: another one counts from 0. */
  readonly start: string;
  readonly counts: EncodedLegCounts;
}

/** Of the nodes that answer. Errors: MALFORMED_MESSAGE. */
export async function readNodeLegs(
  admins: readonly Pick<AdminService, 'legs'>[],
): Promise<NodeLegs[]> {
  const replies = await Promise.allSettled(admins.map((admin) => admin.legs({})));
  return replies.flatMap((reply) => {
    if (reply.status === 'fulfilled') {
      const { storeId, run } = reply.value;
      return [{ start: `${bytesToHex(storeId)} ${run}`, counts: legsFromWire(reply.value) }];
    }
    if (reply.reason instanceof CoterieError) return [];
    throw reply.reason;
  });
}
