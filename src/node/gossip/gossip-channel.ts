/** One stream between two nodes that gossip, either side of it: the greeting, then frames.
 *  Invariants: nothing is handed on before the other side has said who it is and was taken; a
 *  frame that cannot be decoded ends the stream; a side that does not take what it is sent costs
 *  a bounded memory, what is beyond it is dropped, which gossip bears.
 *  Not here: what frames mean (gossip.ts), which streams there are (channels.ts). */
import type { DeadlineEntry } from '../../core/deadline-queue.ts';
import type { Deadlines } from '../../core/deadlines.ts';
import { CoterieError } from '../../core/errors.ts';
import type { GossipDigest } from '../../core/membership/member-digest.ts';
import type { Clock } from '../../env/clock.ts';
import type { FrameStream, StreamClosed, StreamHandlers } from '../../env/transport.ts';
import { asCoterieError } from '../../wire/error-codec.ts';
import {
  decodeGossipFrame,
  encodeGossipFrame,
  type GossipContent,
  type GossipFrame,
  type GossipPeer,
} from '../../wire/gossip-codec.ts';

export interface ChannelEnvironment {
  readonly clock: Clock;
  readonly deadlines: Deadlines;
}

export interface ChannelHandlers {
  own(): GossipPeer;
  /** The other side says who it is. Throws a CoterieError when it is not taken. */
  greeted(peer: GossipPeer, channel: GossipChannel): void;
  heard(frame: GossipFrame, peer: GossipPeer, channel: GossipChannel): void;
  /** One side does not take the other; the stream ends with it. */
  refused(error: CoterieError, channel: GossipChannel, by: 'this-node' | 'peer'): void;
  /** Called once. `isOwnWish`: this side ended it. */
  closed(reason: StreamClosed, channel: GossipChannel, isOwnWish: boolean): void;
}

/** What was opened and is not answered. */
export interface OpenExchange {
  readonly number: number;
  readonly digest: GossipDigest;
  /** Monotonic. */
  readonly sentMs: number;
}

const BUFFERED_BYTES_MAX = 512 * 1_024;
/** A way that takes longer than a round has more than one exchange on it. */
const EXCHANGES_MAX = 8;
/** A stream that says nothing is no channel. */
const HELLO_WITHIN_MS = 5_000;

export class GossipChannel {
  /** That was dialled; empty when the other side did. */
  readonly address: string;
  readonly #env: ChannelEnvironment;
  readonly #handlers: ChannelHandlers;
  readonly #helloBy: DeadlineEntry;
  #stream: FrameStream | undefined;
  #peer: GossipPeer | undefined;
  /** By their numbers, the oldest first. */
  readonly #exchanges = new Map<number, OpenExchange>();
  #hasGreeted = false;
  #isClosed = false;
  #usedMs: number;
  #heardMs: number;
  /** When the first frame was sent that nothing has followed since. */
  #unansweredMs: number | undefined;

  constructor(env: ChannelEnvironment, address: string, handlers: ChannelHandlers) {
    this.#env = env;
    this.address = address;
    this.#handlers = handlers;
    this.#usedMs = env.deadlines.nowMs();
    this.#heardMs = this.#usedMs;
    this.#helloBy = env.deadlines.add(this.#usedMs + HELLO_WITHIN_MS, () => {
      this.#end({ kind: 'broken', message: 'The other side did not say who it is' });
    });
  }

  get peer(): GossipPeer | undefined {
    return this.#peer;
  }

  get isClosed(): boolean {
    return this.#isClosed;
  }

  /** Monotonic: when something was last sent here. */
  get usedMs(): number {
    return this.#usedMs;
  }

  /** Monotonic: since when the other side owes an answer; undefined when it does not. */
  get unansweredMs(): number | undefined {
    return this.#unansweredMs;
  }

  /** Monotonic: when a frame last came, or it began. */
  get heardMs(): number {
    return this.#heardMs;
  }

  /** What the transport calls. */
  get streamHandlers(): StreamHandlers {
    return {
      frame: (bytes) => this.#receive(bytes),
      closed: (reason) => {
        this.#stream = undefined;
        this.#end(reason, false);
      },
    };
  }

  /** The stream that `streamHandlers` were handed to. */
  attach(stream: FrameStream): void {
    this.#stream = stream;
    if (this.address !== '') this.#greet();
  }

  open(exchange: OpenExchange, content: GossipContent): void {
    this.#exchanges.set(exchange.number, exchange);
    const [oldest] = this.#exchanges.keys();
    if (this.#exchanges.size > EXCHANGES_MAX && oldest !== undefined) {
      this.#exchanges.delete(oldest);
    }
    this.send(exchange.number, content);
    this.#unansweredMs ??= exchange.sentMs;
  }

  /** The exchange that is answered now: each once. */
  answered(number: number): OpenExchange | undefined {
    const exchange = this.#exchanges.get(number);
    this.#exchanges.delete(number);
    return exchange;
  }

  /** Dropped when the other side takes nothing. `exchange`: u32. */
  send(exchange: number, content: GossipContent): void {
    const stream = this.#stream;
    if (this.#isClosed || stream === undefined) return;
    this.#usedMs = this.#env.deadlines.nowMs();
    if (stream.bufferedBytes > BUFFERED_BYTES_MAX) return;
    stream.send(this.#encode({ exchange, content }));
  }

  close(message = 'This node has no more use for it'): void {
    this.#end({ kind: 'ended', message });
  }

  #greet(): void {
    if (this.#hasGreeted) return;
    this.#hasGreeted = true;
    this.#stream?.send(this.#encode({ exchange: 0, sender: this.#handlers.own() }));
  }

  #encode(frame: Omit<GossipFrame, 'wallMs'>): Uint8Array {
    return encodeGossipFrame({ ...frame, wallMs: this.#env.clock.wallMs() });
  }

  #receive(bytes: Uint8Array): void {
    if (this.#isClosed) return;
    try {
      this.#take(decodeGossipFrame(bytes));
    } catch (thrown) {
      this.#refuse(asCoterieError(thrown));
    }
  }

  #take(frame: GossipFrame): void {
    const { sender, content } = frame;
    this.#unansweredMs = undefined;
    this.#heardMs = this.#env.deadlines.nowMs();
    const isRefused = content?.kind === 'refused';
    if (this.#peer === undefined && !(isRefused && sender === undefined)) {
      if (sender === undefined) {
        throw new CoterieError('MALFORMED_MESSAGE', 'The first frame does not say who sends it');
      }
      this.#env.deadlines.cancel(this.#helloBy);
      this.#handlers.greeted(sender, this);
      this.#peer = sender;
      this.#greet();
    }
    if (this.#isClosed) return;
    if (isRefused) {
      this.#handlers.refused(content.error, this, 'peer');
      this.#end({ kind: 'refused', message: content.error.message });
      return;
    }
    if (this.#peer !== undefined) this.#handlers.heard(frame, this.#peer, this);
  }

  #refuse(error: CoterieError): void {
    const content = { kind: 'refused', error } as const;
    // Also who is not taken is to know by whom: it may be the same one.
    const sender = this.#hasGreeted ? {} : { sender: this.#handlers.own() };
    this.#hasGreeted = true;
    this.#stream?.send(this.#encode({ ...sender, exchange: 0, content }));
    this.#handlers.refused(error, this, 'this-node');
    this.#end({ kind: 'refused', message: error.message });
  }

  #end(reason: StreamClosed, isOwnWish = true): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#env.deadlines.cancel(this.#helloBy);
    const stream = this.#stream;
    this.#stream = undefined;
    stream?.close();
    this.#handlers.closed(reason, this, isOwnWish);
  }
}
