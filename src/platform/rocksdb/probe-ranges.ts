/** Is there damage where the last process was reading? The rows are listed as it listed them, which
 *  ends this process if it is what ended that one, and each is got once more in the way that
 *  verifies checksums.
 *  Invariants: the folder is not written to and not locked; so many rows and bytes of each range
 *  are read and no more. */
import type { NotedRange } from './reading-notes.ts';
import { isCorruption } from './rocksdb-error.ts';
import { RocksdbStore } from './rocksdb-store.ts';

/** More than one native read collects (rocksdb-iterator.ts), and a note is of one: rows written
 *  since the iterator was made lie between those that it read. */
const ROWS_MAX = 8_192;
const BYTES_MAX = 4 * 1_024 * 1_024;
/** Each may have 16 MiB. */
const ROWS_PER_READ = 8;

/** In words; undefined = none. Errors: what says nothing of the files, such as too many of them
 *  open. */
export async function damageWithin(
  location: string,
  notes: readonly NotedRange[],
): Promise<string | undefined> {
  const store = new RocksdbStore({ location, readOnly: true });
  try {
    await store.open();
    for (const note of notes) {
      if (!(await isSound(store, note))) return 'The engine lists a row that it does not have';
    }
    return undefined;
  } catch (error) {
    if (isCorruption(error)) return error.message;
    throw error;
  } finally {
    await store.close();
  }
}

async function isSound(store: RocksdbStore, range: NotedRange): Promise<boolean> {
  await using rows = store.iterate(range);
  let rowCount = 0;
  let byteCount = 0;
  while (rowCount < ROWS_MAX && byteCount < BYTES_MAX) {
    const entries = await rows.next(ROWS_PER_READ);
    if (entries.length === 0) return true;
    const values = await store.getMany(entries.map(({ key }) => key));
    if (values.includes(undefined)) return false;
    rowCount += entries.length;
    for (const { key, value } of entries) byteCount += key.length + value.length;
  }
  return true;
}
