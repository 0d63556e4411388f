/** The Transport port inside one process: listeners by address, and streams between them that
 *  behave like real ones.
 *  - Frames arrive in a later turn, whole and in order, as the very bytes that were sent.
 *  - The receiver's window bounds what a paused receiver takes in; the rest stays in the sender's
 *  `bufferedBytes`. A frame larger than the window is let through alone.
 *  - A handler that throws breaks its own stream and is logged.
 *  Not here: latency, loss and partitions, which are the simulator's (sim/). */
import { CoterieError } from '../../core/errors.ts';
import type { Clock } from '../../env/clock.ts';
import type { Log } from '../../env/log.ts';
import type {
  FrameStream,
  StreamAcceptor,
  StreamHandlers,
  StreamService,
  Transport,
} from '../../env/transport.ts';
import { createStreamPair, type MemoryStream } from './memory-stream.ts';

export interface MemoryNetworkOptions {
  readonly clock: Pick<Clock, 'defer' | 'setTimer'>;
  readonly log: Log;
  /** Bytes a paused receiver takes in. Default 65,536, as HTTP/2. */
  readonly windowBytes?: number;
  /** From `close` until the other side has taken what was sent; then it is `broken`. Default
   *  2,000. */
  readonly closeTimeoutMs?: number;
}

const WINDOW_BYTES = 65_536;
const CLOSE_TIMEOUT_MS = 2_000;

export class MemoryNetwork {
  readonly #options: Required<MemoryNetworkOptions>;
  readonly #listeners = new Map<string, StreamAcceptor>();
  readonly #streams = new Map<string, Set<MemoryStream>>();

  constructor(options: MemoryNetworkOptions) {
    this.#options = { windowBytes: WINDOW_BYTES, closeTimeoutMs: CLOSE_TIMEOUT_MS, ...options };
  }

  /** Returns what ends the listening; open streams go on.
   *  Errors: INVALID_CONFIG when somebody listens at the address already. */
  listen(address: string, acceptor: StreamAcceptor): () => void {
    if (this.#listeners.has(address)) {
      throw new CoterieError('INVALID_CONFIG', `Somebody listens at ${address} already`);
    }
    this.#listeners.set(address, acceptor);
    return () => {
      if (this.#listeners.get(address) === acceptor) this.#listeners.delete(address);
    };
  }

  /** Breaks every stream that was dialled to the address. */
  cut(address: string): void {
    // A copy: who is cut off may dial again at once, and that stream is a new one.
    for (const stream of [...(this.#streams.get(address) ?? [])]) {
      stream.break(`The connection to ${address} was cut`);
    }
  }

  transport(): Transport {
    return new MemoryTransport((address, service, handlers) =>
      this.#dial(address, service, handlers),
    );
  }

  #dial(address: string, service: StreamService, handlers: StreamHandlers): MemoryStream {
    const { near, far } = createStreamPair({ ...this.#options, address, service });
    const streams = this.#streams.get(address) ?? new Set();
    this.#streams.set(address, streams.add(near));
    near.handle(handlers);
    near.whenClosed(() => {
      streams.delete(near);
      if (streams.size === 0) this.#streams.delete(address);
    });
    this.#options.clock.defer(() => {
      if (near.isClosed) return;
      const acceptor = this.#listeners.get(address);
      if (acceptor === undefined) return near.refuse(`Nobody listens at ${address}`, true);
      try {
        far.handle(acceptor(service, far));
      } catch (thrown) {
        return near.refuse(thrown instanceof Error ? thrown.message : String(thrown));
      }
      near.open();
      far.open();
    });
    return near;
  }
}

type Dial = (address: string, service: StreamService, handlers: StreamHandlers) => MemoryStream;

class MemoryTransport implements Transport {
  readonly #dial: Dial;
  readonly #streams = new Set<MemoryStream>();
  #isClosed = false;
  #closing: Promise<void> | undefined;
  #emptied: (() => void) | undefined;

  constructor(dial: Dial) {
    this.#dial = dial;
  }

  dial(address: string, service: StreamService, handlers: StreamHandlers): FrameStream {
    const stream = this.#dial(address, service, handlers);
    this.#streams.add(stream);
    stream.whenClosed(() => {
      this.#streams.delete(stream);
      if (this.#streams.size === 0) this.#emptied?.();
    });
    if (this.#isClosed) queueMicrotask(() => stream.refuse('The transport is closed'));
    return stream;
  }

  close(): Promise<void> {
    this.#isClosed = true;
    this.#closing ??= new Promise((resolve) => {
      this.#emptied = resolve;
      for (const stream of this.#streams) stream.close();
      if (this.#streams.size === 0) resolve();
    });
    return this.#closing;
  }
}
