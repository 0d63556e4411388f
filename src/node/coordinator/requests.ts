/** Client messages as a coordinator understands them: every field checked once, with the limit and
 *  the value in the refusal. What passes here is asserted, not checked again, further in.
 *  Not here: anything that needs the layout (W > N is told by core/quorum/level.ts). */
import { CoterieError } from '../../core/errors.ts';
import {
  BUCKET_NAME,
  KEY_BYTES_MAX,
  REQUEST_ID_BYTES,
  VALUE_BYTES_MAX,
} from '../../core/limits.ts';
import {
  type ConsistencyLevel,
  checkSloppy,
  type RawRequirement,
} from '../../core/quorum/level.ts';
import type { DeleteRequest, GetRequest, PutRequest } from '../../wire/generated/coterie/v1/kv.ts';
import { levelFromWire } from '../../wire/level-codec.ts';

/** What a request asks for: a level, or numbers, or neither. */
export interface LevelChoice {
  readonly level: ConsistencyLevel | undefined;
  readonly raw: RawRequirement | undefined;
}

export function checkKey(request: { readonly bucket: string; readonly key: Uint8Array }): void {
  const { bucket, key } = request;
  if (!BUCKET_NAME.test(bucket)) {
    throw new CoterieError(
      'INVALID_ARGUMENT',
      `The bucket name ${JSON.stringify(bucket.slice(0, 80))} does not match ` +
        '[a-z0-9][a-z0-9._-]{0,63}',
    );
  }
  if (key.length === 0) {
    throw new CoterieError(
      'INVALID_ARGUMENT',
      `The key is empty; it has 1 to ${KEY_BYTES_MAX} bytes`,
    );
  }
  if (key.length > KEY_BYTES_MAX) {
    throw new CoterieError(
      'KEY_TOO_LARGE',
      `The key has ${key.length} bytes, the limit is ${KEY_BYTES_MAX}`,
      { details: { bytes: key.length, limit: KEY_BYTES_MAX } },
    );
  }
}

export function checkValue(value: Uint8Array): void {
  if (value.length <= VALUE_BYTES_MAX) return;
  throw new CoterieError(
    'VALUE_TOO_LARGE',
    `The value has ${value.length} bytes, the limit is ${VALUE_BYTES_MAX}`,
    { details: { bytes: value.length, limit: VALUE_BYTES_MAX } },
  );
}

/** `undefined` when none was given. */
export function checkRequestId(requestId: Uint8Array): Uint8Array | undefined {
  if (requestId.length === 0) return undefined;
  if (requestId.length === REQUEST_ID_BYTES) return requestId;
  throw new CoterieError(
    'INVALID_ARGUMENT',
    `The request id has ${requestId.length} bytes; it must have ${REQUEST_ID_BYTES}`,
  );
}

/** 0 on the wire means that a number was not given. */
export function readChoice({ level, r, pr }: GetRequest): LevelChoice {
  const raw = r + pr === 0 ? undefined : rawNumbers(r, pr, 0);
  return { level: levelFromWire(level), raw };
}

/** Errors: INVALID_ARGUMENT for a level that sloppy does not go with. */
export function writeChoice(request: PutRequest | DeleteRequest): LevelChoice {
  const { w, pw, dw, sloppy } = request;
  const level = levelFromWire(request.level);
  if (sloppy) checkSloppy(level);
  return { level, raw: w + pw + dw === 0 ? undefined : rawNumbers(w, pw, dw) };
}

function rawNumbers(count: number, primaries: number, durable: number): RawRequirement {
  return {
    ...(count === 0 ? {} : { count }),
    ...(primaries === 0 ? {} : { primaries }),
    ...(durable === 0 ? {} : { durable }),
  };
}
