/** Has the engine said that its files are damaged? Once it has, no iterator reads any more: the
 *  binding's iterators verify no checksums, and on a damaged block they do not fail but end the
 *  process (an assertion of RocksDB, or worse). Single reads verify and go on. */
import type { CoterieError } from '../../core/errors.ts';
import { isCorruption, type RocksdbStep, rocksdbError } from './rocksdb-error.ts';

export class EngineHealth {
  readonly #location: string;
  #damage: unknown;

  constructor(location: string) {
    this.#location = location;
  }

  /** What the engine said at this step, as our error. */
  failed(step: RocksdbStep, cause: unknown): CoterieError {
    const error = rocksdbError(step, this.#location, cause);
    if (isCorruption(error)) this.#damage ??= cause;
    return error;
  }

  /** Why nothing is iterated over; STORAGE_IO {isCorruption: true}. */
  get refusal(): CoterieError | undefined {
    if (this.#damage === undefined) return undefined;
    return rocksdbError('iterate', this.#location, this.#damage);
  }
}
