/** What does the gossip room ask of the world and of the node around it, and what is it set to?
 *  Invariant: these are all the ways out of the room.
 *  Not here: what it does with them (gossip.ts). */
import type { Deadlines } from '../../core/deadlines.ts';
import type { CoterieError } from '../../core/errors.ts';
import type { DetectorOptions } from '../../core/membership/detector-options.ts';
import type { MemberRecord } from '../../core/membership/member-record.ts';
import type { Clock } from '../../env/clock.ts';
import type { Log } from '../../env/log.ts';
import type { Metrics } from '../../env/metrics.ts';
import type { Random } from '../../env/random.ts';
import type { Transport } from '../../env/transport.ts';
import type { MemberEvent } from '../contracts.ts';

export interface GossipEnvironment {
  readonly clock: Clock;
  readonly deadlines: Deadlines;
  readonly random: Random;
  readonly transport: Transport;
  readonly log: Log;
  readonly metrics: Metrics;
}

export interface GossipParts {
  /** Its generation is durable. */
  readonly own: MemberRecord;
  /** Makes a higher one durable. */
  readonly saveGeneration: (generation: number) => Promise<void>;
  readonly told: (event: MemberEvent) => void;
  /** The clocks of a majority of the members agree with this node's. */
  readonly clockConfirmed: () => void;
  /** This node may not go on: another one has its id, or the cluster has removed it. */
  readonly mustStop: (reason: CoterieError) => void;
}

export interface GossipOptions {
  readonly seeds: readonly string[];
  readonly detector: DetectorOptions;
}
