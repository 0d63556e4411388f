/** Whether a node that answered the handshake is one to talk to: same protocol, same cluster. */
import { CoterieError } from '../core/errors.ts';
import { errorFromWire } from '../wire/error-codec.ts';
import type { SessionHelloReply } from '../wire/generated/coterie/v1/kv.ts';

export const SESSION_PROTOCOL = 1;

/** `undefined`: it is. `clusterId` empty takes any cluster. */
export function helloFault(
  hello: SessionHelloReply | undefined,
  address: string,
  clusterId: Uint8Array,
): CoterieError | undefined {
  if (hello === undefined) {
    const message = `${address} answered the handshake with a frame that has no hello`;
    return new CoterieError('MALFORMED_MESSAGE', message);
  }
  if (hello.refused !== undefined) return errorFromWire(hello.refused);
  if (hello.protocol !== SESSION_PROTOCOL) {
    const theirs = `${address} speaks session protocol ${hello.protocol}`;
    const message = `${theirs}; this client speaks ${SESSION_PROTOCOL}`;
    return new CoterieError('VERSION_UNSUPPORTED', message);
  }
  const isOther =
    clusterId.length > 0 &&
    hello.clusterId.length > 0 &&
    hello.clusterId.some((byte, index) => byte !== clusterId[index]);
  if (!isOther) return undefined;
  return new CoterieError('CLUSTER_MISMATCH', `${address} belongs to another cluster`);
}
