/** The part of npm rocksdb 5.2.1 that we use; the package brings no types. Callbacks, CommonJS.
 *  Underscore names are beneath abstract-leveldown: its public methods check and copy every key,
 *  value and operation once more (a third of the time of a small batch on the event loop), and turn
 *  what is no Buffer into a string. The native calls take any Uint8Array. The package is
 *  discontinued, so what is beneath will not move. */
declare module 'rocksdb' {
  interface RocksdbIterator {
    /** What the last native read collected and nobody has taken yet; null before the first. */
    readonly cache: readonly Buffer[] | null;
    /** The last native read met the end. */
    readonly finished: boolean;
    next(callback: (error: Error | null | undefined, key?: Buffer, value?: Buffer) => void): void;
    end(callback: (error: Error | null | undefined) => void): void;
  }

  /** Copies what it is given. One call for each operation costs the event loop less than half of
   *  what the native side needs to pick an array of operations to pieces. */
  interface RocksdbBatch {
    _put(key: Uint8Array, value: Uint8Array): void;
    _del(key: Uint8Array): void;
    _write(options: { sync: boolean }, callback: (error: Error | null | undefined) => void): void;
  }

  interface RocksdbOpenOptions {
    cacheSize: number;
    writeBufferSize: number;
    maxOpenFiles: number;
    /** Takes no lock, writes nothing, and replays the log in memory. */
    readOnly: boolean;
    /** Empty: there is no file LOG. */
    infoLogLevel: string;
  }

  interface RocksdbIteratorOptions {
    gte?: Buffer;
    lt: Buffer;
    limit: number;
    reverse: boolean;
    /** Bytes one native read collects before it returns. */
    highWaterMark: number;
  }

  interface RocksdbDatabase {
    open(options: RocksdbOpenOptions, callback: (error: Error | null | undefined) => void): void;
    close(callback: (error: Error | null | undefined) => void): void;
    _getMany(
      keys: readonly Uint8Array[],
      options: { asBuffer: true },
      callback: (error: Error | null | undefined, values: (Buffer | undefined)[]) => void,
    ): void;
    _chainedBatch(): RocksdbBatch;
    iterator(options: RocksdbIteratorOptions): RocksdbIterator;
    /** Synchronous; empty for a property that it does not know. */
    getProperty(property: string): string;
  }

  const Rocksdb: new (location: string) => RocksdbDatabase;
  export default Rocksdb;
  export type { RocksdbDatabase, RocksdbIterator, RocksdbIteratorOptions };
}
