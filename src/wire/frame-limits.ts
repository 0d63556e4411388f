/** The largest frame of each stream service. A sender breaks its stream rather than send more, a
 *  receiver rather than take more; whoever builds frames splits or refuses before that. */
import {
  CLIENT_FRAME_BYTES_MAX,
  GOSSIP_FRAME_BYTES_MAX,
  PEER_FRAME_BYTES_MAX,
} from '../core/limits.ts';
import type { StreamService } from '../env/transport.ts';

export const FRAME_BYTES_MAX: Readonly<Record<StreamService, number>> = {
  link: PEER_FRAME_BYTES_MAX,
  bulk: PEER_FRAME_BYTES_MAX,
  session: CLIENT_FRAME_BYTES_MAX,
  gossip: GOSSIP_FRAME_BYTES_MAX,
};
