/** Arguments of the public methods to request messages, checked once, here at the edge.
 *  Errors: KEY_TOO_LARGE, VALUE_TOO_LARGE, INVALID_CONTEXT, INVALID_ARGUMENT. What depends on
 *  the layout (W > N, a level that does not fit the verb) is for the node to say.
 *  Not here: the fields that are filled in when the request is sent (call.ts). */
import { CoterieError } from '../core/errors.ts';
import { BUCKET_NAME, KEY_BYTES_MAX, VALUE_BYTES_MAX } from '../core/limits.ts';
import { CONSISTENCY_LEVELS, type ConsistencyLevel } from '../core/quorum/level.ts';
import { contextFromText } from '../core/version/context-token.ts';
import type {
  DeleteRequest,
  GetRequest,
  PutRequest,
  Durability as WireDurability,
  Level as WireLevel,
} from '../wire/generated/coterie/v1/kv.ts';
import { durabilityToWire, levelToWire } from '../wire/level-codec.ts';
import { encodeText } from './text-bytes.ts';
import type {
  DeleteOptions,
  GetOptions,
  PutOptions,
  RequestOptions,
  WriteOptions,
} from './types.ts';

export const TIMEOUT_MS_MAX = 3_600_000;

/** What a request takes when it does not say. */
export interface RequestDefaults {
  readonly bucket: string;
  readonly consistency: ConsistencyLevel;
}

const EMPTY = new Uint8Array(0);
/** With the `u` flag a surrogate matches only when it stands alone. */
const LONE_SURROGATE = /\p{Surrogate}/u;

export function getRequest(
  defaults: RequestDefaults,
  key: string | Uint8Array,
  options: GetOptions,
): GetRequest {
  const r = countOf('r', options.r);
  const pr = countOf('pr', options.pr);
  return {
    bucket: checkBucket(options.bucket ?? defaults.bucket),
    key: keyBytes(key),
    level: levelOf(defaults, options, r + pr > 0),
    r,
    pr,
    explain: options.explain === true,
    timeoutMs: 0,
  };
}

export function putRequest(
  defaults: RequestDefaults,
  key: string | Uint8Array,
  value: string | Uint8Array,
  options: PutOptions,
  requestId: Uint8Array,
): PutRequest {
  const w = countOf('w', options.w);
  const pw = countOf('pw', options.pw);
  const dw = countOf('dw', options.dw);
  const overwrite = options.overwrite === true;
  if (overwrite && options.context !== undefined) throw either('context', 'overwrite');
  return {
    bucket: checkBucket(options.bucket ?? defaults.bucket),
    key: keyBytes(key),
    value: valueBytes(value),
    overwrite,
    level: levelOf(defaults, options, w + pw + dw > 0),
    w,
    pw,
    dw,
    durability: durabilityOf(options),
    context: contextOf(options),
    requestId,
    isRetry: options.requestId !== undefined,
    sloppy: options.sloppy === true,
    explain: options.explain === true,
    timeoutMs: 0,
  };
}

export function deleteRequest(
  defaults: RequestDefaults,
  key: string | Uint8Array,
  options: DeleteOptions,
  requestId: Uint8Array,
): DeleteRequest {
  const w = countOf('w', options.w);
  const pw = countOf('pw', options.pw);
  const dw = countOf('dw', options.dw);
  const blind = options.blind === true;
  if (blind && options.context !== undefined) throw either('context', 'blind');
  return {
    bucket: checkBucket(options.bucket ?? defaults.bucket),
    key: keyBytes(key),
    blind,
    level: levelOf(defaults, options, w + pw + dw > 0),
    w,
    pw,
    dw,
    durability: durabilityOf(options),
    context: contextOf(options),
    requestId,
    isRetry: options.requestId !== undefined,
    sloppy: options.sloppy === true,
    explain: options.explain === true,
    timeoutMs: 0,
  };
}

export function checkBucket(bucket: string): string {
  if (BUCKET_NAME.test(bucket)) return bucket;
  const shown = JSON.stringify(String(bucket).slice(0, 80));
  throw usage(`The bucket name ${shown} must match ${BUCKET_NAME.source}`);
}

export function checkLevel(level: ConsistencyLevel): ConsistencyLevel {
  if (CONSISTENCY_LEVELS.includes(level)) return level;
  throw usage(
    `The consistency ${JSON.stringify(level)} is none of ${CONSISTENCY_LEVELS.join(', ')}`,
  );
}

export function checkTimeout(timeoutMs: number): number {
  if (timeoutMs >= 1 && timeoutMs <= TIMEOUT_MS_MAX) return timeoutMs;
  throw usage(`timeoutMs is ${timeoutMs}; it must be from 1 to ${TIMEOUT_MS_MAX}`);
}

function keyBytes(key: string | Uint8Array): Uint8Array {
  const bytes = bytesOf(key, 'key');
  if (bytes.length === 0) throw usage('The key is empty; it must have 1 byte or more');
  if (bytes.length <= KEY_BYTES_MAX) return bytes;
  const message = `The key has ${bytes.length} bytes; the limit is ${KEY_BYTES_MAX}`;
  throw new CoterieError('KEY_TOO_LARGE', message, {
    details: { bytes: bytes.length, limit: KEY_BYTES_MAX },
  });
}

function valueBytes(value: string | Uint8Array): Uint8Array {
  const bytes = bytesOf(value, 'value');
  if (bytes.length <= VALUE_BYTES_MAX) return bytes;
  const message = `The value has ${bytes.length} bytes; the limit is ${VALUE_BYTES_MAX}`;
  throw new CoterieError('VALUE_TOO_LARGE', message, {
    details: { bytes: bytes.length, limit: VALUE_BYTES_MAX },
  });
}

function bytesOf(text: string | Uint8Array, what: string): Uint8Array {
  if (text instanceof Uint8Array) return text;
  if (typeof text !== 'string') throw usage(`The ${what} is neither a string nor a Uint8Array`);
  // UTF-8 has no form for it: it would become U+FFFD, and two different strings one.
  if (LONE_SURROGATE.test(text)) throw usage(`The ${what} has half of a surrogate pair in it`);
  return encodeText(text);
}

function durabilityOf(options: WriteOptions): WireDurability {
  const durability = options.durability ?? 'fsync';
  if (durability === 'fsync' || durability === 'memory') return durabilityToWire(durability);
  throw usage(`The durability ${JSON.stringify(durability)} is neither fsync nor memory`);
}

function contextOf(options: WriteOptions): Uint8Array {
  return options.context === undefined ? EMPTY : contextFromText(options.context);
}

function levelOf(defaults: RequestDefaults, options: RequestOptions, isRaw: boolean): WireLevel {
  const { consistency } = options;
  if (!isRaw) return levelToWire(checkLevel(consistency ?? defaults.consistency));
  if (consistency === undefined) return levelToWire(undefined);
  throw usage(`Give either a consistency level (${consistency}) or raw numbers, not both`);
}

/** 0 = not given. */
function countOf(name: string, count: number | undefined): number {
  if (count === undefined) return 0;
  if (Number.isInteger(count) && count >= 1 && count <= 255) return count;
  throw usage(`${name} is ${count}; it must be a whole number from 1 to N`);
}

function either(one: string, other: string): CoterieError {
  return usage(`Give either ${one} or ${other}, not both`);
}

function usage(message: string): CoterieError {
  return new CoterieError('INVALID_ARGUMENT', message);
}
