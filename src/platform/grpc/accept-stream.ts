/** The accepting side of a stream: offers it to the node, and either carries it or refuses it
 *  with the node's error before anything was delivered. */
import { Metadata, type ServerDuplexStream, status } from '@grpc/grpc-js';
import type { Log } from '../../env/log.ts';
import type { StreamAcceptor, StreamService } from '../../env/transport.ts';
import { asCoterieError } from '../../wire/error-codec.ts';
import { CallStream } from './call-stream.ts';
import { failureOf } from './status.ts';

export interface AcceptOptions {
  readonly service: StreamService;
  readonly accept: StreamAcceptor;
  readonly closeTimeoutMs: number;
  readonly log: Log;
  released(stream: CallStream): void;
}

/** `undefined` when the node refused the stream. */
export function acceptStream(
  call: ServerDuplexStream<Uint8Array, Uint8Array>,
  options: AcceptOptions,
): CallStream | undefined {
  const stream = new CallStream({
    remote: call.getPeer(),
    service: options.service,
    closeTimeoutMs: options.closeTimeoutMs,
    log: options.log,
    // grpc-js has no way to drop one call of a server: it ends when the other side has taken what
    // is queued, or with the connection.
    abort: (message) => call.emit('error', { code: status.ABORTED, details: message }),
    released: (released) => {
      if (!call.writableEnded) call.end();
      options.released(released);
    },
  });
  try {
    stream.handle(options.accept(options.service, stream));
  } catch (thrown) {
    const error = asCoterieError(thrown);
    if (error.code === 'ASSERTION_FAILED') {
      options.log.error('stream-accept-failed', {
        service: options.service,
        message: error.message,
      });
    }
    call.emit('error', failureOf(error));
    return undefined;
  }
  call.on('cancelled', () => {
    stream.settle({ kind: 'broken', message: 'The other side broke the connection or gave up' });
  });
  call.on('end', () => stream.close());
  call.on('finish', () => stream.settle({ kind: 'ended', message: 'The stream was ended' }));
  // Says "taken" to the dialling side, before any frame.
  call.sendMetadata(new Metadata());
  stream.open(call);
  return stream;
}
