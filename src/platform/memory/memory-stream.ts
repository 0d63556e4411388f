/** The two ends of one stream inside a process. Each end has an outbox (what it sent and the other
 *  end has not room for) and an inbox (what arrived and was not handed in yet); one deferred turn
 *  moves everything that can move.
 *  Invariants: as in env/transport.ts; an inbox holds at most `windowBytes`, or one larger
 *  frame. */
import type { Clock, Timer } from '../../env/clock.ts';
import type { Log } from '../../env/log.ts';
import type {
  FrameStream,
  StreamClosed,
  StreamHandlers,
  StreamService,
} from '../../env/transport.ts';
import { asCoterieError } from '../../wire/error-codec.ts';
import { FRAME_BYTES_MAX } from '../../wire/frame-limits.ts';

export interface StreamPairOptions {
  readonly clock: Pick<Clock, 'defer' | 'setTimer'>;
  readonly log: Log;
  readonly address: string;
  readonly service: StreamService;
  readonly windowBytes: number;
  readonly closeTimeoutMs: number;
}

/** `near` dialled, `far` was dialled. Neither moves anything before it is opened. */
export function createStreamPair(options: StreamPairOptions): {
  near: MemoryStream;
  far: MemoryStream;
} {
  const near = new MemoryStream(options, options.address);
  const far = new MemoryStream(options, `${options.address} (dialling)`);
  near.join(far);
  far.join(near);
  return { near, far };
}

export class MemoryStream implements FrameStream {
  readonly remote: string;
  readonly #options: StreamPairOptions;
  readonly #whenClosed: (() => void)[] = [];
  #peer: MemoryStream | undefined;
  #handlers: StreamHandlers | undefined;
  #state: 'opening' | 'open' | 'closed' = 'opening';
  #isEnding = false;
  #isPaused = false;
  #isTurnSet = false;
  #outbox: Uint8Array[] = [];
  #outboxBytes = 0;
  #inbox: Uint8Array[] = [];
  #inboxBytes = 0;
  #closeTimer: Timer | undefined;

  constructor(options: StreamPairOptions, remote: string) {
    this.#options = options;
    this.remote = remote;
  }

  get bufferedBytes(): number {
    return this.#outboxBytes;
  }

  get isClosed(): boolean {
    return this.#state === 'closed';
  }

  join(peer: MemoryStream): void {
    this.#peer = peer;
  }

  handle(handlers: StreamHandlers): void {
    this.#handlers = handlers;
  }

  open(): void {
    if (this.#state !== 'opening') return;
    this.#state = 'open';
    this.#setTurn();
  }

  /** Calls back after `closed`. */
  whenClosed(callback: () => void): void {
    this.#whenClosed.push(callback);
  }

  send(frame: Uint8Array): void {
    if (this.#isEnding || this.#state === 'closed') return;
    const bytesMax = FRAME_BYTES_MAX[this.#options.service];
    if (frame.byteLength > bytesMax) {
      const text = `Refused to send a frame of ${frame.byteLength} bytes; the limit is ${bytesMax}`;
      this.#options.clock.defer(() => this.break(text));
      return;
    }
    this.#outbox.push(frame);
    this.#outboxBytes += frame.byteLength;
    this.#setTurn();
  }

  pause(): void {
    this.#isPaused = true;
  }

  resume(): void {
    this.#isPaused = false;
    this.#setTurn();
  }

  close(): void {
    if (this.#isEnding || this.#state === 'closed') return;
    this.#isEnding = true;
    const { clock, closeTimeoutMs } = this.#options;
    this.#closeTimer = clock.setTimer(closeTimeoutMs, () => {
      this.break(`The other side did not end the stream within ${closeTimeoutMs} ms`);
    });
    this.#setTurn();
  }

  /** Both ends are over at once; what is on the way is lost. */
  break(message: string): void {
    this.#settlePair({ kind: 'broken', message });
  }

  /** Nobody took the stream that this end dialled. */
  refuse(message: string, isNobodyThere = false): void {
    const peer = this.#peer;
    if (peer !== undefined) peer.#forget();
    this.#settle({ kind: 'refused', message, ...(isNobodyThere ? { isNobodyThere } : {}) });
  }

  #setTurn(): void {
    if (this.#isTurnSet) return;
    this.#isTurnSet = true;
    this.#options.clock.defer(() => {
      this.#isTurnSet = false;
      this.#turn();
    });
  }

  /** Hands in what arrived, moves what was sent, and ends what is done. */
  #turn(): void {
    if (this.#state === 'opening' && this.#isEnding && this.#outbox.length === 0) {
      this.#settlePair({ kind: 'ended', message: 'Closed before it was open' });
    }
    if (this.#state !== 'open') return;
    this.#handIn();
    this.#moveOut();
    const peer = this.#peer;
    if (!this.#isEnding || this.#outbox.length > 0 || peer === undefined) return;
    // The other side ends too, once it has been given everything.
    if (peer.#inbox.length > 0 || peer.#state === 'opening') return;
    if (!peer.#isEnding) peer.close();
    else if (peer.#outbox.length === 0 && this.#inbox.length === 0) {
      this.#settlePair({ kind: 'ended', message: 'The stream was ended' });
    }
  }

  #handIn(): void {
    const peer = this.#peer;
    while (this.#state === 'open' && !this.#isPaused) {
      const frame = this.#inbox.shift();
      if (frame === undefined) return;
      this.#inboxBytes -= frame.byteLength;
      this.#call('frame', () => this.#handlers?.frame(frame));
      if (peer !== undefined) peer.#setTurn();
    }
  }

  #moveOut(): void {
    const peer = this.#peer;
    if (peer === undefined || this.#state !== 'open') return;
    const before = this.#outboxBytes;
    for (let frame = this.#outbox[0]; frame !== undefined; frame = this.#outbox[0]) {
      const isFull = peer.#inboxBytes + frame.byteLength > this.#options.windowBytes;
      if (isFull && peer.#inbox.length > 0) break;
      this.#outbox.shift();
      this.#outboxBytes -= frame.byteLength;
      peer.#inbox.push(frame);
      peer.#inboxBytes += frame.byteLength;
      peer.#setTurn();
    }
    if (before > 0 && this.#outboxBytes === 0) {
      this.#call('drained', () => this.#handlers?.drained?.());
    }
  }

  #settlePair(reason: StreamClosed): void {
    const peer = this.#peer;
    this.#settle(reason);
    if (peer !== undefined) peer.#settle(reason);
  }

  #settle(reason: StreamClosed): void {
    if (this.#state === 'closed') return;
    this.#forget();
    this.#call('closed', () => this.#handlers?.closed(reason));
    for (const callback of this.#whenClosed) callback();
  }

  #forget(): void {
    this.#state = 'closed';
    this.#closeTimer?.cancel();
    this.#outbox = [];
    this.#outboxBytes = 0;
    this.#inbox = [];
    this.#inboxBytes = 0;
  }

  #call(callback: string, invoke: () => void): void {
    try {
      invoke();
    } catch (thrown) {
      const { code, message } = asCoterieError(thrown);
      this.#options.log.error('stream-handler-failed', {
        callback,
        remote: this.remote,
        code,
        message,
      });
      this.break('The other side failed while it handled a frame');
    }
  }
}
