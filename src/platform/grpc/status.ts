/** CoterieError to what a gRPC call ends with, and back: status number, message, and the whole
 *  error, serialised, in the trailer `coterie-error-bin`. */
import { Metadata, type ServiceError } from '@grpc/grpc-js';
import type { CoterieError } from '../../core/errors.ts';
import {
  decodeError,
  encodeError,
  errorFromGrpcStatus,
  grpcStatusOf,
} from '../../wire/error-codec.ts';

export const ERROR_TRAILER = 'coterie-error-bin';

/** The status line repeats the message for foreign clients; HTTP/2 allows all headers together
 *  64 KiB. */
const STATUS_CHARS_MAX = 1_024;
/** Holds the largest context that SIBLING_LIMIT carries, twice base64 encoded. A larger error
 *  goes without trailer. */
const TRAILER_BYTES_MAX = 36 * 1_024;

export interface CallFailure {
  readonly code: number;
  readonly details: string;
  readonly metadata: Metadata;
}

export function failureOf(error: CoterieError): CallFailure {
  const metadata = new Metadata();
  const trailer = encodeError(error);
  if (trailer.byteLength <= TRAILER_BYTES_MAX) metadata.set(ERROR_TRAILER, Buffer.from(trailer));
  // A lone surrogate would make grpc-js throw when it encodes the status line.
  const text = error.message.slice(0, STATUS_CHARS_MAX).replace(/\p{Surrogate}/gu, '\uFFFD');
  return { code: grpcStatusOf(error.code), details: `${error.code}: ${text}`, metadata };
}

/** The Error message in the trailer, `undefined` when there is none. Errors: MALFORMED_MESSAGE. */
export function trailerErrorOf(metadata: Metadata): CoterieError | undefined {
  const [trailer] = metadata.get(ERROR_TRAILER);
  return trailer instanceof Uint8Array ? decodeError(trailer) : undefined;
}

/** What a failed call means to its caller. */
export function errorOfFailure(error: ServiceError, address: string): CoterieError {
  return (
    trailerErrorOf(error.metadata) ??
    errorFromGrpcStatus(error.code, `${address}: ${error.details}`)
  );
}
