/** By what do replicas tell that they hold the same record without sending it? The item hash of the
 *  record under its key, as Merkle leaves have it.
 *  Invariant: a reply holds a record, a digest or neither, which means that there is no record.
 *  Not here: which replies are digests (node/replica/link-requests.ts). */
import { CoterieError } from '../../core/errors.ts';
import { type ItemHash, itemHash } from '../../core/version/item-hash.ts';
import type { ReadReply } from '../../wire/generated/coterie/v1/peer.ts';
import type { CoordinatorParts } from './parts.ts';
import type { Plan } from './plan.ts';

/** `undefined`: these bytes are no record, and equal to none. */
export function digestOf(
  { codec }: Pick<CoordinatorParts, 'codec'>,
  { place, key }: Plan,
  bytes: Uint8Array,
): ItemHash | undefined {
  const { clusterKeyHigh, clusterKeyLow } = place.ring.secrets;
  try {
    return itemHash(codec.header(bytes), key.token, clusterKeyHigh, clusterKeyLow);
  } catch (thrown) {
    // Whoever merges them tells what is wrong with them.
    if (thrown instanceof CoterieError && thrown.code === 'MALFORMED_MESSAGE') return undefined;
    throw thrown;
  }
}

export function isDigest({ record, digestHigh, digestLow }: ReadReply): boolean {
  return record.length === 0 && (digestHigh !== 0 || digestLow !== 0);
}
