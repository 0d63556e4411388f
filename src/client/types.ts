/** The public types of the client: options, results, and the client itself.
 *  Conventions: a key or value is a string, taken as UTF-8, or bytes; bytes handed in must not
 *  be changed before the promise settles. Times are milliseconds. Not found and several siblings
 *  are results; faults reject with a CoterieError and nothing else.
 *  Not here: behaviour (client.ts). */
import type { ConsistencyLevel } from '../core/quorum/level.ts';
import type { Ring } from '../core/ring/ring.ts';
import type { Clock } from '../env/clock.ts';
import type { Log } from '../env/log.ts';
import type { Random } from '../env/random.ts';
import type { Transport } from '../env/transport.ts';
import type { Durability } from '../wire/level-codec.ts';

/** What happens to a write whose outcome is unknown (the connection broke, the deadline of the
 *  node passed).
 *  - `same`: tried once more at the same node with the same request id, which cannot write
 *    twice.
 *  - `any`: then also at other nodes. If the first try was applied and has been overwritten or
 *    deleted meanwhile, the value may come back as a sibling; every other retry is safe.
 *  - `none`: a request is handed to a node once at most, reads too.
 *
 *  A write that a node refused (so that it was certainly not applied) moves on in `same` and
 *  `any`; one that no node was handed moves on in every mode. */
export type RetryMode = 'same' | 'any' | 'none';

/** The part of AbortSignal that is used; the platform's own fits. */
export interface AbortSignalLike {
  readonly aborted: boolean;
  readonly reason?: unknown;
  addEventListener(type: 'abort', listener: () => void, options?: { once?: boolean }): void;
  removeEventListener(type: 'abort', listener: () => void): void;
}

/** What the world gives to a client. The client closes the streams it dialed, not the transport. */
export interface ClientEnvironment {
  readonly transport: Transport;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  /** Called once at the end of `close`, for whoever made the transport for this client alone. */
  readonly release?: () => Promise<void>;
}

export interface ClientOptions {
  /** `host:port` of at least one node; the others are learned from it. */
  readonly nodes: readonly string[];
  /** Bucket of requests that name none. Default `default`. */
  readonly bucket?: string;
  /** Level of requests that give neither level nor raw numbers. Default `quorum`. */
  readonly consistency?: ConsistencyLevel;
  /** One budget per request for connecting, waiting and all attempts, 1..3,600,000 ms. Default
   *  2,000. */
  readonly timeoutMs?: number;
  /** Default `same`. */
  readonly retry?: RetryMode;
  /** Requests this client has in flight at once; one more fails with OVERLOADED. Default 4,096. */
  readonly inFlightMax?: number;
  /** Bytes of keys and values in flight at once; more fails with OVERLOADED. Default 64 MiB. */
  readonly inFlightBytesMax?: number;
  /** 32 hex digits: refuse every other cluster (CLUSTER_MISMATCH). Default: the first one met. */
  readonly clusterId?: string;
}

export interface RequestOptions {
  readonly bucket?: string;
  /** Excludes the raw numbers. */
  readonly consistency?: ConsistencyLevel;
  /** Replaces the client's budget for this request. */
  readonly timeoutMs?: number;
  /** Gives the request up: ABORTED, with the signal's reason as `cause`. */
  readonly signal?: AbortSignalLike;
  /** Asks for `trace` in the result. */
  readonly explain?: boolean;
}

export interface GetOptions extends RequestOptions {
  /** Replicas that must answer, 1..N. */
  readonly r?: number;
  /** Of which primaries. */
  readonly pr?: number;
}

export interface WriteOptions extends RequestOptions {
  /** Replicas that must acknowledge, 1..N. */
  readonly w?: number;
  /** Of which primaries. */
  readonly pw?: number;
  /** Of which durable, at most `w`. */
  readonly dw?: number;
  /** Let members that own no replica stand in for replicas that do not answer: they keep the write
   *  durably and count toward the level or `w`, never toward `pw` or `dw`. Such a write is taken
   *  more often and seen later: a read need not show it until they have handed it over. Not with
   *  all, local_one, local_quorum, each_quorum. */
  readonly sloppy?: boolean;
  /** Default `fsync`. */
  readonly durability?: Durability;
  /** `context` of the result that this write replaces. */
  readonly context?: string;
  /** 16 bytes, 32 hex digits or a UUID; made when absent. Give the one of a failed write (its
   *  error's `details.requestId`) to repeat that write safely; the node then first looks for the
   *  earlier try. */
  readonly requestId?: string | Uint8Array;
  /** Replaces the client's mode for this request. */
  readonly retry?: RetryMode;
}

export interface PutOptions extends WriteOptions {
  /** Replace whatever the minting replica holds; may drop a concurrent sibling. Excludes
   *  `context`. */
  readonly overwrite?: boolean;
}

export interface DeleteOptions extends WriteOptions {
  /** Delete what the minting replica holds, without the read that comes first otherwise.
   *  Excludes `context`. */
  readonly blind?: boolean;
}

/** How many replicas the level required and which ones answered before the reply was sent. */
export interface Replies {
  readonly required: number;
  readonly received: number;
  /** Names of the nodes counted. */
  readonly nodes: readonly string[];
  /** Members that own no replica and were counted for replicas that did not answer. Absent: there
   *  were none. */
  readonly standIns?: readonly string[];
}

export interface RequestTraceStep {
  readonly node: string;
  /** mint | replicate | keep (by a stand-in) | read | digest | repair */
  readonly action: string;
  /** Since the coordinator took the request. */
  readonly sentAtMs: number;
  /** 0 = no answer before the reply was sent. */
  readonly answeredAtMs: number;
  readonly outcome: string;
  /** Toward the level. */
  readonly counted: boolean;
}

/** What the coordinator did, one step per replica asked, in the order of sending. */
export interface RequestTrace {
  readonly coordinator: string;
  /** Empty for reads. */
  readonly minter: string;
  readonly partition: number;
  readonly layoutVersion: number;
  readonly steps: readonly RequestTraceStep[];
  readonly elapsedMs: number;
}

interface ResultBase {
  /** Opaque; give it to the write that replaces what this result showed. */
  readonly context: string;
  /** The level really reached, or `r=2`, `w=2`. */
  readonly level: string;
  /** Only with `explain`. */
  readonly trace?: RequestTrace;
  /** From the call to the result, as this client saw it. */
  readonly elapsedMs: number;
  /** For how much of that the coordinator had the request; 0 = it does not tell. The rest are the
   *  ways there and back, waits on this side and earlier attempts. */
  readonly coordinatorMs: number;
}

export interface SiblingValue {
  readonly value: Uint8Array;
  /** The write that made it: `nodeIndex.epoch.seq`. */
  readonly dot: string;
  /** Unix time by the clock of the node that minted it. */
  readonly writtenAtMs: number;
}

export interface GetResult extends ResultBase {
  readonly found: boolean;
  /** Every concurrent value, ordered by dot; empty when not found. */
  readonly siblings: readonly SiblingValue[];
  /** The value when there is exactly one. Absent is not the same as not found: with several
   *  siblings it is absent too. Look at `found`, or take `siblings`, or `text()`, which throws
   *  then. */
  readonly value?: Uint8Array;
  readonly replies: Replies;
  /** The value as text; `undefined` when not found. Errors: SIBLINGS when there are several,
   *  INVALID_ARGUMENT when it is not UTF-8. */
  text(): string | undefined;
}

interface WriteResultBase extends ResultBase {
  /** Values the stored record has now, tombstones not counted; more than 1: somebody wrote at
   *  the same time. */
  readonly siblings: number;
  readonly acks: Replies;
  /** How many of the acknowledgements were durable. */
  readonly durable: number;
  /** 32 hex digits. */
  readonly requestId: string;
}

export interface PutResult extends WriteResultBase {
  /** This write: `nodeIndex.epoch.seq`. */
  readonly dot: string;
}

export interface DeleteResult extends WriteResultBase {
  /** False: there was nothing to delete and nothing was written. */
  readonly found: boolean;
}

/** Every method rejects with a CoterieError; `applied` of a failed write says whether it may
 *  have happened. */
export interface Client extends AsyncDisposable {
  get(key: string | Uint8Array, options?: GetOptions): Promise<GetResult>;
  put(
    key: string | Uint8Array,
    value: string | Uint8Array,
    options?: PutOptions,
  ): Promise<PutResult>;
  delete(key: string | Uint8Array, options?: DeleteOptions): Promise<DeleteResult>;
  /** Asks a node for the layout it works with. Errors: NOT_INITIALISED before the cluster has
   *  one. */
  layout(options?: RequestOptions): Promise<Ring>;
  /** Resolves once a node has answered the handshake. Errors: UNREACHABLE naming every address
   *  (also at the deadline), CLUSTER_MISMATCH, VERSION_UNSUPPORTED, ABORTED. */
  ready(options?: Pick<RequestOptions, 'timeoutMs' | 'signal'>): Promise<void>;
  /** Idempotent. Requests in flight fail with NOT_RUNNING; afterwards no timer, stream or
   *  callback is left. */
  close(): Promise<void>;
}
