/** By what is a record known inside this node: to the engine by its storage key, to Maps by a
 *  string.
 *  Invariants: two keys have the same id exactly when they have the same storage key.
 *  Not here: the token's computation (core/ring/token.ts), the checks of bucket and key (the
 *  client's edge). */
import { recordRowKey } from './table-keys.ts';

/** What tells keys apart, and in which order they lie. */
export type RowKey = Pick<RecordKey, 'token' | 'storageKey'>;

export class RecordKey {
  /** 0..2^32-1. */
  readonly token: number;
  readonly bucket: string;
  readonly key: Uint8Array;
  readonly storageKey: Uint8Array;
  #id: string | undefined;

  /** `bucket` and `key` are valid already (core/limits.ts). */
  constructor(token: number, bucket: string, key: Uint8Array) {
    this.token = token;
    this.bucket = bucket;
    this.key = key;
    this.storageKey = recordRowKey(token, bucket, key);
  }

  /** One character per byte of the storage key; made when it is asked for, which for most keys is
   *  never. */
  get id(): string {
    this.#id ??= recordIdOf(this.storageKey);
    return this.#id;
  }
}

export function makeRecordKey(token: number, bucket: string, key: Uint8Array): RecordKey {
  return new RecordKey(token, bucket, key);
}

/** The id of a storage key. A storage key is at most 1,094 bytes, few enough to be arguments of one
 *  call, which is several times faster than a string put together byte by byte. */
export function recordIdOf(storageKey: Uint8Array): string {
  return Reflect.apply(String.fromCharCode, undefined, storageKey);
}
