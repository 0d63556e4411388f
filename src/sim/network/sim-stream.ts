/** What does one process see of a stream? One end: its handlers, what arrived and was not handed
 *  in yet, and how it comes to an end.
 *  Invariants: as in env/transport.ts. Every callback is a step of the process that owns this end,
 *  so that it waits while the process is paused and never comes once it is dead; no callback comes
 *  out of a call of the owner.
 *  Not here: the way between the ends (frame-flow.ts), connecting (sim-network.ts). */
import type { Timer } from '../../env/clock.ts';
import type {
  FrameStream,
  StreamAcceptor,
  StreamClosed,
  StreamHandlers,
  StreamService,
} from '../../env/transport.ts';
import { FRAME_BYTES_MAX } from '../../wire/frame-limits.ts';
import type { NodeClock } from '../kernel/node-clock.ts';
import type { FlowReceiver, FlowSender, FrameFlow } from './frame-flow.ts';

export interface SimStreamOptions {
  /** Of the process that owns this end. */
  readonly clock: NodeClock;
  readonly remote: string;
  readonly service: StreamService;
  readonly closeTimeoutMs: number;
  readonly out: FrameFlow;
  readonly in: FrameFlow;
  /** The network knows this end no more. */
  left(stream: SimStream): void;
  /** After the handlers' `closed`. */
  released?: (() => void) | undefined;
  /** A handler threw. */
  failed(thrown: unknown): void;
}

const ENDED: StreamClosed = { kind: 'ended', message: 'The stream was ended' };

export class SimStream implements FrameStream, FlowSender, FlowReceiver {
  readonly #options: SimStreamOptions;
  readonly #out: FrameFlow;
  readonly #in: FrameFlow;
  #handlers: StreamHandlers | undefined;
  #acceptor: StreamAcceptor | undefined;
  #isClosed = false;
  #isEnding = false;
  #isPaused = false;
  #isTurnSet = false;
  #inbox: Uint8Array[] = [];
  /** How the other side ended; it counts once everything before it was handed in. */
  #farEnd: StreamClosed | undefined;
  #dialTimer: Timer | undefined;
  #closeTimer: Timer | undefined;

  constructor(options: SimStreamOptions) {
    this.#options = options;
    this.#out = options.out;
    this.#in = options.in;
    this.#out.sendFor(this);
    this.#in.deliverTo(this);
  }

  get remote(): string {
    return this.#options.remote;
  }

  get bufferedBytes(): number {
    return this.#out.bufferedBytes;
  }

  get isClosed(): boolean {
    return this.#isClosed;
  }

  /** This end dialled: it is broken unless the other side takes the stream in time. */
  dialled(handlers: StreamHandlers, timeoutMs: number): void {
    this.#handlers = handlers;
    this.#dialTimer = this.#options.clock.setTimer(timeoutMs, () => {
      this.#breakOff(`${this.remote} did not open the stream within ${timeoutMs} ms`);
    });
  }

  /** This end was dialled. */
  listening(acceptor: StreamAcceptor): void {
    this.#acceptor = acceptor;
  }

  send(frame: Uint8Array): void {
    if (this.#isEnding || this.#isClosed) return;
    const { clock, service } = this.#options;
    const bytesMax = FRAME_BYTES_MAX[service];
    if (frame.byteLength > bytesMax) {
      const text = `Refused to send a frame of ${frame.byteLength} bytes; the limit is ${bytesMax}`;
      clock.defer(() => this.#breakOff(text));
      return;
    }
    this.#out.send(frame);
  }

  pause(): void {
    this.#isPaused = true;
  }

  resume(): void {
    if (!this.#isPaused) return;
    this.#isPaused = false;
    if (this.#inbox.length > 0 || this.#farEnd !== undefined) this.#setTurn();
  }

  close(): void {
    if (this.#isEnding || this.#isClosed) return;
    this.#isEnding = true;
    const { clock, closeTimeoutMs } = this.#options;
    if (!this.#out.isOpen && this.#out.bufferedBytes === 0) {
      clock.defer(() => this.abandon({ kind: 'ended', message: 'Closed before it was open' }));
      return;
    }
    this.#closeTimer = clock.setTimer(closeTimeoutMs, () => {
      this.#breakOff(`The other side did not end the stream within ${closeTimeoutMs} ms`);
    });
    this.#out.endWith(ENDED);
  }

  /** At once, and without a word to the other side. Whatever arrived and was not handed in is
   *  lost. */
  closedBy(reason: StreamClosed): void {
    if (this.#isClosed) return;
    this.#leave();
    this.#out.halt();
    this.#closed(reason);
  }

  /** At once; the other side hears of it as soon as anything gets through. */
  abandon(reason: StreamClosed): void {
    this.#out.closeFar(reason);
    this.closedBy(reason);
  }

  /** The process is gone, its system goes on: the other side hears of it after what is on the way,
   *  or before, and then that is lost. */
  vanish(isInOrder: boolean): void {
    if (this.#isClosed) return;
    const { out } = this.#options;
    this.#leave();
    const reason: StreamClosed = { kind: 'broken', message: 'The process there is gone' };
    out.halt(isInOrder ? reason : undefined);
    if (!isInOrder || !out.isOpen) out.closeFar(reason);
  }

  /** Breaks both ways; what this end has sent is still delivered. */
  resetAfterDelivery(reason: StreamClosed): void {
    if (this.#isClosed) return;
    this.#leave();
    this.#out.halt(reason);
    if (!this.#out.isOpen) this.#out.closeFar(reason);
    this.#closed(reason);
  }

  /** Breaks this end's half; what is on the way from it is lost. */
  reset(reason: StreamClosed): void {
    this.#out.drop();
    this.closedBy(reason);
  }

  // What the flows call.

  opened(): void {
    if (this.#isClosed) return;
    if (this.#acceptor === undefined) this.#dialTimer?.cancel();
    else this.#options.clock.enter(this.#accept);
  }

  arrived(frame: Uint8Array): void {
    this.#inbox.push(frame);
    this.#options.clock.enter(this.#takeOne);
  }

  ended(reason: StreamClosed): void {
    if (this.#isClosed) return;
    this.#farEnd = reason;
    this.#options.clock.enter(this.#finish);
  }

  drained(): void {
    this.#options.clock.enter(this.#drained);
  }

  endSent(): void {
    // In a turn of its own: the owner may be in the middle of `close`.
    if (!this.#isClosed && this.#farEnd !== undefined) this.#setTurn();
  }

  gaveUp(): void {
    const { link } = this.#out;
    this.#breakOff(`Nothing got through from ${link.from} to ${link.to} for too long`);
  }

  readonly #accept = (): void => {
    if (this.#isClosed || this.#handlers !== undefined) return;
    try {
      this.#handlers = this.#acceptor?.(this.#options.service, this);
    } catch (thrown) {
      this.#leave();
      this.#out.open();
      this.#out.endWith({ kind: 'refused', message: messageOf(thrown) });
      return;
    }
    this.#out.open();
    this.#takeAll();
  };

  readonly #takeOne = (): void => {
    if (this.#isClosed || this.#isPaused || this.#handlers === undefined) return;
    const frame = this.#inbox.shift();
    if (frame === undefined) return;
    this.#in.taken(frame.byteLength);
    try {
      this.#handlers.frame(frame);
    } catch (thrown) {
      this.#fail(thrown);
    }
    if (this.#farEnd !== undefined) this.#setTurn();
  };

  readonly #drained = (): void => {
    if (this.#isClosed || this.#out.bufferedBytes > 0) return;
    try {
      this.#handlers?.drained?.();
    } catch (thrown) {
      this.#fail(thrown);
    }
  };

  /** Ends this end once the other has ended and everything before that was handed in. */
  readonly #finish = (): void => {
    const farEnd = this.#farEnd;
    if (this.#isClosed || farEnd === undefined || this.#inbox.length > 0) return;
    if (this.#acceptor !== undefined && this.#handlers === undefined) return;
    if (farEnd.kind === 'ended') {
      this.close();
      if (!this.#out.isEndSent) return;
    }
    this.#leave();
    // The end that was sent still has to get there.
    if (farEnd.kind !== 'ended') this.#out.halt();
    this.#closed(farEnd);
  };

  #setTurn(): void {
    if (this.#isTurnSet) return;
    this.#isTurnSet = true;
    this.#options.clock.defer(() => {
      this.#isTurnSet = false;
      this.#takeAll();
    });
  }

  #takeAll(): void {
    while (this.#inbox.length > 0 && !this.#isPaused && !this.#isClosed) this.#takeOne();
    this.#finish();
  }

  #breakOff(message: string): void {
    this.abandon({ kind: 'broken', message });
  }

  #fail(thrown: unknown): void {
    this.#options.failed(thrown);
    if (!this.#isClosed) this.#breakOff('One side failed while it handled a frame');
  }

  #leave(): void {
    this.#isClosed = true;
    this.#inbox = [];
    this.#dialTimer?.cancel();
    this.#closeTimer?.cancel();
    this.#options.left(this);
  }

  /** Tells the owner. */
  #closed(reason: StreamClosed): void {
    this.#options.clock.enter(() => {
      try {
        this.#handlers?.closed(reason);
      } catch (thrown) {
        this.#options.failed(thrown);
      }
      this.#options.released?.();
    });
  }
}

function messageOf(thrown: unknown): string {
  return thrown instanceof Error ? thrown.message : String(thrown);
}
