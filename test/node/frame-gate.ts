/** Where a test stops the frames of a stream and lets them go: a peer that is silent, slow or
 *  whose answers are lost. */
import type { FrameStream, StreamHandlers } from '../../src/env/transport.ts';

/** Frames in one direction. */
export class FrameGate {
  #held: (() => void)[] | undefined;

  pass(deliver: () => void): void {
    if (this.#held === undefined) deliver();
    else this.#held.push(deliver);
  }

  hold(): void {
    this.#held ??= [];
  }

  /** What was held goes on, in order. */
  release(): void {
    const held = this.#held ?? [];
    this.#held = undefined;
    for (const deliver of held) deliver();
  }

  /** What was held is lost. */
  drop(): void {
    this.#held = undefined;
  }

  get isHolding(): boolean {
    return this.#held !== undefined;
  }

  get heldCount(): number {
    return this.#held?.length ?? 0;
  }
}

export interface GatedStream {
  /** For the side that takes the stream. */
  readonly stream: FrameStream;
  /** Puts the gate before the handlers of that side. */
  wrap(handlers: StreamHandlers): StreamHandlers;
}

/** `incoming` holds frames before they reach the handlers, `outgoing` those that are sent. */
export function gateStream(
  stream: FrameStream,
  incoming: FrameGate,
  outgoing: FrameGate,
): GatedStream {
  let isClosed = false;
  const gated: FrameStream = {
    remote: stream.remote,
    get bufferedBytes() {
      return stream.bufferedBytes;
    },
    send: (frame) => outgoing.pass(() => stream.send(frame)),
    pause: () => stream.pause(),
    resume: () => stream.resume(),
    close: () => stream.close(),
  };
  const wrap = (handlers: StreamHandlers): StreamHandlers => ({
    frame: (bytes) => incoming.pass(() => isClosed || handlers.frame(bytes)),
    closed: (reason) => {
      isClosed = true;
      handlers.closed(reason);
    },
    drained: () => handlers.drained?.(),
  });
  return { stream: gated, wrap };
}
