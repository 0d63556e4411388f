/** What the rooms of a node ask of each other. Each room imports these types and nothing of its
 *  siblings; node.ts hands the implementations in.
 *  Not here: behaviour of any kind. */
import type { CoterieError } from '../core/errors.ts';
import type { MemberState } from '../core/membership/member-watch.ts';
import type { PartitionEpochs, Ring } from '../core/ring/ring.ts';
import type { CausalContext } from '../core/version/causal-context.ts';
import type { Dot } from '../core/version/dot.ts';
import type { MintOperation } from '../core/version/mint.ts';
import type {
  DeleteReply,
  DeleteRequest,
  GetReply,
  GetRequest,
  PutReply,
  PutRequest,
} from '../wire/generated/coterie/v1/kv.ts';
import type { LinkReply, LinkRequest } from '../wire/generated/coterie/v1/peer.ts';
import type { RecordKey } from './storage/record-key.ts';

/** How work between rooms ends where it is hot: a callback, called exactly once, perhaps before
 *  the call that was given it returns. It does not throw. A promise would cost several objects
 *  that live as long as the work, and a turn of the microtask queue for everyone who passes the
 *  result on. */
export type Done<Result> = (result: Result | CoterieError) => void;

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

/** What gossip has told of one node, this one included. */
export interface KnownMember {
  /** 32 hexadecimal digits, made with its folder. */
  readonly id: string;
  readonly name: string;
  readonly isSelf: boolean;
  /** 32 hexadecimal digits; empty = it belongs to no cluster yet. */
  readonly clusterId: string;
  /** Absent before it has a place in the layout. */
  readonly nodeIndex?: number;
  readonly address: string;
  readonly zone: string;
  readonly datacentre: string;
  readonly weight: number;
  readonly state: MemberState;
  /** 0..1,000; 0 for this node. */
  readonly phi: number;
  readonly generation: number;
  readonly incarnation: number;
  /** Absent = never heard, and for this node. */
  readonly evidenceAgeMs?: number;
  /** Its wall clock minus this node's; absent = not known yet. */
  readonly clockOffsetMs?: number;
  readonly diskPercent: number;
  readonly layoutVersion: number;
}

/** What is thought of the members, for whoever chooses between them. */
export interface Members {
  /** UNKNOWN before anything was heard, which is no reason to leave a member out. */
  stateOf(nodeIndex: number): MemberState;
  /** `host:port` where it says it is now; undefined = only the layout knows. */
  addressOf(nodeIndex: number): string | undefined;
  /** One per name, in the order of names; members that have left are not among them. */
  list(): readonly KnownMember[];
  /** Calls back after states or addresses have changed; returns what ends the subscription. */
  onChange(listener: () => void): () => void;
}

/** What links notice of the members, for whoever judges them. */
export interface PeerSigns {
  /** It said something: at most once per member and 100 ms. */
  heard(nodeIndex: number): void;
  /** Its machine answered a dial: nobody listens there. */
  refused(nodeIndex: number): void;
  /** Dials the address: is it the member who answers there now? Bounded in time. */
  answersAt(nodeIndex: number, address: string): Promise<boolean>;
}

/** Told once each. `flap`: it comes and goes so often that it is avoided for a while. */
export interface MemberEvent {
  readonly kind: 'up' | 'down' | 'flap';
  readonly name: string;
  readonly address: string;
}

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
  done: Done<PeerResult>;
  /** Called right before `done` with an answer that is no error: when it came (monotonic), and for
   *  how long the peer had the request, if it tells. */
  timed?(nowMs: number, farMs: number | undefined): void;
}

export interface Peers {
  /** `down` also when it is held to be DOWN or has LEFT. */
  reach(nodeIndex: number): Reach;
  /** As `Members.stateOf`. */
  stateOf(nodeIndex: number): MemberState;
  /** Why it cannot be reached, in words. */
  describe(nodeIndex: number): string;
  inFlight(nodeIndex: number): number;
  /** How long it takes to answer a read, of late; 0 = not known, or not asked for long. */
  latencyMs(nodeIndex: number): number;
  /** Of late it answered 19 of 20 reads within this time; 0 = too few to tell. */
  latencyHighMs(nodeIndex: number): number;
  /** A peer whose store is behind what this node remembers of it: its reads count for nothing. */
  isTrusted(nodeIndex: number): boolean;
  call(nodeIndex: number, call: PeerCall): void;
  /** The same over the bulk lane, for what may wait; fails at once unless the member is `up`. */
  callBulk(nodeIndex: number, call: PeerCall): void;
}

export interface PartitionCall {
  readonly partition: number;
  readonly epochs: Epochs;
}

export interface KeyCall extends PartitionCall {
  readonly key: RecordKey;
  /** Monotonic; work is dropped when it has passed, but never after it joined a batch. */
  readonly deadlineMs: number;
}

export interface MintRequest {
  readonly context: CausalContext;
  readonly overwrite: boolean;
  readonly operation: MintOperation;
  /** Answer only after the fsync. */
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

/** A node that is behind what its peers know of it, and how far it has come with its rebuild. */
export interface Recovery {
  readonly isRecovering: boolean;
  /** Changes whenever everything is to be rebuilt from the beginning. */
  readonly attempt: number;
  /** When this node's run began; monotonic. */
  readonly startedMs: number;
  /** An operator gave up what only members have that are gone. */
  readonly acceptsLoss: boolean;
  /** Highest tick that peers have seen of any life of this member. */
  readonly ceilingSeen: number;
  isRebuilt(partition: number): boolean;
  /** An earlier run had rebuilt it, and may have lost since what it acknowledged meanwhile. */
  wasRebuilt(partition: number): boolean;
  /** An earlier run had rebuilt it, and all of what any member has seen of that run is here. */
  isStillRebuilt(partition: number): boolean;
  /** Nothing happens when the attempt is over. */
  partitionRebuilt(partition: number, attempt: number): void;
  /** Settles when that is durable. Errors: CONFLICT when meanwhile more was found to be lost. */
  acceptLoss(): Promise<void>;
  /** An operator gave up single records, in words; settles when that is on record. */
  noteLoss(reason: string): Promise<void>;
  /** All partitions are rebuilt; false when meanwhile more is known to be lost. */
  finish(attempt: number, clearDamage: () => Promise<void>): Promise<boolean>;
}

/** This node's own copies. All methods fail with NOT_OWNER, STALE_LAYOUT, NOT_RECOVERED or a
 *  storage code. */
export interface LocalReplica {
  mint(call: KeyCall, request: MintRequest, done: Done<Minted>): void;
  /** `sync`: answer only after the fsync. */
  merge(call: KeyCall, record: Uint8Array, sync: boolean, done: Done<Merged>): void;
  read(call: KeyCall, done: Done<Held>): void;
  /** Has this node minted that request before, as far as it knows: by its table of recent requests,
   *  or by a sibling of its record. */
  recalls(call: KeyCall, requestId: Uint8Array): Promise<boolean>;
}

/** Keeps records for replicas of keys of which this node owns none. */
export interface Fallback {
  /** Calls back once the record is durably owed to the target (and to nobody before). Errors, all
   *  with applied 'no': NOT_INITIALISED, STALE_LAYOUT (the target owns no replica, or this node
   *  does), OVERLOADED, DISK_FULL, NOT_RUNNING; STORAGE_IO (unknown). */
  keep(call: KeyCall, target: number, record: Uint8Array, done: Done<undefined>): void;
  /** Mints on what is kept here of the key, and owes the record to each of its replicas. Errors as
   *  `keep`, NOT_RECOVERED, and those of core/version/mint.ts. */
  mint(call: KeyCall, request: MintRequest, done: Done<Minted>): void;
}

/** What this node takes in of what may wait: hints, and records that it lacks. */
export interface ReceiveBudget {
  /** Calls back once the bytes may come in, perhaps before it returns, or with OVERLOADED
   *  {retryAfterMs} at once if they would come too late for the deadline (monotonic). */
  take(bytes: number, deadlineMs: number, done: (refusal: CoterieError | undefined) => void): void;
}

/** May copies of a partition be compared with and merged into, as asked? */
export interface PartitionGate {
  /** NOT_INITIALISED, NOT_OWNER, STALE_LAYOUT. */
  fenceRefusal(call: PartitionCall): CoterieError | undefined;
  /** False: what is here may lack what was acknowledged. */
  isVerified(partition: number): boolean;
}

/** Answers what peers ask when they compare a partition: Tree, Entries, Fetch, Reconcile. */
export interface RepairServer {
  /** May throw instead of calling `done`. */
  serve(request: LinkRequest, done: Done<PeerResult>): void;
}

export interface ExchangeOptions {
  /** `compare` ends with NOT_RECOVERED when the peer's copies may not serve. `all` goes on, and
   *  trusts no leaves: every record of the partition is compared. */
  readonly mode: 'compare' | 'all';
}

export interface ExchangeResult {
  /** Monotonic; of one that was gone on with, when the first part of it began. */
  readonly beganMs: number;
  /** All that either side held when it began is on both, fsynced. */
  readonly isComplete: boolean;
  /** The peer's copies may serve, in every answer it gave. */
  readonly wasVerified: boolean;
  /** Keys that were found to differ. */
  readonly differing: number;
  /** Of messages, about. */
  readonly sentBytes: number;
  readonly receivedBytes: number;
  /** Of the records that changed something on either side. */
  readonly differingBytes: number;
}

/** What is known of one partition at this node and one peer, where this node begins exchanges. */
export interface PairStatus {
  readonly partition: number;
  readonly peer: number;
  /** Since both were last proved equal; absent = not since this node started. */
  readonly lastEqualMs?: number;
  /** Keys that the last exchange found to differ and could not yet make equal. */
  readonly differing: number;
  /** Keys found to differ since this node started. */
  readonly found: number;
  readonly sentBytes: number;
  readonly receivedBytes: number;
  /** Of the records that really differed. */
  readonly differingBytes: number;
  /** Why the last exchange did not complete; empty = it did. */
  readonly failure: string;
}

/** What makes replicas equal in the background, for whoever watches or hurries it. */
export interface Repairs {
  hints(): readonly HintStatus[];
  /** Partitions that missed more at a member than hints may hold. */
  dirty(): readonly { readonly target: number; readonly partition: number }[];
  pairs(): readonly PairStatus[];
  /** Puts exchanges first, of one partition or of all that this node begins; how many. */
  hurry(partition: number | undefined): number;
  /** Undefined unless the node is RECOVERING. */
  rebuild(): RebuildStatus | undefined;
  /** Undefined = off. */
  scrub(): ScrubStatus | undefined;
  /** Ends RECOVERING though what only members have that are gone is missing. Errors: CONFLICT when
   *  the node is not RECOVERING. */
  acceptLoss(): Promise<void>;
}

/** Partitions that may lack writes at a member. */
export interface DirtyPairs {
  has(target: number, partition: number): boolean;
  /** A comparison that began at `beganMs` (monotonic) has found both sides equal. */
  equal(target: number, partition: number, beganMs: number): void;
  /** Told of each once when it becomes dirty, and now of those that are. */
  onDirty(listener: (dirty: { readonly target: number; readonly partition: number }) => void): void;
}

/** Makes the copies of a partition here and at one peer equal. */
export interface Exchanges {
  /** One at a time for each pair. An exchange that was interrupted is gone on with by the next one
   *  of the same mode. Errors: OVERLOADED {retryAfterMs} while the pair or too many others are at
   *  it, NOT_OWNER, and whatever interrupted it. */
  run(partition: number, peer: number, options: ExchangeOptions, done: Done<ExchangeResult>): void;
}

/** What clients ask of this node, for the streams that carry thousands of requests a second. */
export interface ClientRequests {
  beginGet(request: GetRequest, done: Done<GetReply>): void;
  beginPut(request: PutRequest, done: Done<PutReply>): void;
  beginDelete(request: DeleteRequest, done: Done<DeleteReply>): void;
}

/** What is owed to one member. */
export interface HintStatus {
  /** Node index. */
  readonly target: number;
  readonly count: number;
  readonly bytes: number;
  /** Unix time of the oldest, ms. */
  readonly oldestMs: number;
  /** waiting: it is not up. settling: not for long enough. paused: after a failure. */
  readonly phase: 'waiting' | 'settling' | 'paused' | 'ready' | 'sending';
  /** Why the last pass ended early; empty = it did not. */
  readonly lastError: string;
}

/** Who missed what. */
export interface Hints {
  /** The target did not acknowledge a copy of the key's record, or has not yet. Returns what is to
   *  be called when it does after all; undefined: nothing is. Costs a lookup while the key is known
   *  to be missed, and never fails. */
  missed(target: number, key: RecordKey, partition: number): (() => void) | undefined;
}

/** What is unreadable in a partition at a moment. */
export interface Unreadable {
  /** Any record of the partition may be lost. */
  readonly isWhole: boolean;
  /** `noted`: when it was last found unreadable, for comparison alone; another finding, of
   *  whichever key, has another number. 0 = in an earlier run. */
  readonly keys: readonly { readonly key: RecordKey; readonly noted: number }[];
}

/** Records that do not answer until what was lost of them is made good. */
export interface UnreadableRecords {
  readonly isAny: boolean;
  /** Told whenever there is more. */
  onMore(listener: () => void): void;
  byPartition(partitionOf: (token: number) => number): ReadonlyMap<number, Unreadable>;
  /** All that other replicas have of these has been merged. */
  madeGood(partition: number, unreadable: Unreadable): void;
}

/** How far a RECOVERING node has come. */
export interface RebuildStatus {
  /** That this node owns. */
  readonly partitions: number;
  /** Of which are rebuilt and serve. */
  readonly done: number;
  readonly keys: number;
  readonly bytes: number;
  /** Until all are done, at the pace so far. */
  readonly estimateMs?: number;
  /** Keys still to come, as far as peers have said; at least 1 for each partition that is left. */
  readonly keysLeft: number;
  /** Why it does not go on, in words. */
  readonly waitingFor: string;
}

/** Re-reading what lies on the disk. */
export interface ScrubStatus {
  /** Re-read since this node started. */
  readonly records: number;
  readonly corrupt: number;
  readonly correctedLeaves: number;
  /** Since the partition that waits longest was last re-read; absent = one never was. */
  readonly oldestMs?: number;
}
