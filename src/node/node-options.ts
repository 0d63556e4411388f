/** What a node is told at the start, and what it is given of the world.
 *  Invariant: everything a node knows of time, chance, network and disk comes in through here.
 *  Not here: defaults, and where values come from (config). */
import type { Checksum } from '../core/checksum.ts';
import type { DetectorOptions } from '../core/membership/detector-options.ts';
import type { Clock } from '../env/clock.ts';
import type { Log } from '../env/log.ts';
import type { Metrics } from '../env/metrics.ts';
import type { Random } from '../env/random.ts';
import type { Store } from '../env/store.ts';
import type { Transport } from '../env/transport.ts';
import type { ReadTuning } from './coordinator/read-options.ts';
import type { HandoffOptions } from './handoff/handoff.ts';
import type { ExchangeScheduleOptions } from './repair/exchange-schedule.ts';
import type { ScrubOptions } from './repair/scrub.ts';
import type { StorageOptions } from './storage/storage-options.ts';

export interface NodeEnvironment {
  readonly store: Store;
  readonly transport: Transport;
  readonly clock: Clock;
  readonly random: Random;
  readonly checksum: Checksum;
  readonly log: Log;
  readonly metrics: Metrics;
}

export interface NodeOptions {
  /** Name for ever; the address first advertised when it is not given. */
  readonly name: string | undefined;
  readonly zone: string;
  readonly datacentre: string;
  readonly weight: number;
  /** Of the software. */
  readonly version: string;
  /** `host:port` of nodes through which others are found. */
  readonly seeds: readonly string[];
  readonly detector: DetectorOptions;
  readonly timeoutMs: number;
  readonly timeoutMaxMs: number;
  readonly replicaWriteTimeoutMs: number;
  readonly replicaReadTimeoutMs: number;
  readonly requestsMax: number;
  readonly requestBytesMax: number;
  readonly peerRequestsMax: number;
  readonly peerBytesMax: number;
  readonly sessionRequestsMax: number;
  readonly sessionsMax: number;
  readonly requestTableEntriesMax: number;
  readonly handoff: HandoffOptions;
  readonly exchanges: ExchangeScheduleOptions;
  /** Of hints and other repair, from all members together. */
  readonly receiveBytesPerSecondMax: number;
  /** Exchanges with which a node that lost data is rebuilt, at a time; 0 = it is not. */
  readonly rebuildExchangesMax: number;
  readonly scrub: ScrubOptions;
  readonly reads: ReadTuning;
  readonly storage: StorageOptions;
}
