/** What clients saw and what was left on the disks: all that checkers judge by.
 *  Invariants: what a write was shown (`given`) is noted by the values themselves, never by the
 *  product's clocks, so that its causality can be judged independently; times are of the run, not
 *  of any process.
 *  Not here: judging (checkers), noting (run). */
import type { LevelChoice } from './scenario.ts';

/** A write by the id of the step that made it. */
export type WriteId = number;

export type Outcome =
  | 'ok'
  /** The error said that it was certainly not applied (for a read: it failed). */
  | 'refused'
  /** It may have been applied. */
  | 'unknown';

interface OperationBase {
  /** Of the step. A step that reads and then writes notes two operations: the read has the id with
   *  `.5` subtracted (`id - 0.5`). */
  readonly id: number;
  readonly client: string;
  readonly key: string;
  readonly level: LevelChoice;
  readonly startUs: number;
  /** `Infinity` when the run was over before. */
  readonly endUs: number;
  readonly outcome: Outcome;
  /** Of the error. */
  readonly code?: string;
  readonly message?: string;
}

/** One value in a read, by the write that made it. */
export interface Seen {
  /** `undefined`: no such write was ever asked for (the bytes are in `text`). */
  readonly write: WriteId | undefined;
  readonly text: string;
  readonly dot: string;
}

export interface ReadOperation extends OperationBase {
  readonly kind: 'get';
  /** Of an `ok` read: the siblings; empty when not found. */
  readonly seen: readonly Seen[];
  /** Of an `ok` read: how many replicas answered and were counted, and how many the level needs. */
  readonly received: number;
  readonly required: number;
  /** Names of the nodes counted: evidence that a node which must not answer did not. */
  readonly answeredBy?: readonly string[];
}

export interface WriteOperation extends OperationBase {
  readonly kind: 'put' | 'delete';
  /** The write that this one is; a repeated request has that of its first try. */
  readonly write: WriteId;
  /** Writes whose values the client had been shown under the context it gave, and its own earlier
   *  writes that this context covers; `undefined` when the server chose (overwrite, blind delete):
   *  then it may have replaced anything that was there. */
  readonly given: readonly WriteId[] | undefined;
  /** A delete without a context: the server first read, at a majority or more, and deleted what it
   *  saw. Then `given` is undefined. */
  readonly looksFirst?: boolean;
  /** The client sent it once, to one node, and never again. */
  readonly isSentOnce?: boolean;
  /** Elements of a set that the value holds, by the ids of the steps that added them. */
  readonly elements?: readonly number[];
  /** Those that the client left out of the set on purpose. */
  readonly removes?: readonly number[];
  /** Of an `ok` write: names of the nodes counted, and how many of them had it durable. */
  readonly acknowledgedBy: readonly string[];
  /** Members without a replica that were counted beside them; absent: none. */
  readonly standIns?: readonly string[];
  /** Such members were asked for; absent: they were not. */
  readonly isSloppy?: boolean;
  readonly durable: number;
  readonly required: number;
  /** Of an `ok` put. */
  readonly dot?: string;
  /** Siblings that the reply told of. */
  readonly siblings?: number;
  /** Of an `ok` delete: false when the read before it saw nothing, and so nothing was written. */
  readonly found?: boolean;
}

export type Operation = ReadOperation | WriteOperation;

/** A sibling as one replica holds it. */
export interface StoredSibling {
  readonly dot: string;
  readonly isTombstone: boolean;
  readonly write: WriteId | undefined;
  readonly contentHash: number;
}

export interface StoredRecord {
  readonly key: string;
  /** The row's value, in hex. */
  readonly hex: string;
  readonly siblings: readonly StoredSibling[];
}

/** What one node's disk holds once everything is over. */
export interface ReplicaContents {
  readonly node: string;
  /** Its state at the end: SERVING, UNVERIFIED, RECOVERING, FAILED, ... */
  readonly state: string;
  /** By key; only keys of which this node is a replica. */
  readonly records: ReadonlyMap<string, StoredRecord>;
  /** Keys of which it is a replica. */
  readonly owns: (key: string) => boolean;
}

/** A dot that a mint, at any node, gave to a value. */
export interface MintedDot {
  readonly key: string;
  readonly dot: string;
  readonly contentHash: number;
  readonly isTombstone: boolean;
  /** Whose value it is, as far as it is a client's. */
  readonly write?: WriteId;
  readonly node: string;
  readonly atUs: number;
}

/** What a fault step came to. */
export interface FaultEvent {
  readonly atUs: number;
  readonly kind: string;
  readonly text: string;
  /** Names of the nodes that it struck; when absent, those that `text` names. */
  readonly nodes?: readonly string[];
  /** Of a partition: the nodes on either side of it. Those of one side hear each other. */
  readonly sides?: readonly [readonly string[], readonly string[]];
}

/** A node's own word on whether it serves (SERVING, RECOVERING, ...), noted whenever it changed. */
export interface StateChange {
  readonly atUs: number;
  readonly node: string;
  readonly state: string;
  readonly reason: string;
}

/** A node has concluded that another one is gone, is back, or comes and goes too often. */
export interface MemberChange {
  readonly atUs: number;
  /** Who concluded. */
  readonly node: string;
  readonly about: string;
  readonly kind: 'up' | 'down' | 'flap';
}

/** What a node thinks of a member, itself included, once everything is over. */
export interface MemberView {
  readonly node: string;
  readonly about: string;
  /** ALIVE, DOWN, ... */
  readonly state: string;
  readonly generation: number;
}

/** What a node that runs owes another one once everything is over. */
export interface OwedHints {
  readonly node: string;
  readonly target: string;
  readonly count: number;
}

/** A node whose disk lost something that had been synced; `atUs` is when. `set-aside`: it began
 *  with nothing because it had bad blocks. */
export interface DiskLoss {
  readonly node: string;
  readonly kind: 'wipe' | 'rollback' | 'lost-batch' | 'bit-rot' | 'bad-block' | 'set-aside';
  readonly atUs: number;
  /** Everything synced before this time is still there. */
  readonly intactUntilUs: number;
  /** Of `bit-rot` and `bad-block`: the keys whose rows it struck. When absent, every row of the
   *  node is suspect. */
  readonly keys?: readonly string[];
}

/** Something came to light of bad blocks of a node, or was done about them. */
export interface DamageEvent {
  readonly atUs: number;
  readonly node: string;
  /** `found`: its engine told it. `met`: its process died of it. `ended`: it ended itself
   *  because of it. */
  readonly kind: 'found' | 'met' | 'ended' | 'set-aside';
}

/** A node has made good what it lost of some keys. */
export interface Rebuilt {
  readonly atUs: number;
  readonly node: string;
  readonly has: (key: string) => boolean;
}

/** The largest of something that the product promises to bound. */
export interface Watermark {
  readonly what: string;
  readonly node: string;
  readonly largest: number;
  readonly bound: number;
}

/** What one more comparison of all copies came to, when they were equal already. */
export interface QuietPass {
  /** Keys that it found to differ. */
  readonly found: number;
  /** Comparisons made. */
  readonly compared: number;
}

export interface History {
  /** Replicas of each key. */
  readonly replicas: number;
  /** By start. */
  readonly operations: readonly Operation[];
  readonly minted: readonly MintedDot[];
  readonly contents: readonly ReplicaContents[];
  readonly faults: readonly FaultEvent[];
  readonly losses: readonly DiskLoss[];
  /** By time. */
  readonly damage?: readonly DamageEvent[];
  /** By time; whether a node that lost data has served again is judged by it (the cluster notes
   *  it: refusal-to-serve then sees also what was put right before the end). */
  readonly states?: readonly StateChange[];
  /** By time. */
  readonly rebuilt?: readonly Rebuilt[];
  /** By time, and bounded. */
  readonly memberChanges?: readonly MemberChange[];
  /** What every disk held when the nodes had compared their copies, and before any key was read
   *  again; absent when it did not come to that. */
  readonly compared?: readonly ReplicaContents[];
  /** Absent when the copies were not equal before. */
  readonly quietPass?: QuietPass;
  /** Of every node that runs in the end; absent when nobody was asked. */
  readonly memberViews?: readonly MemberView[];
  /** Absent when nobody was asked. */
  readonly owed?: readonly OwedHints[];
  /** The network may be silent for seconds although nothing is broken. */
  readonly hasHeavyTail?: boolean;
  readonly watermarks: readonly Watermark[];
  /** The nodes' table of requests was drawn so small that it forgets before its time. */
  readonly remembersFewRequests?: boolean;
  /** From here on no fault was active. */
  readonly healedUs: number;
  /** Operations that were asked for after `healedUs`, by id: they must succeed. */
  readonly afterHealing: readonly number[];
  readonly endUs: number;
  /** From a decision to its batch on a disk without faults, at most; 0 when absent. */
  readonly underWayUs?: number;
}
