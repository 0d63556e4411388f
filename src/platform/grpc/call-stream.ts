/** A FrameStream over one bidirectional gRPC call: what both sides have in common.
 *
 *  Invariants: `closed` is called once, and nothing after it; frames are handed in whole, in
 *  order, and never while paused; `bufferedBytes` is what was sent and flow control has not yet
 *  let through.
 *  A handler that throws breaks its own stream and is logged; nothing else is harmed.
 *  Not here: connecting (dial-stream.ts), accepting (accept-stream.ts). */
import type { Log } from '../../env/log.ts';
import type {
  FrameStream,
  StreamClosed,
  StreamHandlers,
  StreamService,
} from '../../env/transport.ts';
import { asCoterieError } from '../../wire/error-codec.ts';
import { FRAME_BYTES_MAX } from '../../wire/frame-limits.ts';

/** What is used here of a gRPC call; both sides' calls are Duplex streams. */
export interface FrameCall {
  write(frame: Uint8Array, done: () => void): boolean;
  end(): unknown;
  pause(): unknown;
  resume(): unknown;
  on(event: 'data', listener: (frame: Uint8Array) => void): unknown;
  _read(size: number): void;
}

export interface CallStreamOptions {
  readonly remote: string;
  readonly service: StreamService;
  /** How long `close` waits for the other side to take what was sent. */
  readonly closeTimeoutMs: number;
  readonly log: Log;
  /** Ends the call at once and without regard to what is still queued. */
  abort(message: string): void;
  /** Called after `closed`. */
  released(stream: CallStream): void;
}

export class CallStream implements FrameStream {
  readonly #options: CallStreamOptions;
  readonly #frameBytesMax: number;
  #state: 'opening' | 'open' | 'closing' | 'closed' = 'opening';
  #handlers: StreamHandlers | undefined;
  #call: FrameCall | undefined;
  #bufferedBytes = 0;
  #waiting: Uint8Array[] = [];
  #isPaused = false;
  #heldRead: (() => void) | undefined;
  #closeTimer: NodeJS.Timeout | undefined;

  constructor(options: CallStreamOptions) {
    this.#options = options;
    this.#frameBytesMax = FRAME_BYTES_MAX[options.service];
  }

  get remote(): string {
    return this.#options.remote;
  }

  get bufferedBytes(): number {
    return this.#bufferedBytes;
  }

  /** Takes the handlers; nothing is called back before `open` or `settle`. */
  handle(handlers: StreamHandlers): void {
    this.#handlers = handlers;
  }

  /** Begins on a call that has been started: sends what waits, hands in what comes. */
  open(call: FrameCall): void {
    if (this.#state === 'closed') return;
    this.#call = call;
    this.#holdReads(call);
    if (this.#isPaused) call.pause();
    call.on('data', (frame: Uint8Array) => this.#receive(frame));
    for (const frame of this.#waiting) this.#write(call, frame);
    this.#waiting = [];
    if (this.#state === 'closing') call.end();
    else this.#state = 'open';
  }

  send(frame: Uint8Array): void {
    if (this.#state === 'closing' || this.#state === 'closed') return;
    if (frame.byteLength > this.#frameBytesMax) {
      // In a turn of its own: the sender does not expect `closed` while it is sending.
      queueMicrotask(() => this.fail(this.#tooLarge('send', frame)));
      return;
    }
    this.#bufferedBytes += frame.byteLength;
    if (this.#call === undefined) this.#waiting.push(frame);
    else this.#write(this.#call, frame);
  }

  pause(): void {
    this.#isPaused = true;
    this.#call?.pause();
  }

  resume(): void {
    if (!this.#isPaused) return;
    this.#isPaused = false;
    this.#call?.resume();
    const read = this.#heldRead;
    this.#heldRead = undefined;
    read?.();
  }

  close(): void {
    if (this.#state === 'closing' || this.#state === 'closed') return;
    const isUnused = this.#call === undefined && this.#waiting.length === 0;
    this.#state = 'closing';
    if (isUnused) {
      queueMicrotask(() => this.settle({ kind: 'ended', message: 'Closed before it was open' }));
      return;
    }
    this.#call?.end();
    const { closeTimeoutMs } = this.#options;
    this.#closeTimer = setTimeout(() => {
      this.fail(
        `The other side did not take the last ${this.#bufferedBytes} bytes and end the stream ` +
          `within ${closeTimeoutMs} ms`,
      );
    }, closeTimeoutMs);
  }

  /** Breaks the stream from this side. */
  fail(message: string): void {
    if (this.#state === 'closed') return;
    this.#options.abort(message);
    this.settle({ kind: 'broken', message });
  }

  /** The call is over. Only the first reason counts. */
  settle(reason: StreamClosed): void {
    if (this.#state === 'closed') return;
    this.#state = 'closed';
    clearTimeout(this.#closeTimer);
    this.#bufferedBytes = 0;
    this.#waiting = [];
    // What still arrives until the call is gone is thrown away.
    this.#isPaused = true;
    this.resume();
    try {
      this.#handlers?.closed(reason);
    } catch (thrown) {
      this.#logThrown('closed', thrown);
    }
    this.#options.released(this);
  }

  /** Readable reads up to 16 objects ahead while it is paused, which may be 16 frames of 64 MiB.
   *  Holding its reads back instead leaves what comes in the HTTP/2 window, where it stops the
   *  sender. */
  #holdReads(call: FrameCall): void {
    const read = call._read.bind(call);
    call._read = (size) => {
      if (this.#isPaused) this.#heldRead = () => read(size);
      else read(size);
    };
  }

  #receive(frame: Uint8Array): void {
    if (this.#state === 'closed') return;
    if (frame.byteLength > this.#frameBytesMax) {
      this.fail(this.#tooLarge('take', frame));
      return;
    }
    try {
      this.#handlers?.frame(frame);
    } catch (thrown) {
      this.#logThrown('frame', thrown);
      this.fail('The receiver failed while it handled a frame');
    }
  }

  #write(call: FrameCall, frame: Uint8Array): void {
    call.write(frame, () => this.#written(frame.byteLength));
  }

  #written(bytes: number): void {
    if (this.#state === 'closed' || bytes === 0) return;
    this.#bufferedBytes -= bytes;
    if (this.#bufferedBytes > 0) return;
    try {
      this.#handlers?.drained?.();
    } catch (thrown) {
      this.#logThrown('drained', thrown);
      this.fail('The sender failed while it handled the drained buffer');
    }
  }

  #tooLarge(verb: 'send' | 'take', frame: Uint8Array): string {
    return (
      `Refused to ${verb} a frame of ${frame.byteLength} bytes; ` +
      `the limit of a ${this.#options.service} is ${this.#frameBytesMax}`
    );
  }

  #logThrown(callback: string, thrown: unknown): void {
    const error = asCoterieError(thrown);
    this.#options.log.error('stream-handler-failed', {
      callback,
      remote: this.remote,
      code: error.code,
      message: error.message,
    });
  }
}
