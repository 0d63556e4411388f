/** The part of npm rocksdb 5.2.1 that we use; the package brings no types. Callbacks, CommonJS.
 *  `getMany` and `batch` are called by their underscore names, beneath abstract-leveldown: its
 *  public methods check and copy every key, value and operation once more (a third of the time of a
 *  small batch on the event loop), and turn what is no Buffer into a string. The native calls take
 *  any Uint8Array. The package is discontinued, so what is beneath will not move. */
declare module 'rocksdb' {
  interface RocksdbIterator {
    next(callback: (error: Error | null | undefined, key?: Buffer, value?: Buffer) => void): void;
    end(callback: (error: Error | null | undefined) => void): void;
  }

  interface RocksdbOperation {
    readonly type: 'put' | 'del';
    readonly key: Uint8Array;
    readonly value?: Uint8Array;
  }

  interface RocksdbOpenOptions {
    cacheSize: number;
    writeBufferSize: number;
    maxOpenFiles: number;
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
    _batch(
      operations: readonly RocksdbOperation[],
      options: { sync: boolean },
      callback: (error: Error | null | undefined) => void,
    ): void;
    iterator(options: RocksdbIteratorOptions): RocksdbIterator;
  }

  const Rocksdb: new (location: string) => RocksdbDatabase;
  export default Rocksdb;
  export type { RocksdbDatabase, RocksdbIterator, RocksdbIteratorOptions, RocksdbOperation };
}
