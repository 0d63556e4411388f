/** This node's own copies of records: mints new events on them, merges what others send, answers
 *  reads.
 *  Invariants: every write passes the fence check in the one place that decides what goes into a
 *  batch; a node that does not own the partition touches nothing; a mint reads, decides and writes
 *  without anything in between; the clock's ceiling rides in the batch of the mint.
 *  Not here: the rules of minting (core/version/mint.ts), batches and fsyncs (node/storage),
 *  quorums (coordinator).
 *  Source: ARCHITECTURE 5.4 to 5.6, 5.16, 5.17, 5.19, 5.20, 5.21. */

import { bytesEqual } from '../../core/bytes.ts';
import type { Checksum } from '../../core/checksum.ts';
import { assert, CoterieError } from '../../core/errors.ts';
import type { CausalContext } from '../../core/version/causal-context.ts';
import { contextToText, encodeContextToken } from '../../core/version/context-token.ts';
import type { HybridLogicalClock } from '../../core/version/hlc.ts';
import { ceilingFor } from '../../core/version/hlc.ts';
import type { MintOperation } from '../../core/version/mint.ts';
import { mint } from '../../core/version/mint.ts';
import type { Sibling, VersionedRecord } from '../../core/version/record.ts';
import { contentHashOf, EMPTY_BYTES, mergeRecords } from '../../core/version/record.ts';
import type { RecordCodec } from '../../core/version/record-codec.ts';
import { RequestTable, requestHashOf } from '../../core/version/request-table.ts';
import type { Clock } from '../../env/clock.ts';
import type { Log } from '../../env/log.ts';
import type { Metrics } from '../../env/metrics.ts';
import type {
  DataState,
  Held,
  KeyCall,
  LocalReplica,
  MergeCall,
  Merged,
  MintCall,
  Minted,
  Place,
} from '../contracts.ts';
import type { RecordStore } from '../storage/record-store.ts';
import type { CurrentRecord, Decision } from '../storage/update.ts';

export interface ReplicaParts {
  readonly store: RecordStore;
  readonly codec: RecordCodec;
  readonly checksum: Checksum;
  readonly clock: Clock;
  readonly hlc: HybridLogicalClock;
  readonly log: Log;
  readonly metrics: Metrics;
}

export interface ReplicaNode {
  place(): Place | undefined;
  state(): DataState;
  reason(): string;
}

export interface ReplicaOptions {
  /** Requests remembered to make a retry harmless. */
  readonly requestTableEntriesMax: number;
}

export class Replica implements LocalReplica {
  readonly #parts: ReplicaParts;
  readonly #node: ReplicaNode;
  readonly #requests: RequestTable;
  /** Above every tick of earlier runs that this folder knows. */
  readonly #firstTick: number;
  #hasJumped = false;

  constructor(parts: ReplicaParts, node: ReplicaNode, options: ReplicaOptions) {
    this.#parts = parts;
    this.#node = node;
    const { clock, hlc } = parts;
    const reading = { wallMs: clock.wallMs(), monotonicMs: clock.monotonicMs() };
    this.#firstTick = hlc.issue(reading);
    this.#requests = new RequestTable({ entriesMax: options.requestTableEntriesMax });
  }

  async mint(call: MintCall): Promise<Minted> {
    const place = this.#owned(call);
    this.#refuseWhileRecovering();
    const priority = call.operation.kind === 'delete' ? 'repair' : 'client';
    const applied = await this.#parts.store.update(
      call.key,
      { sync: call.sync, priority, deadlineMs: call.deadlineMs },
      (current) => this.#decideMint(place, call, current),
    );
    return { ...applied.result, isDurable: applied.isDurable };
  }

  async merge(call: MergeCall): Promise<Merged> {
    this.#owned(call);
    const incoming = this.#parts.codec.decode(call.record);
    const applied = await this.#parts.store.update(
      call.key,
      { sync: call.sync, priority: 'repair', deadlineMs: call.deadlineMs },
      (current) => this.#decideMerge(call, incoming, current),
    );
    return { isDurable: applied.isDurable, isChanged: applied.result };
  }

  async read(call: KeyCall): Promise<Held> {
    this.#owned(call);
    this.#refuseWhileRecovering();
    const isVerified = this.#node.state() === 'SERVING';
    const stored = await this.#parts.store.read(call.key);
    return { bytes: stored?.bytes, isVerified };
  }

  async recalls(call: KeyCall, requestId: Uint8Array): Promise<boolean> {
    this.#owned(call);
    if (this.#requests.has(call.key.id, requestId)) return true;
    const applied = await this.#parts.store.update(
      call.key,
      { sync: false, priority: 'repair', deadlineMs: call.deadlineMs },
      ({ record }) => ({
        result: record?.siblings.some((sibling) => isOf(sibling, requestId)) ?? false,
      }),
    );
    return applied.result;
  }

  #decideMint(
    place: Place,
    call: MintCall,
    current: CurrentRecord,
  ): Decision<Omit<Minted, 'isDurable'>> {
    this.#checkFence(place, call);
    const { clock, hlc, checksum, codec } = this.#parts;
    const { operation, context, key } = call;
    const nowMs = clock.monotonicMs();
    const earlier = this.#earlier(key.id, operation, nowMs);
    if (earlier !== undefined && current.bytes !== undefined && !current.isUnreadable) {
      // The record of today is replicated again: it holds or has replaced what the first try wrote.
      return { result: { ...earlier, bytes: current.bytes } };
    }
    const reading = { wallMs: clock.wallMs(), monotonicMs: nowMs };
    const seq = hlc.issue(reading);
    this.#watchClock();
    const outcome = this.#withToken(call, () =>
      mint({
        local: current.record,
        isLocalReadable: !current.isUnreadable,
        context,
        overwrite: call.overwrite,
        operation,
        nodeIndex: place.nodeIndex,
        seq,
        epochFloor: this.#floorOf(current),
        unixMs: reading.wallMs,
        checksum,
      }),
    );
    const { dot, replyContext, siblings, record } = outcome;
    if (outcome.kind === 'repeated' && current.bytes !== undefined) {
      return { result: { dot, replyContext, siblings, bytes: current.bytes } };
    }
    const bytes = codec.encode(record);
    if (operation.requestId !== undefined) {
      const own = record.siblings.find((sibling) => sibling.dot === dot);
      assert(own !== undefined, 'A mint leaves a sibling of its own');
      const requestHash = requestHashOf(operation.kind, own.contentHash);
      const minted = { dot, replyContext, siblings, requestHash };
      this.#requests.add(key.id, operation.requestId, minted, nowMs);
    }
    return {
      result: { dot, replyContext, siblings, bytes },
      write: { bytes, record },
      ceiling: ceilingFor(seq),
      isMint: true,
    };
  }

  #decideMerge(
    call: MergeCall,
    incoming: VersionedRecord,
    current: CurrentRecord,
  ): Decision<boolean> {
    const place = this.#owned(call);
    this.#checkFence(place, call);
    const { codec } = this.#parts;
    if (current.record === undefined) {
      return { result: true, write: { bytes: call.record, record: incoming } };
    }
    const merged = mergeRecords(current.record, incoming);
    for (const dot of merged.collisions) {
      this.#parts.metrics.add('coterie_dot_collisions_total', {});
      this.#parts.log.error('dot-collision', {
        nodeIndex: dot.nodeIndex,
        seq: dot.seq,
        partition: call.partition,
      });
    }
    switch (merged.relation) {
      case 'equal':
      case 'left':
        return { result: false };
      case 'right':
        return { result: true, write: { bytes: call.record, record: incoming } };
      case 'merged':
        return {
          result: true,
          write: { bytes: codec.encode(merged.record), record: merged.record },
        };
    }
  }

  /** Until its peers have answered, this node may be a restored copy that knows nothing of what it
   *  issued later: only epochs begun in this run are sure to be held in full (docs/decisions/004).
   */
  #floorOf(current: CurrentRecord): number {
    if (this.#node.state() === 'SERVING') return current.epochFloor;
    return Math.max(current.epochFloor, this.#firstTick);
  }

  /** SIBLING_LIMIT carries the context needed to merge, as the token that clients understand. */
  #withToken<Outcome>(call: MintCall, run: () => Outcome): Outcome {
    try {
      return run();
    } catch (error) {
      if (!(error instanceof CoterieError) || error.code !== 'SIBLING_LIMIT') throw error;
      const context = error.details['context'] as CausalContext;
      const token = encodeContextToken(context, call.key, this.#parts.checksum);
      throw new CoterieError('SIBLING_LIMIT', error.message, {
        details: { ...error.details, context: contextToText(token) },
        cause: error,
      });
    }
  }

  #earlier(
    keyId: string,
    operation: MintOperation,
    nowMs: number,
  ): Omit<Minted, 'isDurable' | 'bytes'> | undefined {
    const { requestId } = operation;
    if (requestId === undefined || !this.#requests.has(keyId, requestId)) return undefined;
    return this.#requests.find(keyId, requestId, this.#hashOf(operation), nowMs);
  }

  #hashOf(operation: MintOperation): number {
    const content =
      operation.kind === 'put' ? operation : { meta: EMPTY_BYTES, value: EMPTY_BYTES };
    return requestHashOf(operation.kind, contentHashOf(this.#parts.checksum, content));
  }

  #owned(call: KeyCall): Place {
    const place = this.#node.place();
    if (place === undefined) {
      throw new CoterieError('NOT_INITIALISED', 'This node belongs to no cluster yet');
    }
    if (!place.ring.replicasOf(call.partition).includes(place.nodeIndex)) {
      throw new CoterieError(
        'NOT_OWNER',
        `This node owns no replica of partition ${call.partition}`,
      );
    }
    return place;
  }

  /** A wall clock that jumped is not followed (core/version/hlc.ts): somebody must see to it. */
  #watchClock(): void {
    const { hlc, log } = this.#parts;
    if (hlc.isJumped === this.#hasJumped) return;
    this.#hasJumped = hlc.isJumped;
    if (hlc.isJumped) log.error('clock-jump', { followed: false });
    else log.info('clock-agrees-again');
  }

  /** The one fence check: nothing planned with another version of the partition's replicas gets
   *  into a batch. */
  #checkFence(place: Place, call: KeyCall): void {
    const own = place.ring.epochsOf(call.partition);
    if (call.epochs.current === own.current && call.epochs.minimum >= own.minimum) return;
    throw new CoterieError(
      'STALE_LAYOUT',
      `The write was planned with layout ${call.epochs.current}, partition ` +
        `${call.partition} is at ${own.current}`,
    );
  }

  #refuseWhileRecovering(): void {
    if (this.#node.state() !== 'RECOVERING') return;
    throw new CoterieError(
      'NOT_RECOVERED',
      `This node does not serve until it is rebuilt: ${this.#node.reason()}`,
    );
  }
}

function isOf(sibling: Sibling, requestId: Uint8Array): boolean {
  return sibling.requestId !== undefined && bytesEqual(sibling.requestId, requestId);
}
