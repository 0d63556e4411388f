/** This node's own copies of records: mints new events on them, merges what others send, answers
 *  reads.
 *  Invariants: every write passes the fence check in the one step that decides what goes into a
 *  batch; a node that does not own the partition touches nothing; callers are told exactly once.
 *  Not here: who may be served (ownership.ts), what a mint decides (minter.ts), batches and fsyncs
 *  (node/storage), quorums (coordinator).
 *  Source: ARCHITECTURE 5.4 to 5.6, 5.16, 5.17, 5.19 to 5.21. */
import { bytesEqual } from '../../core/bytes.ts';
import { CoterieError } from '../../core/errors.ts';
import type { Sibling, VersionedRecord } from '../../core/version/record.ts';
import { mergeRecords } from '../../core/version/record.ts';
import type { Metrics } from '../../env/metrics.ts';
import { asCoterieError } from '../../wire/error-codec.ts';
import type {
  Done,
  Held,
  KeyCall,
  LocalReplica,
  Merged,
  Minted,
  MintRequest,
  PartitionCall,
  PartitionGate,
} from '../contracts.ts';
import type { RecordStore } from '../storage/record-store.ts';
import type { CurrentRecord, Decision, RecordReader } from '../storage/update.ts';
import { Minter, type MinterParts, MintUpdate } from './minter.ts';
import { Ownership, type ReplicaNode } from './ownership.ts';
import { ReplicaUpdate } from './replica-update.ts';

export interface ReplicaParts extends MinterParts {
  readonly store: RecordStore;
  readonly metrics: Metrics;
}

export interface ReplicaOptions {
  /** Requests remembered to make a retry harmless. */
  readonly requestTableEntriesMax: number;
}

export class Replica implements LocalReplica, PartitionGate {
  readonly #parts: ReplicaParts;
  readonly #ownership: Ownership;
  readonly #minter: Minter;

  constructor(parts: ReplicaParts, node: ReplicaNode, options: ReplicaOptions) {
    this.#parts = parts;
    this.#ownership = new Ownership(node);
    this.#minter = new Minter(parts, this.#ownership, options.requestTableEntriesMax);
  }

  mint(call: KeyCall, request: MintRequest, done: Done<Minted>): void {
    const refusal = this.#ownership.servingRefusal(call);
    if (refusal !== undefined) done(refusal);
    else this.#parts.store.submit(call.key, new MintUpdate(this.#minter, call, request, done));
  }

  merge(call: KeyCall, record: Uint8Array, sync: boolean, done: Done<Merged>): void {
    const incoming = this.#ownership.refusal(call) ?? this.#decode(record);
    if (incoming instanceof CoterieError) {
      done(incoming);
      return;
    }
    this.#parts.store.submit(call.key, new MergeUpdate(this, call, record, incoming, sync, done));
  }

  read(call: KeyCall, done: Done<Held>): void {
    const refusal = this.#ownership.servingRefusal(call);
    if (refusal !== undefined) done(refusal);
    else this.#parts.store.fetch(call.key, new HeldReader(this.#ownership, call, done));
  }

  fenceRefusal(call: PartitionCall): CoterieError | undefined {
    return this.#ownership.fenceRefusal(call);
  }

  isVerified(partition: number): boolean {
    return this.#ownership.isVerified(partition);
  }

  async recalls(call: KeyCall, requestId: Uint8Array): Promise<boolean> {
    const refusal = this.#ownership.refusal(call);
    if (refusal !== undefined) throw refusal;
    if (this.#minter.remembers(call.key.id, requestId)) return true;
    const applied = await this.#parts.store.update(
      call.key,
      { sync: false, priority: 'repair', deadlineMs: call.deadlineMs },
      ({ record }) => ({
        result: record?.siblings.some((sibling) => isOf(sibling, requestId)) ?? false,
      }),
    );
    return applied.result;
  }

  /** Is there anything to write, now that the call's turn has come. Errors: those of the fence. */
  decideMerge(
    call: KeyCall,
    bytes: Uint8Array,
    incoming: VersionedRecord,
    current: CurrentRecord,
  ): Decision<boolean> {
    this.#ownership.fenced(call);
    if (current.record === undefined) return { result: true, write: { bytes, record: incoming } };
    const { relation, record, collisions } = mergeRecords(current.record, incoming);
    for (const dot of collisions) {
      this.#parts.metrics.add('coterie_dot_collisions_total', {});
      const { nodeIndex, seq } = dot;
      const { partition } = call;
      this.#parts.log.error('dot-collision', { nodeIndex, seq, partition });
    }
    switch (relation) {
      case 'equal':
      case 'left':
        return { result: false };
      case 'right':
        return { result: true, write: { bytes, record: incoming } };
      case 'merged':
        return { result: true, write: { bytes: this.#parts.codec.encode(record), record } };
    }
  }

  #decode(record: Uint8Array): VersionedRecord | CoterieError {
    try {
      return this.#parts.codec.decode(record);
    } catch (error) {
      return asCoterieError(error);
    }
  }
}

class MergeUpdate extends ReplicaUpdate<boolean, Merged> {
  readonly #replica: Replica;
  readonly #call: KeyCall;
  readonly #bytes: Uint8Array;
  readonly #incoming: VersionedRecord;

  constructor(
    replica: Replica,
    call: KeyCall,
    bytes: Uint8Array,
    incoming: VersionedRecord,
    sync: boolean,
    done: Done<Merged>,
  ) {
    super({ sync, priority: 'repair', deadlineMs: call.deadlineMs }, done);
    this.#replica = replica;
    this.#call = call;
    this.#bytes = bytes;
    this.#incoming = incoming;
  }

  protected decideOn(current: CurrentRecord): Decision<boolean> {
    return this.#replica.decideMerge(this.#call, this.#bytes, this.#incoming, current);
  }

  protected outcomeOf(isChanged: boolean, isDurable: boolean): Merged {
    return { isDurable, isChanged };
  }
}

class HeldReader implements RecordReader {
  readonly #ownership: Ownership;
  readonly #call: KeyCall;
  readonly #done: Done<Held>;

  constructor(ownership: Ownership, call: KeyCall, done: Done<Held>) {
    this.#ownership = ownership;
    this.#call = call;
    this.#done = done;
  }

  /** The node may have learned that it is behind while the record was fetched. */
  found(stored: { readonly bytes: Uint8Array } | undefined): void {
    const refusal = this.#ownership.servingRefusal(this.#call);
    const isVerified = this.#ownership.isVerified(this.#call.partition);
    this.#done(refusal ?? { bytes: stored?.bytes, isVerified });
  }

  failed(error: CoterieError): void {
    this.#done(error);
  }
}

function isOf(sibling: Sibling, requestId: Uint8Array): boolean {
  return sibling.requestId !== undefined && bytesEqual(sibling.requestId, requestId);
}
