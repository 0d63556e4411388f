/** What the rooms of a node ask of each other. Each room imports these types and nothing of its
 *  siblings; node.ts hands the implementations in.
 *  Not here: behaviour of any kind. */
import type { CoterieError } from '../core/errors.ts';
import type { PartitionEpochs, Ring } from '../core/ring/ring.ts';
import type { CausalContext } from '../core/version/causal-context.ts';
import type { Dot } from '../core/version/dot.ts';
import type { MintOperation } from '../core/version/mint.ts';
import type { LinkReply, LinkRequest } from '../wire/generated/coterie/v1/peer.ts';
import type { RecordKey } from './storage/record-key.ts';

/** Layout versions a request was planned with (ARCHITECTURE 5.6). */
export type Epochs = PartitionEpochs;

/** Who this node is in the cluster; absent before init. */
export interface Place {
  readonly ring: Ring;
  readonly nodeIndex: number;
  readonly datacentre: string;
}

export type DataState = 'UNINITIALISED' | 'UNVERIFIED' | 'SERVING' | 'RECOVERING';

/** How a member can be reached now. `unknown`: a connection is being made. */
export type Reach = 'up' | 'unknown' | 'down';

export type PeerOperation = NonNullable<LinkRequest['operation']>;
export type PeerResult = NonNullable<LinkReply['result']>;

export interface PeerCall {
  readonly operation: PeerOperation;
  readonly epochs: Epochs;
  /** Monotonic. */
  readonly deadlineMs: number;
  /** Bytes it carries, for the bounds. */
  readonly bytes: number;
  /** Called exactly once. An error says by `applied` whether the request may have reached the peer.
   */
  readonly done: (result: PeerResult | CoterieError) => void;
}

export interface Peers {
  reach(nodeIndex: number): Reach;
  /** Why it cannot be reached, in words. */
  describe(nodeIndex: number): string;
  inFlight(nodeIndex: number): number;
  /** A peer whose store is behind what this node remembers of it: its reads count for nothing. */
  isTrusted(nodeIndex: number): boolean;
  call(nodeIndex: number, call: PeerCall): void;
}

export interface KeyCall {
  readonly key: RecordKey;
  readonly partition: number;
  readonly epochs: Epochs;
  /** Monotonic; work is dropped when it has passed, but never after it joined a batch. */
  readonly deadlineMs: number;
}

export interface MintCall extends KeyCall {
  readonly context: CausalContext;
  readonly overwrite: boolean;
  readonly operation: MintOperation;
  readonly sync: boolean;
}

export interface Minted {
  /** The stored record, to be replicated whole. */
  readonly bytes: Uint8Array;
  readonly dot: Dot;
  readonly replyContext: CausalContext;
  /** Visible siblings in the stored record. */
  readonly siblings: number;
  readonly isDurable: boolean;
}

export interface MergeCall extends KeyCall {
  readonly record: Uint8Array;
  readonly sync: boolean;
  readonly isRepair: boolean;
}

export interface Merged {
  readonly isDurable: boolean;
  readonly isChanged: boolean;
}

export interface Held {
  /** `undefined`: there is no record, which is an answer like any other. */
  readonly bytes: Uint8Array | undefined;
  /** False while the node has not heard from its peers: counts only for ONE and LOCAL_ONE. */
  readonly isVerified: boolean;
}

/** This node's own copies. All methods reject with NOT_OWNER, STALE_LAYOUT, NOT_RECOVERED or a
 *  storage code. */
export interface LocalReplica {
  mint(call: MintCall): Promise<Minted>;
  merge(call: MergeCall): Promise<Merged>;
  read(call: KeyCall): Promise<Held>;
  /** Has this node minted that request before, as far as it knows: by its table of recent requests,
   *  or by a sibling of its record. */
  recalls(call: KeyCall, requestId: Uint8Array): Promise<boolean>;
}
