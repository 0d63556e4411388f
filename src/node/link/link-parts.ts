/** What links and bulk lanes are made with.
 *  Invariant: the same server stands behind both, or one that only delays.
 *  Not here: behaviour of any kind. */
import type { Deadlines } from '../../core/deadlines.ts';
import type { Clock } from '../../env/clock.ts';
import type { Log } from '../../env/log.ts';
import type { Metrics } from '../../env/metrics.ts';
import type { Random } from '../../env/random.ts';
import type { Transport } from '../../env/transport.ts';
import type { LinkRequest } from '../../wire/generated/coterie/v1/peer.ts';
import type { Done, PeerResult } from '../contracts.ts';

export interface LinksEnvironment {
  readonly clock: Clock;
  readonly random: Random;
  readonly transport: Transport;
  readonly deadlines: Deadlines;
  readonly log: Log;
  readonly metrics: Metrics;
}

export interface LinkServer {
  serve(request: LinkRequest, done: Done<PeerResult>): void;
  commitSeq(): number;
}
