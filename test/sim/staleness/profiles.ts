/** Legs that simulated nodes are given, and predictions are made from. */
import type { LatencyDistribution } from '../../../src/core/pbs/latency.ts';
import { type LatencyProfile, PUBLISHED_PROFILES } from '../../../src/core/pbs/profile.ts';

const SSD = PUBLISHED_PROFILES['lnkd-ssd'].legs;
const SLOW_NETWORK: LatencyDistribution = { kind: 'exponential', rate: 0.25 };

/** The network of LinkedIn, and as its disk what it measured of a write to disks. */
export const SLOW_DISK: LatencyProfile = {
  name: 'slow disk',
  remoteMs: 0,
  legs: { ...SSD, commit: PUBLISHED_PROFILES['lnkd-disk'].legs.write },
};
/** Each leg is different, and each matters. */
export const FAR: LatencyProfile = {
  name: 'far replicas',
  remoteMs: 1,
  legs: {
    write: SLOW_NETWORK,
    ack: { kind: 'constant', ms: 0.5 },
    read: {
      kind: 'quantiles',
      points: [
        [0, 0.2],
        [0.5, 1],
        [1, 6],
      ],
    },
    response: SSD.response,
    commit: { kind: 'exponential', rate: 2 },
  },
};
