/** Serves one unary method: decode, call the node, encode; a failure of any kind becomes status
 *  and trailer. The caller's cancellation and deadline abort the signal. */
import type { handleUnaryCall, ServerUnaryCall } from '@grpc/grpc-js';
import { CoterieError } from '../../core/errors.ts';
import type { Log } from '../../env/log.ts';
import { asCoterieError } from '../../wire/error-codec.ts';
import { FRAME_BYTES_MAX } from '../../wire/frame-limits.ts';
import type { UnaryMethod } from './methods.ts';
import { failureOf } from './status.ts';

export interface UnaryOptions<Request, Reply> {
  readonly method: UnaryMethod<Request, Reply>;
  readonly log: Log;
  /** Throws what every call is refused with, such as NOT_RUNNING. */
  admit(): void;
  serve(request: Request, signal: AbortSignal, deadlineMs: number | undefined): Promise<Reply>;
}

export function unaryHandler<Request, Reply>(
  options: UnaryOptions<Request, Reply>,
): handleUnaryCall<Uint8Array, Uint8Array> {
  return (call, callback) => {
    const cancellation = new AbortController();
    let isAnswered = false;
    call.on('cancelled', () => {
      if (isAnswered) return;
      cancellation.abort(new CoterieError('ABORTED', 'The caller gave the request up'));
    });
    serveOne(options, call, cancellation.signal).then(
      (reply) => {
        isAnswered = true;
        callback(null, reply);
      },
      (thrown: unknown) => {
        isAnswered = true;
        const error = asCoterieError(thrown);
        if (error.code === 'ASSERTION_FAILED') {
          options.log.error('call-failed', { path: options.method.path, message: error.message });
        }
        callback(failureOf(error));
      },
    );
  };
}

async function serveOne<Request, Reply>(
  { method, admit, serve }: UnaryOptions<Request, Reply>,
  call: ServerUnaryCall<Uint8Array, Uint8Array>,
  signal: AbortSignal,
): Promise<Uint8Array> {
  admit();
  const request = decodeMessage(method.path, method.request, call.request);
  const reply = await serve(request, signal, remainingMs(call));
  return method.reply.encode(reply).finish();
}

/** Errors: MALFORMED_MESSAGE when the bytes are too many or not this message. */
export function decodeMessage<Message>(
  path: string,
  codec: { decode(bytes: Uint8Array): Message },
  bytes: Uint8Array,
): Message {
  const bytesMax = FRAME_BYTES_MAX.session;
  if (bytes.byteLength > bytesMax) {
    throw new CoterieError(
      'MALFORMED_MESSAGE',
      `A message of ${path} has ${bytes.byteLength} bytes; the limit is ${bytesMax}`,
    );
  }
  try {
    return codec.decode(bytes);
  } catch (cause) {
    throw new CoterieError(
      'MALFORMED_MESSAGE',
      `${bytes.byteLength} bytes of ${path} cannot be decoded`,
      { cause },
    );
  }
}

/** What is left of the caller's gRPC deadline, at least 1 ms. */
function remainingMs(call: ServerUnaryCall<Uint8Array, Uint8Array>): number | undefined {
  const deadline = Number(call.getDeadline());
  return Number.isFinite(deadline) ? Math.max(1, Math.ceil(deadline - Date.now())) : undefined;
}
