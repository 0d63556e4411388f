/** The port to the network: ordered, reliable, bidirectional streams of whole frames between two
 *  addresses. The adapters are platform/grpc (real), platform/memory (in process) and the
 *  simulator's. */

export type StreamService = 'link' | 'bulk' | 'session' | 'gossip';

/** Why a stream is over. `refused`: nobody listens there, or the far side would not take it;
 *  nothing was delivered. `broken`: it was open, or its opening timed out; anything sent may or may
 *  not have arrived. */
export interface StreamClosed {
  readonly kind: 'ended' | 'refused' | 'broken';
  readonly message: string;
  /** The machine there said so itself: nobody listens at the address. With `refused` only. */
  readonly isNobodyThere?: boolean;
}

/** What the user of a stream hands to its adapter. No callback is called before the call that
 *  registered it returns, and none after `closed`. */
export interface StreamHandlers {
  frame(bytes: Uint8Array): void;
  /** Called exactly once. */
  closed(reason: StreamClosed): void;
  /** Called when `bufferedBytes` has fallen to zero after `send` had raised it. */
  drained?(): void;
}

export interface FrameStream {
  /** Address of the other side, for logs. */
  readonly remote: string;
  /** Bytes that `send` took and the other side's flow-control window has not yet let through. */
  readonly bufferedBytes: number;
  /** Queues one frame; after the stream is closed it does nothing. The bytes must not be changed
   *  afterwards. */
  send(frame: Uint8Array): void;
  /** Stops handing in frames, so that the sender's window fills, until `resume`. */
  pause(): void;
  resume(): void;
  /** Ends this side once everything sent has gone out; `closed` follows. Idempotent. */
  close(): void;
}

export interface Transport {
  /** Opens a stream; frames may be sent at once and wait until it is open. `host:port`. */
  dial(address: string, service: StreamService, handlers: StreamHandlers): FrameStream;
  /** Closes every stream this transport opened. */
  close(): Promise<void>;
}

/** What a listening side does with a stream that somebody else opened. */
export type StreamAcceptor = (service: StreamService, stream: FrameStream) => StreamHandlers;
