/** By what is a record known inside this node: to the engine by its storage key, to Maps by a
 *  string.
 *  Invariants: two keys have the same id exactly when they have the same storage key.
 *  Not here: the token's computation (core/ring/token.ts), the checks of bucket and key (the
 *  client's edge). */
import { bytesEqual } from '../../core/bytes.ts';
import { CoterieError } from '../../core/errors.ts';
import { BUCKET_NAME, KEY_BYTES_MAX } from '../../core/limits.ts';
import { recordRowKey, tokenOfRow } from './table-keys.ts';

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

/** The key that a row of a record has. Errors: MALFORMED_MESSAGE when it is none. */
export function recordKeyOfRow(storageKey: Uint8Array): RecordKey {
  const key = soundKey(storageKey);
  if (key !== undefined) return key;
  const message = `${storageKey.length} bytes are no storage key of a record`;
  throw new CoterieError('MALFORMED_MESSAGE', message);
}

export function isRecordKey(storageKey: Uint8Array): boolean {
  return soundKey(storageKey) !== undefined;
}

function soundKey(storageKey: Uint8Array): RecordKey | undefined {
  const bucketAt = 6;
  const keyAt = bucketAt + (storageKey[5] ?? 0);
  const bucket = String.fromCharCode(...storageKey.subarray(bucketAt, keyAt));
  const key = storageKey.subarray(keyAt);
  const isSound = BUCKET_NAME.test(bucket) && key.length > 0 && key.length <= KEY_BYTES_MAX;
  const made = isSound ? new RecordKey(tokenOfRow(storageKey), bucket, key) : undefined;
  return made !== undefined && bytesEqual(made.storageKey, storageKey) ? made : undefined;
}

/** The id of a storage key. A storage key is at most 1,094 bytes, few enough to be arguments of one
 *  call, which is several times faster than a string put together byte by byte. */
export function recordIdOf(storageKey: Uint8Array): string {
  return Reflect.apply(String.fromCharCode, undefined, storageKey);
}

/** Undoes recordIdOf. */
export function storageKeyOfId(id: string): Uint8Array {
  return Uint8Array.from(id, (character) => character.charCodeAt(0));
}
