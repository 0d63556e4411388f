/** With which options does a simulated node run? Those that `coterie start` uses by default, with
 *  the bounds that a run draws small.
 *  Invariant: a default here is the default of the configuration (a test compares them).
 *  Not here: the configuration itself, which this zone may not import. */

import { RECORD_BYTES_MAX } from '../../core/limits.ts';
import { DEFAULT_DETECTOR_OPTIONS } from '../../core/membership/detector-options.ts';
import { READ_DEFAULTS } from '../../node/coordinator/read-options.ts';
import { HANDOFF_DEFAULTS } from '../../node/handoff/handoff.ts';
import type { NodeOptions } from '../../node/node-options.ts';
import { EXCHANGE_DEFAULTS } from '../../node/repair/exchange-schedule.ts';
import { SCRUB_DEFAULTS } from '../../node/repair/scrub.ts';
import { STORAGE_DEFAULTS } from '../../node/storage/storage-options.ts';
import type { LimitsModel } from '../scenario.ts';

const MIB = 1_024 * 1_024;
/** Connections of one process: sessions of clients. */
const SESSIONS_MAX = 1_024;

/** Where a simulated node listens. */
export function addressOf(name: string): string {
  return `${name}:7400`;
}

/** All nodes are told of the first one, which is told of the second. */
const FIRST = 'n0';
const SECOND = 'n1';

export function nodeOptions(name: string, limits: LimitsModel): NodeOptions {
  const requestsMax = limits.requestsMax ?? 2_048;
  return {
    name,
    zone: 'zone-1',
    datacentre: 'dc-1',
    weight: 1,
    version: 'simulated',
    seeds: [addressOf(name === FIRST ? SECOND : FIRST)],
    detector: DEFAULT_DETECTOR_OPTIONS,
    timeoutMs: 2_000,
    timeoutMaxMs: 30_000,
    replicaWriteTimeoutMs: 1_000,
    replicaReadTimeoutMs: 500,
    requestsMax,
    requestBytesMax: 128 * MIB,
    peerRequestsMax: limits.peerRequestsMax ?? 4_096,
    peerBytesMax: 64 * MIB,
    sessionRequestsMax: Math.min(1_024, requestsMax),
    sessionsMax: SESSIONS_MAX,
    requestTableEntriesMax: limits.requestTableEntriesMax ?? 200_000,
    handoff: {
      ...HANDOFF_DEFAULTS,
      settleMs: 2_000,
      retryMaxMs: 30_000,
      hintsPerTargetMax: limits.hintsPerTargetMax ?? HANDOFF_DEFAULTS.hintsPerTargetMax,
    },
    exchanges: {
      ...EXCHANGE_DEFAULTS,
      intervalMs: limits.exchangeIntervalMs ?? 0,
      settleMs: 3_000,
      retryMaxMs: 5_000,
    },
    receiveBytesPerSecondMax: 16 * MIB,
    rebuildExchangesMax: 4,
    scrub: SCRUB_DEFAULTS,
    reads: {
      ...READ_DEFAULTS,
      digestAboveBytes: limits.digestAboveBytes ?? READ_DEFAULTS.digestAboveBytes,
    },
    storage: {
      ...STORAGE_DEFAULTS,
      openBatchBytesMax: limits.batchBytesMax ?? 64 * MIB,
      recordCacheBytesMax: limits.recordCacheBytesMax ?? 64 * MIB,
      batchTimeoutMs: limits.batchTimeoutMs ?? STORAGE_DEFAULTS.batchTimeoutMs,
      clientFreeFraction: 0.15,
      clientFreeBytesMin: 64 * MIB,
      repairFreeFraction: 0.05,
    },
  };
}

/** Reads ask just the replicas that they need, however long these take, and repair only what they
 *  must before they answer. */
export function withoutHedges(options: NodeOptions): NodeOptions {
  const { timeoutMaxMs, reads } = options;
  return {
    ...options,
    replicaReadTimeoutMs: timeoutMaxMs,
    reads: { ...reads, hedgeAfterMsMin: timeoutMaxMs, lookShare: 0, repairsWaitingMax: 0 },
  };
}

/** Gauges that must stay within a bound, each with that bound. */
export function boundsOf(options: NodeOptions): Readonly<Record<BoundedGauge, number>> {
  return {
    coterie_requests_in_flight: options.requestsMax,
    // Repairs are taken beyond the bound for clients, up to twice as much, and one record whatever
    // its size.
    coterie_storage_queue_bytes: 2 * options.storage.openBatchBytesMax + RECORD_BYTES_MAX,
    coterie_link_in_flight: options.peerRequestsMax,
    coterie_sessions: options.sessionsMax,
    coterie_hints: options.handoff.hintsPerTargetMax,
  };
}

export type BoundedGauge =
  | 'coterie_requests_in_flight'
  | 'coterie_storage_queue_bytes'
  | 'coterie_link_in_flight'
  | 'coterie_sessions'
  | 'coterie_hints';
