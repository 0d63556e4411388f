/** What of a row that an iterator has read is the committed record? An iterator verifies nothing,
 *  and sees the engine at its creation, with or without the batch that is under way.
 *  Invariants: bytes that do not pass their checksum are never a record; while a batch is pending
 *  the state before it counts, which is in memory; nothing that was declared lost is found again.
 *  Not here: what a damaged row leads to (its users).
 *  Source: docs/ARCHITECTURE.md 5.2 and 5.17. */
import { CoterieError } from '../../core/errors.ts';
import type { RecordCodec } from '../../core/version/record-codec.ts';
import type { StoreEntry } from '../../env/store.ts';
import type { KeyLanes } from './key-lanes.ts';
import type { RecordCache } from './record-cache.ts';
import { recordIdOf } from './record-key.ts';
import { StoredRecord } from './stored-record.ts';
import type { UnreadableKeys } from './unreadable-keys.ts';

export interface CommittedRowParts {
  readonly codec: RecordCodec;
  readonly cache: RecordCache;
  readonly lanes: KeyLanes;
  readonly unreadable: UnreadableKeys;
}

/** `undefined`: nothing is committed. `lost`: it is known to be unreadable. `damaged`: that is
 *  news. */
export type CommittedRow = StoredRecord | 'lost' | 'damaged' | undefined;

export function committedRow(
  { codec, cache, lanes, unreadable }: CommittedRowParts,
  token: number,
  { key, value }: StoreEntry,
): CommittedRow {
  // Most stores have no marker, and an id is made of every byte of the key.
  if (unreadable.count > 0 && unreadable.isLost({ id: recordIdOf(key) })) return 'lost';
  const lane = lanes.loadedLane({ token, storageKey: key });
  if (lane !== undefined) return lane.committed;
  try {
    codec.verify(value);
    return new StoredRecord(codec, value);
  } catch (error) {
    if (!(error instanceof CoterieError)) throw error;
    const cached = cache.find({ token, storageKey: key });
    return cached === undefined ? 'damaged' : new StoredRecord(codec, cached);
  }
}
