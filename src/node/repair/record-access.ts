/** This node's own records as exchanges need them: read by storage key up to so many bytes, merged
 *  and looked at again.
 *  Invariants: what is read is committed; a record that cannot be read is told from none; a few
 *  records are read at a time, so that large ones do not fill the memory; every merge passes the
 *  fence of the replica.
 *  Not here: messages (repair-answers.ts, exchange-run.ts). */
import { bytesEqual } from '../../core/bytes.ts';
import { CoterieError } from '../../core/errors.ts';
import type { Epochs, LocalReplica, Merged, Place } from '../contracts.ts';
import { type RecordKey, recordKeyOfRow } from '../storage/record-key.ts';
import type { RecordStore } from '../storage/record-store.ts';

/** `undefined` = there is none. */
export type CommittedRecord = Uint8Array | 'unreadable' | undefined;

export interface MergeCall {
  readonly partition: number;
  readonly epochs: Epochs;
  readonly deadlineMs: number;
  readonly sync: boolean;
}

/** At most; of large records fewer. */
const READS_AT_ONCE = 16;

export class RecordAccess {
  readonly #store: Pick<RecordStore, 'fetch'>;
  readonly #replica: LocalReplica;
  readonly #place: () => Place | undefined;

  constructor(
    store: Pick<RecordStore, 'fetch'>,
    replica: LocalReplica,
    place: () => Place | undefined,
  ) {
    this.#store = store;
    this.#replica = replica;
    this.#place = place;
  }

  /** Of storage keys that another node has sent. Errors: MALFORMED_MESSAGE, also when one is of
   *  another partition or has a token that is not its own. */
  keysOf(rows: readonly Uint8Array[], partition: number): RecordKey[] {
    const ring = this.#place()?.ring;
    return rows.map((row) => {
      const key = recordKeyOfRow(row);
      const own = ring?.partitionOfKey(key.bucket, key.key);
      if (own?.token === key.token && own.partition === partition) return key;
      const message = `A storage key is not one of partition ${partition}`;
      throw new CoterieError('MALFORMED_MESSAGE', message);
    });
  }

  /** The first records, until `bytesMax` are read; one at least. Errors: those of the store but
   *  CORRUPT_RECORD. */
  async read(keys: readonly RecordKey[], bytesMax: number): Promise<CommittedRecord[]> {
    const records: CommittedRecord[] = [];
    let bytes = 0;
    while (records.length < keys.length) {
      const count = readsAtOnce(records.length, bytes, bytesMax);
      const group = keys.slice(records.length, records.length + count);
      for (const record of await Promise.all(group.map((key) => this.#read(key)))) {
        const length = record instanceof Uint8Array ? record.length : 0;
        if (records.length > 0 && bytes + length > bytesMax) return records;
        bytes += length;
        records.push(record);
      }
    }
    return records;
  }

  /** Told for each record, in order: what became of it, or why it was not merged. */
  merge(
    call: MergeCall,
    keys: readonly RecordKey[],
    records: readonly Uint8Array[],
  ): Promise<(Merged | CoterieError)[]> {
    const { partition, epochs, deadlineMs, sync } = call;
    const merges = keys.map((key, index) => {
      const record = records[index];
      if (record === undefined) throw new CoterieError('MALFORMED_MESSAGE', 'A key has no record');
      return new Promise<Merged | CoterieError>((resolve) => {
        this.#replica.merge({ key, partition, epochs, deadlineMs }, record, sync, resolve);
      });
    });
    return Promise.all(merges);
  }

  #read(key: RecordKey): Promise<CommittedRecord> {
    return new Promise((resolve, reject) => {
      this.#store.fetch(key, {
        found: (stored) => resolve(stored?.bytes),
        failed: (error) => {
          if (error.code === 'CORRUPT_RECORD') resolve('unreadable');
          else reject(error);
        },
      });
    });
  }
}

/** As many as have room if they are like those before: what has none is read in vain. */
function readsAtOnce(count: number, bytes: number, bytesMax: number): number {
  if (count === 0) return 1;
  const likely = Math.floor((bytesMax - bytes) / Math.max(1, bytes / count));
  return Math.min(READS_AT_ONCE, Math.max(1, likely));
}

/** Equal records have equal bytes. */
export function isRecord(own: CommittedRecord, record: Uint8Array): boolean {
  return own instanceof Uint8Array && bytesEqual(own, record);
}

/** Rejects with what the store says. */
export function leavesOf(
  { scan }: Pick<RecordStore, 'scan'>,
  partition: number,
): Promise<Uint32Array> {
  return new Promise((resolve, reject) => {
    scan.leavesOf(partition, (leaves) => {
      if (leaves instanceof CoterieError) reject(leaves);
      else resolve(leaves);
    });
  });
}
