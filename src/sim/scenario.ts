/** Everything that one run does, written down: the cluster, who asks for what and when, and what
 *  breaks and when. Made from a seed (plan), run (run), and made smaller when it fails (shrink).
 *  Invariants: it is plain JSON; running it draws only from streams named after its seed; a step
 *  left out changes no other step.
 *  Not here: how steps are drawn and carried out.
 *  Source: design of the test programme, "seeds, shrinking, replay". */
import type { ConsistencyLevel } from '../core/quorum/level.ts';

export const SCENARIO_VERSION = 1;

export interface Scenario {
  readonly version: typeof SCENARIO_VERSION;
  readonly seed: number;
  readonly workload: string;
  readonly nodes: number;
  readonly replicas: number;
  readonly partitions: number;
  /** How long clients ask and things break; the closing phases come after it. */
  readonly durationMs: number;
  readonly network: NetworkModel;
  /** One for each node, in order. */
  readonly clocks: readonly ClockModel[];
  /** Drawn small, they reach paths that the usual sizes hide. */
  readonly limits: LimitsModel;
  readonly faults: readonly FaultStep[];
  readonly clients: readonly ClientScript[];
}

export interface NetworkModel {
  /** Least one-way delay. */
  readonly delayMinMs: number;
  /** Mean of what comes on top, exponentially distributed. */
  readonly delayMeanMs: number;
  /** Share of frames, 0..1, that take `tailFactor` times as long: a heavy tail. */
  readonly tailShare: number;
  readonly tailFactor: number;
}

export interface ClockModel {
  readonly offsetMs: number;
  readonly driftPpm: number;
}

/** Bounds of nodes and clients that a run may draw small; an absent one is the product's default.
 */
export interface LimitsModel {
  readonly requestsMax?: number;
  readonly peerRequestsMax?: number;
  readonly requestTableEntriesMax?: number;
  readonly recordCacheBytesMax?: number;
  readonly batchBytesMax?: number;
  readonly windowBytes?: number;
  /** Absent: nodes compare only what is known to have missed something. */
  readonly exchangeIntervalMs?: number;
  readonly hintsPerTargetMax?: number;
  /** Replicas answer reads of larger records with a digest. */
  readonly digestAboveBytes?: number;
  /** A node whose disk does not come back from a batch by then stops. */
  readonly batchTimeoutMs?: number;
}

/** What a fault or a checker may depend on. A run uses those that the product offers so far. */
export type Capability =
  | 'blocking-repair'
  | 'hints'
  | 'anti-entropy'
  | 'rebuild'
  | 'membership'
  | 'elasticity';

interface Timed {
  /** Virtual time since clients began. */
  readonly atMs: number;
}

interface Lasting extends Timed {
  readonly forMs: number;
}

/** Node indexes count from 0. A link is one direction, `from` to `to`; clients are numbered after
 *  the nodes (`nodes + client index`). */
export interface LinkEnds {
  readonly from: number;
  readonly to: number;
}

/** What a crash makes of what was written and not synced: how much of it survives, from the
 *  oldest on. `torn`: the first batch lost is half on the disk. */
export type UnsyncedFate = 'kept' | 'lost' | 'part' | 'torn';

export type FaultStep =
  /** Nothing goes from one group to the other, both ways or from the first to the second only.
   *  Connections stay open until somebody gives up. */
  | (Lasting & {
      readonly kind: 'partition';
      readonly groups: readonly [readonly number[], readonly number[]];
      readonly isOneWay: boolean;
    })
  /** Everything on a link waits, and comes out in one burst. */
  | (Lasting & { readonly kind: 'clog'; readonly links: readonly LinkEnds[] })
  /** Share of frames lost: each costs a retransmission (200 ms, doubling). */
  | (Lasting & { readonly kind: 'loss'; readonly share: number })
  | (Lasting & { readonly kind: 'delay'; readonly node: number; readonly byMs: number })
  /** Every stream between the two breaks, with what is on the way; `afterDelivery`: the far side
   *  is still given it. */
  | (Timed & {
      readonly kind: 'reset';
      readonly between: readonly [number, number];
      readonly afterDelivery: boolean;
    })
  /** What went over a link connection some time ago arrives once more, as a connection of its
   *  own. */
  | (Timed & { readonly kind: 'replay'; readonly to: number; readonly connection: number })
  /** As kill -9, and started again after `downMs`. */
  | (Timed & {
      readonly kind: 'crash';
      readonly node: number;
      readonly downMs: number;
      readonly unsynced: UnsyncedFate;
    })
  /** As SIGTERM, and started again after `downMs`. */
  | (Timed & { readonly kind: 'restart'; readonly node: number; readonly downMs: number })
  | (Timed & {
      readonly kind: 'power-loss';
      readonly downMs: number;
      readonly unsynced: UnsyncedFate;
    })
  /** Crash, and started again with an empty disk. */
  | (Timed & { readonly kind: 'wipe'; readonly node: number; readonly downMs: number })
  /** Crash, and started again with the disk as it was `ageMs` ago. */
  | (Timed & {
      readonly kind: 'rollback';
      readonly node: number;
      readonly downMs: number;
      readonly ageMs: number;
    })
  /** Crash; the log has lost one synced batch out of its middle. */
  | (Timed & {
      readonly kind: 'lost-batch';
      readonly node: number;
      readonly downMs: number;
      /** Of the batches of the last run, counted from its end, 1 or more. */
      readonly fromEnd: number;
    })
  /** Loses in this way what was synced, if every other node that did has been rebuilt and serves
   *  again; nothing otherwise. */
  | (Timed & {
      readonly kind: 'disk-losses-in-turn';
      readonly node: number;
      readonly downMs: number;
      readonly loss: 'wipe' | 'rollback';
    })
  /** Some record rows of the node have a flipped bit from now on. */
  | (Timed & { readonly kind: 'bit-rot'; readonly node: number; readonly rows: number })
  /** So many neighbouring record rows of the node lie in a block that the engine cannot read from
   *  now on. */
  | (Timed & { readonly kind: 'bad-block'; readonly node: number; readonly rows: number })
  /** Share of reads of the disk that fail. */
  | (Lasting & { readonly kind: 'read-errors'; readonly node: number; readonly share: number })
  | (Timed & { readonly kind: 'failed-sync'; readonly node: number; readonly downMs: number })
  | (Lasting & { readonly kind: 'disk-full'; readonly node: number; readonly freeShare: number })
  /** Everything the disk does takes `byMs` longer. */
  | (Lasting & { readonly kind: 'disk-stall'; readonly node: number; readonly byMs: number })
  /** The process stands still, and then does everything that came due at once. */
  | (Lasting & { readonly kind: 'pause'; readonly node: number })
  | (Lasting & { readonly kind: 'slow-node'; readonly node: number; readonly perStepUs: number })
  | (Timed & { readonly kind: 'clock-jump'; readonly node: number; readonly byMs: number });

export type FaultKind = FaultStep['kind'];

export interface ClientScript {
  readonly name: string;
  /** Nodes it is told of, by index; at least one. */
  readonly nodes: readonly number[];
  readonly timeoutMs: number;
  readonly retry: 'same' | 'any' | 'none';
  readonly steps: readonly ClientStep[];
}

/** Raw numbers or a level. */
export type LevelChoice =
  | { readonly level: ConsistencyLevel }
  | { readonly r: number; readonly w: number };

/** Where a write takes its context from: nothing, what this client was last given for the key (by a
 *  read or by a write of its own), what it was given `stale` results of that key ago, its last
 *  result for another key (an error, which must change nothing), or, for `overwrite`, whatever the
 *  minter has. */
export type ContextChoice = 'none' | 'last' | 'stale' | 'other-key' | 'overwrite';

interface StepBase {
  /** Unique in the scenario and kept when others are left out. A write's value is named after it:
   *  `w<id>`. */
  readonly id: number;
  /** Not before this time, and not before the client's step before it has ended. */
  readonly atMs: number;
  readonly key: string;
  readonly level: LevelChoice;
}

export type ClientStep =
  | (StepBase & { readonly kind: 'get' })
  | (StepBase & {
      readonly kind: 'put' | 'delete';
      readonly context: ContextChoice;
      /** Members without a replica may stand in. */
      readonly isSloppy?: boolean;
    })
  /** Read at the level, merge the sets of all siblings, add or remove elements, write with the
   *  context of the read. The element added is the step's own id; removed are those of the ids
   *  given. */
  | (StepBase & { readonly kind: 'change-set'; readonly removes: readonly number[] })
  /** The client's last write of this key once more, with its request id, value and context, through
   *  a connection to another node. Nothing when it has none. */
  | (StepBase & { readonly kind: 'repeat'; readonly through: number });
