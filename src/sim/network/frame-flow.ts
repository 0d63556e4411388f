/** How do frames get from one end of a stream to the other? One direction of one stream: flow
 *  control, order, and trying again while nothing gets through.
 *  Frames sent at the same time travel together as one flight, which is one event when it arrives.
 *  Arrival events carry nothing: each takes the oldest flight, so that no draw changes the order.
 *  Invariants: frames arrive once, in order; frames on the way and not yet taken in are at most
 *  `windowBytes`, or one larger frame; while stalled (a flight or its acknowledgement was lost)
 *  nothing new starts; after `giveUpMs` stalled the sender is told and the flow is over.
 *  Not here: what the ends do with frames (sim-stream.ts), what the way does to them
 *  (network-link.ts). */
import type { StreamClosed } from '../../env/transport.ts';
import { type NetworkLink, type NetworkState, retryDelayUs } from './network-link.ts';

export interface FlowSender {
  /** `bufferedBytes` has fallen to zero. */
  drained(): void;
  /** The end of the flow is on its way. */
  endSent(): void;
  /** Nothing got through for so long that the flow is over. */
  gaveUp(): void;
}

export interface FlowReceiver {
  readonly isClosed: boolean;
  /** Before anything else arrives. */
  opened(): void;
  arrived(frame: Uint8Array): void;
  /** After everything else has arrived. */
  ended(reason: StreamClosed): void;
  /** Out of order: whatever is still on the way will be dropped. */
  closedBy(reason: StreamClosed): void;
}

export interface FlowOptions {
  readonly windowBytes: number;
  readonly giveUpMs: number;
  /** Is shown each frame when it starts on its way. */
  readonly onStart?: ((frame: Uint8Array) => void) | undefined;
  readonly onDelivery?: ((frame: Uint8Array) => void) | undefined;
  /** What this frame takes on its way, when it is not for the link to say. */
  readonly delayUsOf?: ((frame: Uint8Array) => number | undefined) | undefined;
}

interface Flight {
  readonly isOpening: boolean;
  readonly frames: Uint8Array[];
  end: StreamClosed | undefined;
}

const NOBODY: FlowSender & FlowReceiver = {
  isClosed: true,
  drained: () => {},
  endSent: () => {},
  gaveUp: () => {},
  opened: () => {},
  arrived: () => {},
  ended: () => {},
  closedBy: () => {},
};

const US_PER_MS = 1_000;

export class FrameFlow {
  readonly #state: NetworkState;
  readonly #link: NetworkLink;
  /** The way of acknowledgements. */
  readonly #back: NetworkLink;
  readonly #options: FlowOptions;
  #sender: FlowSender = NOBODY;
  #receiver: FlowReceiver = NOBODY;
  #isOpen = false;
  #isOver = false;
  /** Nothing more is sent; what is on the way goes on. */
  #isHalted = false;

  /** What the window has no room for, or what waits until the flow is open. */
  #outbox: Uint8Array[] = [];
  #outboxBytes = 0;
  #end: StreamClosed | undefined;
  #isEndSent = false;

  /** On the way and not yet taken in. */
  #windowUsedBytes = 0;
  /** Taken in, and not yet known to the sender. */
  #creditBytes = 0;
  #isCreditOnTheWay = false;

  /** Started, the oldest first; the first `#lostCount` of them wait for the next try. */
  #flights: Flight[] = [];
  #lostCount = 0;
  #lastArrivalUs = 0;
  /** The newest flight, and when it started: what is sent at that time joins it. */
  #newest: Flight | undefined;
  #newestUs = 0;

  #stalledAtUs: number | undefined;
  #attempt = 0;
  /** What was sent while stalled and fits the window. */
  #parked: Flight | undefined;

  constructor(state: NetworkState, link: NetworkLink, back: NetworkLink, options: FlowOptions) {
    this.#state = state;
    this.#link = link;
    this.#back = back;
    this.#options = options;
  }

  get link(): NetworkLink {
    return this.#link;
  }

  /** Bytes waiting for the window, or for the opening. */
  get bufferedBytes(): number {
    return this.#outboxBytes;
  }

  get isOpen(): boolean {
    return this.#isOpen;
  }

  get isEndSent(): boolean {
    return this.#isEndSent;
  }

  sendFor(sender: FlowSender): void {
    this.#sender = sender;
  }

  deliverTo(receiver: FlowReceiver): void {
    this.#receiver = receiver;
  }

  /** What was sent so far starts. */
  open(): void {
    if (this.#isOpen || this.#isHalted || this.#isOver) return;
    this.#isOpen = true;
    this.#start({ isOpening: true, frames: [], end: undefined });
    this.#pump();
  }

  send(frame: Uint8Array): void {
    if (this.#isHalted || this.#isOver || this.#end !== undefined) return;
    if (this.#isOpen && this.#outbox.length === 0 && this.#fits(frame)) {
      this.#startFrame(frame);
      return;
    }
    this.#outbox.push(frame);
    this.#outboxBytes += frame.byteLength;
  }

  /** The last thing to arrive, after everything that was sent. */
  endWith(reason: StreamClosed): void {
    if (this.#isHalted || this.#isOver) return;
    this.#end ??= reason;
    this.#pump();
  }

  /** The receiver took a frame of so many bytes. */
  taken(bytes: number): void {
    if (this.#outbox.length === 0 && this.#creditBytes === 0) {
      // Nobody waits for it, so that the sender may as well know at once.
      this.#windowUsedBytes -= bytes;
      return;
    }
    this.#creditBytes += bytes;
    if (this.#isCreditOnTheWay) return;
    this.#isCreditOnTheWay = true;
    this.#state.kernel.schedule(this.#back.drawDelayUs(), this.#back.label, this.#credited);
  }

  /** What has not started never will; `last`, when given, follows what has. */
  halt(last?: StreamClosed): void {
    this.#outbox = [];
    this.#outboxBytes = 0;
    if (last !== undefined && this.#isOpen) {
      this.#end = last;
      this.#isEndSent = false;
      this.#pump();
    }
    this.#isHalted = true;
  }

  /** What is on the way is gone as well. */
  drop(): void {
    this.halt();
    this.#isOver = true;
    this.#flights = [];
    this.#lostCount = 0;
    this.#newest = undefined;
    this.#parked = undefined;
  }

  /** Tells the receiver as soon as anything gets through, out of order. */
  closeFar(reason: StreamClosed): void {
    const receiver = this.#receiver;
    this.#link.post({
      isStale: () => receiver.isClosed,
      arrive: () => receiver.closedBy(reason),
    });
  }

  #fits(frame: Uint8Array): boolean {
    const used = this.#windowUsedBytes;
    return used === 0 || used + frame.byteLength <= this.#options.windowBytes;
  }

  #pump(): void {
    if (!this.#isOpen || this.#isHalted || this.#isOver) return;
    const hadBuffered = this.#outboxBytes > 0;
    for (let frame = this.#outbox[0]; frame !== undefined; frame = this.#outbox[0]) {
      if (!this.#fits(frame)) break;
      this.#outbox.shift();
      this.#outboxBytes -= frame.byteLength;
      this.#startFrame(frame);
    }
    if (hadBuffered && this.#outboxBytes === 0) this.#sender.drained();
    if (this.#end === undefined || this.#isEndSent || this.#outbox.length > 0) return;
    this.#isEndSent = true;
    this.#flightOfNow().end = this.#end;
    this.#sender.endSent();
  }

  #startFrame(frame: Uint8Array): void {
    this.#windowUsedBytes += frame.byteLength;
    this.#options.onStart?.(frame);
    this.#flightOfNow(frame).frames.push(frame);
  }

  /** The flight that leaves at this time, new or begun. */
  #flightOfNow(first?: Uint8Array): Flight {
    if (this.#stalledAtUs !== undefined && this.#parked !== undefined) return this.#parked;
    if (this.#newest !== undefined && this.#newestUs === this.#state.kernel.nowUs) {
      return this.#newest;
    }
    const flight: Flight = { isOpening: false, frames: [], end: undefined };
    this.#start(flight, first && this.#options.delayUsOf?.(first));
    return flight;
  }

  #start(flight: Flight, ownUs?: number): void {
    if (this.#stalledAtUs === undefined && this.#link.isCut) this.#stall();
    if (this.#stalledAtUs !== undefined) {
      this.#parked = flight;
      return;
    }
    const { kernel } = this.#state;
    const delayUs = ownUs ?? this.#link.drawDelayUs();
    const arrivalUs = Math.max(this.#lastArrivalUs, kernel.nowUs + delayUs);
    this.#lastArrivalUs = arrivalUs;
    this.#flights.push(flight);
    this.#newest = flight;
    this.#newestUs = kernel.nowUs;
    kernel.schedule(arrivalUs - kernel.nowUs, this.#link.label, this.#arrive);
  }

  readonly #arrive = (): void => {
    if (this.#link.holds(this.#arrive) || this.#isOver) return;
    if (this.#lostCount > 0 || this.#link.isCut) {
      if (this.#flights[this.#lostCount] === this.#newest) this.#newest = undefined;
      this.#lostCount += 1;
      this.#stall();
      return;
    }
    this.#deliverOldest();
    if (this.#back.isCut) this.#stall();
  };

  #deliverOldest(): void {
    const flight = this.#flights.shift();
    if (flight === undefined) return;
    if (flight === this.#newest) this.#newest = undefined;
    const { kernel, counters } = this.#state;
    const receiver = this.#receiver;
    if (flight.isOpening) receiver.opened();
    for (const frame of flight.frames) {
      if (receiver.isClosed) return;
      // The event's source has noted the addresses.
      kernel.trace.bytes(frame);
      counters.frames += 1;
      counters.bytes += frame.byteLength;
      this.#options.onDelivery?.(frame);
      receiver.arrived(frame);
    }
    if (flight.end !== undefined) receiver.ended(flight.end);
  }

  #stall(): void {
    if (this.#stalledAtUs !== undefined || this.#isOver) return;
    this.#stalledAtUs = this.#state.kernel.nowUs;
    this.#attempt = 0;
    this.#retryLater(this.#stalledAtUs);
  }

  #retryLater(stalledAtUs: number): void {
    const { kernel, counters } = this.#state;
    counters.retransmissions += 1;
    const giveUpAtUs = stalledAtUs + this.#options.giveUpMs * US_PER_MS;
    const delayUs = Math.min(retryDelayUs(this.#attempt), giveUpAtUs - kernel.nowUs);
    this.#attempt += 1;
    kernel.schedule(delayUs, this.#link.label, this.#retry);
  }

  readonly #retry = (): void => {
    const stalledAtUs = this.#stalledAtUs;
    if (this.#isOver || this.#state.isStopped || stalledAtUs === undefined) return;
    const { kernel } = this.#state;
    // Who broke a stream tries nothing again; the far side hears of the break itself.
    if (this.#isHalted && !this.#isEndSent) this.drop();
    else if (kernel.nowUs - stalledAtUs >= this.#options.giveUpMs * US_PER_MS) {
      this.drop();
      this.#sender.gaveUp();
    } else if (this.#link.isCut) {
      this.#retryLater(stalledAtUs);
    } else {
      kernel.schedule(this.#link.drawDelayUs(), this.#link.label, this.#arriveAgain);
    }
  };

  readonly #arriveAgain = (): void => {
    const stalledAtUs = this.#stalledAtUs;
    if (this.#link.holds(this.#arriveAgain) || this.#isOver || stalledAtUs === undefined) return;
    if (this.#link.isCut) {
      this.#retryLater(stalledAtUs);
      return;
    }
    for (; this.#lostCount > 0; this.#lostCount -= 1) this.#deliverOldest();
    if (this.#isOver) return;
    if (this.#back.isCut) {
      this.#retryLater(stalledAtUs);
      return;
    }
    this.#stalledAtUs = undefined;
    const parked = this.#parked;
    this.#parked = undefined;
    if (parked !== undefined) this.#start(parked);
    this.#applyCredit();
  };

  readonly #credited = (): void => {
    if (this.#back.holds(this.#credited)) return;
    this.#isCreditOnTheWay = false;
    if (this.#isOver) return;
    if (this.#back.isCut) this.#stall();
    else this.#applyCredit();
  };

  #applyCredit(): void {
    this.#windowUsedBytes -= this.#creditBytes;
    this.#creditBytes = 0;
    this.#pump();
  }
}
