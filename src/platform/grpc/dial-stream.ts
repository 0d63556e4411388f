/** The dialling side of a stream: connect, begin the call, and read from its end what became of
 *  it. `refused` is said only when nothing was sent, or when the far side's Error message proves
 *  that it took nothing. */
import type { ClientDuplexStream, StatusObject } from '@grpc/grpc-js';
import { status } from '@grpc/grpc-js';
import type { Log } from '../../env/log.ts';
import type { StreamClosed, StreamHandlers, StreamService } from '../../env/transport.ts';
import { asCoterieError } from '../../wire/error-codec.ts';
import { FRAME_BYTES_MAX } from '../../wire/frame-limits.ts';
import { CallStream } from './call-stream.ts';
import { asBuffer, asBytes, STREAM_PATHS } from './methods.ts';
import { type ChannelOpening, openChannel } from './open-channel.ts';
import { ERROR_TRAILER, trailerErrorOf } from './status.ts';

export interface DialOptions {
  readonly address: string;
  readonly service: StreamService;
  readonly handlers: StreamHandlers;
  readonly dialTimeoutMs: number;
  readonly closeTimeoutMs: number;
  readonly log: Log;
  /** Called once the stream is closed and its connection given back. */
  released(stream: CallStream): void;
}

export function dialStream(options: DialOptions): CallStream {
  const { address, service, dialTimeoutMs } = options;
  const attempt = new AbortController();
  let opening: ChannelOpening | undefined;
  let call: ClientDuplexStream<Uint8Array, Uint8Array> | undefined;

  const stream = new CallStream({
    remote: address,
    service,
    closeTimeoutMs: options.closeTimeoutMs,
    log: options.log,
    abort: () => call?.cancel(),
    released: () => {
      clearTimeout(timer);
      attempt.abort();
      // Closing the channel lets the call that runs on it end in its own time.
      if (opening?.kind === 'ready') opening.client.close();
      options.released(stream);
    },
  });
  stream.handle(options.handlers);
  const timer = setTimeout(() => {
    stream.fail(`${address} did not open the stream within ${dialTimeoutMs} ms`);
  }, dialTimeoutMs);

  const begin = async (): Promise<void> => {
    opening = await openChannel({
      address,
      messageBytesMax: FRAME_BYTES_MAX[service],
      timeoutMs: dialTimeoutMs,
      signal: attempt.signal,
    });
    if (opening.kind !== 'ready') return stream.settle(closedOfFailure(opening));
    if (attempt.signal.aborted) return opening.client.close();
    call = opening.client.makeBidiStreamRequest(STREAM_PATHS[service], asBuffer, asBytes);
    follow(call, stream, () => clearTimeout(timer));
  };
  begin().catch((thrown: unknown) => {
    stream.fail(`${address}: ${asCoterieError(thrown).message}`);
  });
  return stream;
}

function follow(
  call: ClientDuplexStream<Uint8Array, Uint8Array>,
  stream: CallStream,
  opened: () => void,
): void {
  let isOpen = false;
  call.on('metadata', () => {
    isOpen = true;
    opened();
  });
  // `status` follows and says the same; without a listener the event would end the process.
  call.on('error', () => {});
  call.on('status', (end: StatusObject) => {
    const closed = closedOfStatus(end, isOpen);
    // A good end may overtake the last frames, which a paused stream has not handed in yet.
    if (closed.kind === 'ended' && call.readableLength > 0) {
      call.once('end', () => stream.settle(closed));
    } else {
      stream.settle(closed);
    }
  });
  stream.open(call);
}

function closedOfFailure(failure: Exclude<ChannelOpening, { kind: 'ready' }>): StreamClosed {
  const kind = failure.kind === 'refused' ? 'refused' : 'broken';
  const { message, isNobodyThere = false } = failure;
  return { kind, message, ...(isNobodyThere ? { isNobodyThere } : {}) };
}

function closedOfStatus(end: StatusObject, isOpen: boolean): StreamClosed {
  if (end.code === status.OK) return { kind: 'ended', message: 'The stream was ended' };
  const isRefused = !isOpen && end.code === status.UNIMPLEMENTED;
  if (isOpen || end.metadata.get(ERROR_TRAILER).length === 0) {
    return {
      kind: isRefused ? 'refused' : 'broken',
      message: `${status[end.code]}: ${end.details}`,
    };
  }
  const error = trailerErrorOf(end.metadata);
  return { kind: 'refused', message: `${error?.code}: ${error?.message}` };
}
