/** Which distribution has each leg of a request? Four published profiles, and the type of one that
 *  was measured.
 *  Invariant: all four legs that every prediction needs are there.
 *  Not here: what is made of them (wars-shape.ts, coterie-shape.ts), files (profile-file.ts).
 *  Source: Bailis et al., "Probabilistically Bounded Staleness", VLDB 2012, table 3, and the code
 *  of its simulator (github.com/pbailis/pbs-vldb-historical-paper-material, nrw_solver). Where
 *  they disagree the code holds, since it made the published tables: the body of YMMR's writes has
 *  shape 3.5 there and 3.35 in print. */
import type { LatencyDistribution } from './latency.ts';

/** One-way times between two nodes, and times within one. */
export interface Legs {
  /** W: a write on its way to a replica. Storing it is part of it unless there is `commit`. */
  readonly write: LatencyDistribution;
  /** A: the acknowledgement on its way back. */
  readonly ack: LatencyDistribution;
  /** R: a read on its way to a replica. */
  readonly read: LatencyDistribution;
  /** S: the answer on its way back. Looking up is part of it unless there is `lookup`. */
  readonly response: LatencyDistribution;
  /** What a replica takes to store a write so that reads see it. */
  readonly commit?: LatencyDistribution;
  /** The same of the replica that mints it; as `commit` when absent. */
  readonly mint?: LatencyDistribution;
  /** What a replica takes to look a record up, once it has seen whether it is there. */
  readonly lookup?: LatencyDistribution;
  /** The same in the reader's own copy; as `lookup` when absent. */
  readonly ownLookup?: LatencyDistribution;
  /** Between the client and the coordinator, one way. Without it times are the coordinator's. */
  readonly client?: LatencyDistribution;
}

export interface LatencyProfile {
  readonly name: string;
  readonly legs: Legs;
  /** Added to each way between two nodes: every replica is in a datacentre of its own. */
  readonly remoteMs: number;
  /** The legs of one request to one replica were measured as one round trip and taken apart: they
   *  are slow together, so that their sum is what was measured. False when absent: independent. */
  readonly roundTrips?: boolean;
  /** Share of the writes, 0 to 1, in which all copies are equally slow, as on a disk that they
   *  share; in the others, and when absent, they are independent. */
  readonly copiesTogether?: number;
}

const LNKD_SSD_LEG: LatencyDistribution = paretoBody(0.235, 10, 0.9122, 1.66);
const LNKD_DISK_WRITE: LatencyDistribution = paretoBody(1.05, 1.51, 0.38, 0.183);
const YMMR_WRITE: LatencyDistribution = paretoBody(3, 3.5, 0.939, 0.0028);
const YMMR_LEG: LatencyDistribution = paretoBody(1.5, 3.8, 0.982, 0.0217);
/** Between continents. */
const WAN_MS = 75;

export const PROFILE_NAMES = ['lnkd-ssd', 'lnkd-disk', 'ymmr', 'wan'] as const;
export type ProfileName = (typeof PROFILE_NAMES)[number];

export const PUBLISHED_PROFILES: Readonly<Record<ProfileName, LatencyProfile>> = {
  'lnkd-ssd': published('lnkd-ssd', LNKD_SSD_LEG, LNKD_SSD_LEG),
  'lnkd-disk': published('lnkd-disk', LNKD_DISK_WRITE, LNKD_SSD_LEG),
  ymmr: published('ymmr', YMMR_WRITE, YMMR_LEG),
  wan: { ...published('wan', LNKD_DISK_WRITE, LNKD_SSD_LEG), remoteMs: WAN_MS },
};

function published(
  name: ProfileName,
  write: LatencyDistribution,
  others: LatencyDistribution,
): LatencyProfile {
  return {
    name,
    legs: { write, ack: others, read: others, response: others },
    remoteMs: 0,
  };
}

/** A body that is a Pareto distribution, and an exponential tail. */
function paretoBody(
  minMs: number,
  shape: number,
  share: number,
  tailRate: number,
): LatencyDistribution {
  return {
    kind: 'mixture',
    parts: [
      { weight: share, of: { kind: 'pareto', minMs, shape } },
      { weight: 1 - share, of: { kind: 'exponential', rate: tailRate } },
    ],
  };
}
