/** CoterieError to the protocol's Error message and to gRPC's status numbers, and back.
 *
 *  - Encoding never fails: a detail that JSON cannot carry is left out, never the error itself.
 *  - Bytes among the details travel as `{"$bytes": base64}` and come back as bytes.
 *  - A code that a newer peer sent and that this version does not know becomes
 *    VERSION_UNSUPPORTED with the peer's own two facts (`retryable`, `applied`), on which
 *    behaviour hangs, and the peer's code in `details.code`. */
import { CoterieError, type ErrorCode, type ErrorDetails, isErrorCode } from '../core/errors.ts';
import { Error as WireError } from './generated/coterie/v1/kv.ts';

const DETAIL_DEPTH_MAX = 6;
const DETAILS_CHARS_MAX = 64 * 1_024;
const BYTES_KEY = '$bytes';

/** Numbers of google.rpc.Code. */
const GRPC_STATUSES: Readonly<Record<ErrorCode, number>> = {
  INVALID_ARGUMENT: 3,
  KEY_TOO_LARGE: 3,
  VALUE_TOO_LARGE: 3,
  INVALID_CONTEXT: 3,
  INVALID_CONFIG: 3,
  NO_REPLICA: 14,
  QUORUM_NOT_MET: 14,
  DEADLINE_EXCEEDED: 4,
  OVERLOADED: 8,
  UNREACHABLE: 14,
  ABORTED: 1,
  NOT_INITIALISED: 9,
  NOT_RECOVERED: 9,
  NOT_RUNNING: 9,
  STALE_LAYOUT: 10,
  NOT_OWNER: 9,
  SIBLING_LIMIT: 9,
  CLOCK_SKEW: 9,
  CONFLICT: 10,
  SIBLINGS: 9,
  CORRUPT_RECORD: 15,
  DISK_FULL: 8,
  STORAGE_IO: 13,
  MALFORMED_MESSAGE: 3,
  VERSION_UNSUPPORTED: 9,
  CLUSTER_MISMATCH: 9,
  ASSERTION_FAILED: 13,
};

/** Statuses that come from gRPC itself, or from a peer that is not ours; all others read as
 *  MALFORMED_MESSAGE. */
const CODES_BY_STATUS: ReadonlyMap<number, ErrorCode> = new Map<number, ErrorCode>([
  [1, 'ABORTED'],
  [4, 'DEADLINE_EXCEEDED'],
  [8, 'OVERLOADED'],
  [12, 'VERSION_UNSUPPORTED'],
  [14, 'UNREACHABLE'],
]);
const STATUS_UNIMPLEMENTED = 12;

/** The gRPC status number that a failed unary call ends with. */
export function grpcStatusOf(code: ErrorCode): number {
  return GRPC_STATUSES[code];
}

/** The error for a gRPC status that came without an Error message. Whether a write was applied
 *  is unknown, unless the far side does not have the method at all. */
export function errorFromGrpcStatus(status: number, message: string): CoterieError {
  return new CoterieError(CODES_BY_STATUS.get(status) ?? 'MALFORMED_MESSAGE', message, {
    applied: status === STATUS_UNIMPLEMENTED ? 'no' : 'unknown',
    details: { grpcStatus: status },
  });
}

/** What was thrown, as a CoterieError; anything else than one is a bug and becomes
 *  ASSERTION_FAILED. */
export function asCoterieError(thrown: unknown): CoterieError {
  if (thrown instanceof CoterieError) return thrown;
  const message = thrown instanceof Error ? thrown.message : String(thrown);
  return new CoterieError('ASSERTION_FAILED', `Unexpected failure: ${message}`, { cause: thrown });
}

export function errorToWire(error: CoterieError): WireError {
  return {
    code: error.code,
    message: error.message,
    retryable: error.retryable,
    appliedUnknown: error.applied === 'unknown',
    detailsJson: detailsToJson(error.details),
  };
}

export function errorFromWire(wire: WireError): CoterieError {
  const facts = {
    retryable: wire.retryable,
    applied: wire.appliedUnknown ? 'unknown' : 'no',
  } as const;
  const details = detailsFromJson(wire.detailsJson);
  if (isErrorCode(wire.code)) {
    return new CoterieError(wire.code, wire.message, { ...facts, details });
  }
  return new CoterieError('VERSION_UNSUPPORTED', `${wire.message} (${wire.code})`, {
    ...facts,
    details: { ...details, code: wire.code },
  });
}

export function encodeError(error: CoterieError): Uint8Array {
  return WireError.encode(errorToWire(error)).finish();
}

/** Errors: MALFORMED_MESSAGE when the bytes are no Error message. */
export function decodeError(bytes: Uint8Array): CoterieError {
  let wire: WireError;
  try {
    wire = WireError.decode(bytes);
  } catch (cause) {
    throw new CoterieError(
      'MALFORMED_MESSAGE',
      `${bytes.length} bytes that should be an Error message cannot be decoded`,
      { cause, applied: 'unknown' },
    );
  }
  return errorFromWire(wire);
}

/** Empty when there are no details, or more than the bound takes. */
function detailsToJson(details: ErrorDetails): string {
  const plain = objectToPlain(details, 0);
  if (plain === undefined || Object.keys(plain).length === 0) return '';
  const json = JSON.stringify(plain);
  return json.length > DETAILS_CHARS_MAX ? '' : json;
}

function toPlain(value: unknown, depth: number): unknown {
  switch (typeof value) {
    case 'string':
    case 'number':
    case 'boolean':
      return value;
    case 'bigint':
      return value.toString();
    case 'object':
      return value === null ? null : objectToPlain(value, depth);
    default:
      return undefined;
  }
}

function objectToPlain(value: object, depth: number): object | undefined {
  if (value instanceof Uint8Array) return { [BYTES_KEY]: toBase64(value) };
  if (depth === DETAIL_DEPTH_MAX) return undefined;
  if (Array.isArray(value)) return value.map((item) => toPlain(item, depth + 1) ?? null);
  const entries = Object.entries(value)
    .map(([key, item]) => [key, toPlain(item, depth + 1)] as const)
    .filter(([, item]) => item !== undefined);
  return Object.fromEntries(entries);
}

/** Details only explain: an error whose details are damaged is still that error, without them. */
function detailsFromJson(json: string): ErrorDetails {
  if (json === '') return {};
  try {
    const value: unknown = JSON.parse(json, (_key, item: unknown) => bytesFromPlain(item));
    return isRecord(value) ? value : {};
  } catch {
    return { undecodable: json.slice(0, 256) };
  }
}

function bytesFromPlain(value: unknown): unknown {
  if (!isRecord(value)) return value;
  const text = value[BYTES_KEY];
  if (typeof text !== 'string' || Object.keys(value).length !== 1) return value;
  return fromBase64(text);
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function toBase64(bytes: Uint8Array): string {
  let text = '';
  for (const byte of bytes) text += String.fromCharCode(byte);
  return btoa(text);
}

function fromBase64(text: string): Uint8Array {
  return Uint8Array.from(atob(text), (character) => character.charCodeAt(0));
}
