/** The Transport port over gRPC. Every stream has a connection of its own, so that a bulk stream
 *  never delays another one to the same node and a refused dial leaves no back-off behind: the
 *  next one tries again at once. */
import type { Log } from '../../env/log.ts';
import type { FrameStream, StreamHandlers, StreamService, Transport } from '../../env/transport.ts';
import { dialStream } from './dial-stream.ts';

export interface GrpcTransportOptions {
  readonly log: Log;
  /** From `dial` until the far side has taken the stream; then it is `broken`. Default 2,000. */
  readonly dialTimeoutMs?: number;
  /** From `close` until the far side has taken what was sent; then it is `broken`. Default
   *  2,000. */
  readonly closeTimeoutMs?: number;
}

const DIAL_TIMEOUT_MS = 2_000;
const CLOSE_TIMEOUT_MS = 2_000;

export class GrpcTransport implements Transport {
  readonly #log: Log;
  readonly #dialTimeoutMs: number;
  readonly #closeTimeoutMs: number;
  readonly #streams = new Set<FrameStream>();
  #isClosed = false;
  #closing: Promise<void> | undefined;
  #emptied: (() => void) | undefined;

  constructor(options: GrpcTransportOptions) {
    this.#log = options.log;
    this.#dialTimeoutMs = options.dialTimeoutMs ?? DIAL_TIMEOUT_MS;
    this.#closeTimeoutMs = options.closeTimeoutMs ?? CLOSE_TIMEOUT_MS;
  }

  /** After `close` every dial is refused. */
  dial(address: string, service: StreamService, handlers: StreamHandlers): FrameStream {
    const stream = dialStream({
      address,
      service,
      handlers,
      log: this.#log,
      dialTimeoutMs: this.#dialTimeoutMs,
      closeTimeoutMs: this.#closeTimeoutMs,
      released: () => this.#release(stream),
    });
    this.#streams.add(stream);
    if (this.#isClosed) {
      queueMicrotask(() => stream.settle({ kind: 'refused', message: 'The transport is closed' }));
    }
    return stream;
  }

  /** Idempotent; settles when every stream is closed, at the latest after the close timeout. */
  close(): Promise<void> {
    this.#isClosed = true;
    this.#closing ??= new Promise((resolve) => {
      this.#emptied = resolve;
      for (const stream of this.#streams) stream.close();
      if (this.#streams.size === 0) resolve();
    });
    return this.#closing;
  }

  #release(stream: FrameStream): void {
    this.#streams.delete(stream);
    if (this.#streams.size === 0) this.#emptied?.();
  }
}
