/** The cluster that is measured, as a benchmark sees it. It does not start one itself: the command
 *  line hands it in. */

import type { NodeLegs } from '../client/node-legs.ts';

export type ClusterKind = 'spawned' | 'embedded' | 'given';

export const FAULTS = ['kill', 'stop', 'slow'] as const;
export type FaultKind = (typeof FAULTS)[number];

/** One node at a time. */
export interface ClusterFaults {
  /** `kill`: it is gone at once. `stop`: it is there and does nothing. `slow`: it works a small
   *  part of the time. The node's name. */
  inject(kind: FaultKind): Promise<string>;
  /** It is as it was, or on the way there: a killed one is started again. */
  heal(): Promise<void>;
}

export interface BenchCluster {
  readonly kind: ClusterKind;
  /** `HOST:PORT` of each node. */
  readonly addresses: readonly string[];
  /** Copies of each key; undefined where that is not ours to know. */
  readonly replicas: number | undefined;
  /** Settles when a node has ended that was not told to. */
  readonly failed: Promise<Error>;
  /** Processor seconds, user and system, that each node has used so far; embedded nodes are one
   *  process and one number. undefined: not known from here. */
  processorSeconds(): Promise<readonly number[] | undefined>;
  /** How long the legs of requests took so far, of each node that answers. */
  legs(): Promise<readonly NodeLegs[]>;
  /** undefined: nodes that are not ours, or not started for it. */
  readonly faults: ClusterFaults | undefined;
  /** Idempotent; afterwards no process, folder or port of it is left. */
  stop(): Promise<void>;
}
