/** The port to an ordered key-value engine: one keyspace of byte strings, compared byte by byte,
 *  shorter first.
 *
 *  Contract (test/conformance/store.ts holds every engine to it):
 *  - `batch` is atomic: after a crash all of its operations are there or none. With `sync` its
 *    promise settles after the fsync; without, after the engine has it in memory and its log has
 *    been handed to the operating system.
 *  - Batches are applied in the order of the calls. A synced batch makes every earlier batch
 *    durable too.
 *  - `getMany` returns one entry per key, in order, `undefined` for an absent one. One bad block
 *    may fail the whole call (STORAGE_IO or CORRUPT_RECORD): the caller then asks key by key.
 *  - An iterator sees the state at its creation, ends by itself at its bounds, and must be closed;
 *    `close` of the store closes the iterators that are still open first.
 *  - Returned bytes belong to the caller; bytes handed in must not be changed afterwards.
 *  Errors: STORAGE_IO {operation}, NOT_RUNNING when it is not open. */

export type StoreOperation =
  | { readonly type: 'put'; readonly key: Uint8Array; readonly value: Uint8Array }
  | { readonly type: 'del'; readonly key: Uint8Array };

export interface StoreRange {
  /** First key, inclusive. */
  readonly from: Uint8Array;
  /** End, exclusive. */
  readonly to: Uint8Array;
  /** Most entries to return; without it no limit. */
  readonly limit?: number;
  readonly reverse?: boolean;
}

export interface StoreEntry {
  readonly key: Uint8Array;
  readonly value: Uint8Array;
}

export interface StoreIterator extends AsyncDisposable {
  /** Up to `count` further entries; an empty array is the end. */
  next(count: number): Promise<readonly StoreEntry[]>;
  close(): Promise<void>;
}

export interface DiskSpace {
  readonly freeBytes: number;
  readonly totalBytes: number;
}

/** What goes wrong in an engine outside of any call. */
export interface EngineTrouble {
  readonly reason: string;
  /** Its files are damaged: it will not get over this. A full disk is none. */
  readonly isDamage: boolean;
}

export interface Store {
  /** What `status` shows: rocksdb | memory | ... */
  readonly engine: string;
  open(): Promise<void>;
  /** Idempotent; waits for running operations, closes iterators first. */
  close(): Promise<void>;
  getMany(keys: readonly Uint8Array[]): Promise<(Uint8Array | undefined)[]>;
  batch(operations: readonly StoreOperation[], options: { readonly sync: boolean }): Promise<void>;
  /** Refuses with OVERLOADED beyond the engine's bound on open iterators (64). */
  iterate(range: StoreRange): StoreIterator;
  diskSpace(): Promise<DiskSpace>;
  /** Of an engine that works in the background: what fails there, which sooner or later stops every
   *  batch without an error. Cheap while there is nothing. */
  health?(): Promise<EngineTrouble | undefined>;
  /** Of an engine that can be found damaged: keeps what it holds elsewhere, whatever it can still
   *  read of it, and is open with nothing in it. */
  setAside?(reason: string): Promise<void>;
}
