/** May a node take this layout for its own?
 *  Invariants: it belongs to one cluster for ever, and only to one that names it.
 *  Not here: making it durable and acting by it (node.ts). */
import { bytesEqual, bytesToHex } from '../core/bytes.ts';
import { CoterieError } from '../core/errors.ts';
import { decodeLayout, layoutHash } from '../core/ring/layout.ts';
import type { Place } from './contracts.ts';

/** `known`: it is the one that the node has. Errors: CLUSTER_MISMATCH; MALFORMED_MESSAGE. */
export function judgeAdoption(
  layoutBytes: Uint8Array,
  node: { readonly name: string; readonly place: Place | undefined },
): 'known' | 'new' {
  const { name, place } = node;
  const layout = decodeLayout(layoutBytes);
  if (place !== undefined) {
    if (bytesEqual(layoutHash(layoutBytes), place.ring.hash)) return 'known';
    const clusterId = bytesToHex(place.ring.layout.clusterId);
    throw mismatch(`This node already belongs to cluster ${clusterId}; nothing was changed`);
  }
  if (layout.roles.some((role) => role.name === name)) return 'new';
  throw mismatch(`The layout names no member ${name}; nothing was changed`);
}

function mismatch(message: string): CoterieError {
  return new CoterieError('CLUSTER_MISMATCH', message);
}
