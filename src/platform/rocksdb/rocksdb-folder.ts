/** A data folder of RocksDB that may turn out to be damaged: its files are then kept in a folder
 *  beside the new ones, and the store begins with none.
 *  Invariants: nothing that was in the folder is ever deleted, also when the move is interrupted:
 *  it is finished before anything is opened; RocksDB never sees a folder of which a part has been
 *  moved; what is not damage of the files (a lock, a full disk, no permission) moves nothing.
 *  Not here: when it is (node/storage/record-store.ts), how the node gets its data back
 *  (node/repair). */
import { mkdir, readdir, rename } from 'node:fs/promises';
import { join } from 'node:path';
import type {
  DiskSpace,
  Store,
  StoreIterator,
  StoreOperation,
  StoreRange,
} from '../../env/store.ts';
import { isCorruption, rocksdbError } from './rocksdb-error.ts';
import { RocksdbStore, type RocksdbStoreOptions } from './rocksdb-store.ts';

export interface FolderSetAside {
  /** Within the data folder. */
  readonly name: string;
  readonly reason: string;
}

const ASIDE = /^damaged-\d+$/;
const MOVING = /^damaged-\d+\.moving$/;

export class RocksdbFolder implements Store {
  readonly engine = 'rocksdb';
  readonly #options: RocksdbStoreOptions;
  readonly #wallMs: () => number;
  readonly #onSetAside: (aside: FolderSetAside) => void;
  #store: RocksdbStore;

  constructor(
    options: RocksdbStoreOptions,
    wallMs: () => number,
    onSetAside: (aside: FolderSetAside) => void,
  ) {
    this.#options = options;
    this.#wallMs = wallMs;
    this.#onSetAside = onSetAside;
    this.#store = new RocksdbStore(options);
  }

  /** Errors: as of RocksdbStore, but that of damaged files. */
  async open(): Promise<void> {
    await this.#finishMove();
    try {
      await this.#store.open();
    } catch (error) {
      if (!isCorruption(error)) throw error;
      await this.setAside(error.message);
    }
  }

  async setAside(reason: string): Promise<void> {
    await this.#store.close();
    const name = `damaged-${Math.floor(this.#wallMs())}`;
    try {
      await mkdir(join(this.#options.location, `${name}.moving`), { mode: 0o700 });
      await this.#finishMove();
    } catch (cause) {
      throw rocksdbError('open', this.#options.location, cause);
    }
    this.#onSetAside({ name, reason });
    this.#store = new RocksdbStore(this.#options);
    await this.#store.open();
  }

  close(): Promise<void> {
    return this.#store.close();
  }

  getMany(keys: readonly Uint8Array[]): Promise<(Uint8Array | undefined)[]> {
    return this.#store.getMany(keys);
  }

  batch(operations: readonly StoreOperation[], options: { readonly sync: boolean }): Promise<void> {
    return this.#store.batch(operations, options);
  }

  iterate(range: StoreRange): StoreIterator {
    return this.#store.iterate(range);
  }

  diskSpace(): Promise<DiskSpace> {
    return this.#store.diskSpace();
  }

  async #finishMove(): Promise<void> {
    const { location } = this.#options;
    const found = await readdir(location).catch((error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOENT') return [];
      throw error;
    });
    const moving = found.find((name) => MOVING.test(name));
    if (moving === undefined) return;
    for (const name of found) {
      if (MOVING.test(name) || ASIDE.test(name)) continue;
      await rename(join(location, name), join(location, moving, name));
    }
    await rename(join(location, moving), join(location, moving.replace(/\.moving$/, '')));
  }
}
