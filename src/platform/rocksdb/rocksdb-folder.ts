/** A data folder of RocksDB that may turn out to be damaged: its files are then kept in a folder
 *  beside the new ones, and the store begins with none. One that the last process died reading is
 *  looked at first.
 *  Invariants: nothing that was in the folder is ever deleted, also when the move is interrupted:
 *  it is finished before anything is opened; RocksDB never sees a folder of which a part has been
 *  moved; what is not damage of the files (a lock, a full disk, no permission) moves nothing.
 *  Not here: when it is (node/storage/record-store.ts), how the node gets its data back
 *  (node/repair). */
import { mkdir, readdir, rename } from 'node:fs/promises';
import { join } from 'node:path';
import type { Clock } from '../../env/clock.ts';
import type { Log } from '../../env/log.ts';
import type {
  DiskSpace,
  EngineTrouble,
  Store,
  StoreIterator,
  StoreOperation,
  StoreRange,
} from '../../env/store.ts';
import { type ProbeAnswer, probeFolder } from './folder-probe.ts';
import { ReadingNotes, readNotes } from './reading-notes.ts';
import { isCorruption, rocksdbError } from './rocksdb-error.ts';
import { RocksdbStore, type RocksdbStoreOptions } from './rocksdb-store.ts';

export interface FolderEnvironment {
  readonly clock: Pick<Clock, 'wallMs'>;
  readonly log: Pick<Log, 'warn' | 'error'>;
}

const ASIDE = /^damaged-\d+$/;
const MOVING = /^damaged-\d+\.moving$/;

export class RocksdbFolder implements Store {
  readonly engine = 'rocksdb';
  readonly #environment: FolderEnvironment;
  readonly #options: RocksdbStoreOptions;
  readonly #probe: (location: string) => Promise<ProbeAnswer>;
  readonly #notes = new ReadingNotes();
  #store: RocksdbStore;
  /** While it is under way. */
  #opening: Promise<void> | undefined;

  constructor(
    environment: FolderEnvironment,
    options: RocksdbStoreOptions,
    probe: (location: string) => Promise<ProbeAnswer> = probeFolder,
  ) {
    this.#environment = environment;
    this.#options = options;
    this.#probe = probe;
    this.#store = new RocksdbStore(options, this.#notes);
  }

  /** Cost: a process is started if the last one died while it read. Errors: as of RocksdbStore, but
   *  that of damaged files. */
  open(): Promise<void> {
    const opening = this.#open();
    this.#opening = Promise.allSettled([opening]).then(() => {
      this.#opening = undefined;
    });
    return opening;
  }

  async setAside(reason: string): Promise<void> {
    await this.#close();
    const name = `damaged-${Math.floor(this.#environment.clock.wallMs())}`;
    try {
      await mkdir(join(this.#options.location, `${name}.moving`), { mode: 0o700 });
      await this.#finishMove();
    } catch (cause) {
      throw rocksdbError('open', this.#options.location, cause);
    }
    this.#environment.log.error('folder-set-aside', { kept: name, reason });
    this.#store = new RocksdbStore(this.#options, this.#notes);
    await this.#store.open();
    this.#openNotes();
  }

  /** Waits for an opening that is under way. */
  close(): Promise<void> {
    return this.#opening === undefined ? this.#close() : this.#opening.then(() => this.#close());
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

  health(): Promise<EngineTrouble | undefined> {
    return this.#store.health();
  }

  async #open(): Promise<void> {
    await this.#finishMove();
    const damage = await this.#damageWhereLeft();
    try {
      await this.#store.open();
    } catch (error) {
      if (!isCorruption(error)) throw error;
      await this.setAside(error.message);
      return;
    }
    // Not before it is open: whoever has its lock is the only one who may move anything.
    if (damage === undefined) this.#openNotes();
    else await this.setAside(damage);
  }

  /** Where the last process was reading when it ended, if that was no orderly end. */
  async #damageWhereLeft(): Promise<string | undefined> {
    const { location } = this.#options;
    try {
      if ((await readNotes(location)).length === 0) return undefined;
      const answer = await this.#probe(location);
      if (answer.kind === 'damaged') return answer.reason;
      if (answer.kind === 'unknown') this.#warn('folder-not-probed', answer.reason);
    } catch (error) {
      this.#warn('folder-not-probed', error);
    }
    return undefined;
  }

  async #close(): Promise<void> {
    try {
      await this.#store.close();
    } finally {
      this.#notes.close();
    }
  }

  #openNotes(): void {
    try {
      this.#notes.open(this.#options.location);
    } catch (error) {
      this.#warn('readings-not-noted', error);
    }
  }

  #warn(event: string, why: unknown): void {
    const reason = why instanceof Error ? why.message : String(why);
    this.#environment.log.warn(event, { reason });
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
