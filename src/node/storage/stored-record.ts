/** A record as it is held here: bytes that passed their checksum, decoded once and only when
 *  somebody asks.
 *  Invariants: neither the bytes nor the record ever change; both are of one state.
 *  Not here: the format (core/version/record-codec.ts). */
import type { VersionedRecord } from '../../core/version/record.ts';
import type { RecordCodec } from '../../core/version/record-codec.ts';

/** Of a store as a whole. */
export interface StoredCounts {
  /** Committed records. */
  readonly keys: number;
  /** Of which only deletions are left. One that rotted away is counted until all are recounted. */
  readonly tombstones: number;
  /** Keys that answer no reads, without those of partitions that are unreadable as a whole. */
  readonly unreadable: number;
}

export class StoredRecord {
  readonly bytes: Uint8Array;
  readonly #codec: RecordCodec;
  #record: VersionedRecord | undefined;

  /** The bytes are right: they have been verified or were just made, in which case the maker may
   *  pass the record. */
  constructor(codec: RecordCodec, bytes: Uint8Array, record?: VersionedRecord) {
    this.bytes = bytes;
    this.#codec = codec;
    this.#record = record;
  }

  get record(): VersionedRecord {
    this.#record ??= this.#codec.decode(this.bytes);
    return this.#record;
  }

  /** Nothing is left of it but deletions. */
  get isTombstone(): boolean {
    for (const { isTombstone } of this.record.siblings) if (!isTombstone) return false;
    return true;
  }

  /** What the item hash is taken of. */
  get header(): Uint8Array {
    return this.#codec.header(this.bytes);
  }
}
