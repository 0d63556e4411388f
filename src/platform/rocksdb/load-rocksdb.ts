/** Loads the optional package, on first use only: the client and the memory engine work without
 *  it. */
import type Rocksdb from 'rocksdb';
import { CoterieError } from '../../core/errors.ts';

type RocksdbModule = { readonly default: typeof Rocksdb };

/** Errors: STORAGE_IO {operation: 'open'} when the package is missing or its binary does not
 *  load. */
export async function loadRocksdb(
  importPackage: () => Promise<RocksdbModule> = () => import('rocksdb'),
): Promise<typeof Rocksdb> {
  try {
    return (await importPackage()).default;
  } catch (cause) {
    throw new CoterieError(
      'STORAGE_IO',
      'The package rocksdb is missing or its binary does not load here: ' +
        'run `npm install rocksdb`, or choose the memory engine, which keeps nothing on disk',
      { cause, applied: 'no', details: { operation: 'open' } },
    );
  }
}
