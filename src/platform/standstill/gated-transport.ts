/** The transport of a node that can stand still: it dials, and is dialled, through the gate. */
import type {
  FrameStream,
  StreamAcceptor,
  StreamHandlers,
  StreamService,
  Transport,
} from '../../env/transport.ts';
import { GatedStream, type GatedStreamParts } from './gated-stream.ts';

export class GatedTransport implements Transport {
  readonly #real: Transport;
  readonly #parts: GatedStreamParts;

  constructor(real: Transport, parts: GatedStreamParts) {
    this.#real = real;
    this.#parts = parts;
  }

  dial(address: string, service: StreamService, handlers: StreamHandlers): FrameStream {
    const stream = new GatedStream(this.#parts, address);
    const gated = stream.handlersFor(handlers);
    this.#parts.gate.leave(() => stream.attach(this.#real.dial(address, service, gated)));
    return stream;
  }

  /** Of a node that stands still: once it goes on. */
  close(): Promise<void> {
    const { gate } = this.#parts;
    return new Promise((resolve, reject) => {
      gate.leave(() => {
        this.#real.close().then(() => gate.enter(resolve), reject);
      });
    });
  }
}

/** Streams that are offered while the gate is closed are taken at once: whoever carries them must
 *  hold the offer back (platform/grpc/held-calls.ts). */
export function gatedAcceptor(accept: StreamAcceptor, parts: GatedStreamParts): StreamAcceptor {
  return (service, real) => {
    const stream = new GatedStream(parts, real.remote);
    stream.attach(real);
    return stream.handlersFor(accept(service, stream));
  };
}
