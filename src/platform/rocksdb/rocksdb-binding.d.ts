/** The part of npm rocksdb 5.2.1 that we use; the package brings no types. Callbacks, CommonJS,
 *  Buffers only: anything that is not a Buffer is turned into a string by it. */
declare module 'rocksdb' {
  interface RocksdbIterator {
    next(callback: (error: Error | null | undefined, key?: Buffer, value?: Buffer) => void): void;
    end(callback: (error: Error | null | undefined) => void): void;
  }

  interface RocksdbOperation {
    readonly type: 'put' | 'del';
    readonly key: Buffer;
    readonly value?: Buffer;
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
    getMany(
      keys: readonly Buffer[],
      callback: (error: Error | null | undefined, values: (Buffer | undefined)[]) => void,
    ): void;
    batch(
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
