/** The Transport port of one process on the simulated network: the streams it dialled.
 *  Invariant: `close` settles once each of them is over, at the latest after the close timeout.
 *  Not here: what dialling does (sim-network.ts), streams that others opened. */
import type { FrameStream, StreamHandlers, StreamService, Transport } from '../../env/transport.ts';
import type { NodeClock } from '../kernel/node-clock.ts';
import type { SimStream } from './sim-stream.ts';

export type Dial = (
  address: string,
  service: StreamService,
  handlers: StreamHandlers,
  released: () => void,
) => SimStream;

export class SimTransport implements Transport {
  readonly #clock: NodeClock;
  readonly #dial: Dial;
  readonly #streams = new Set<SimStream>();
  #closing: Promise<void> | undefined;
  #emptied: (() => void) | undefined;

  constructor(clock: NodeClock, dial: Dial) {
    this.#clock = clock;
    this.#dial = dial;
  }

  dial(address: string, service: StreamService, handlers: StreamHandlers): FrameStream {
    const stream = this.#dial(address, service, handlers, () => {
      this.#streams.delete(stream);
      if (this.#streams.size === 0) this.#emptied?.();
    });
    this.#streams.add(stream);
    if (this.#closing !== undefined) {
      this.#clock.defer(() => {
        stream.abandon({ kind: 'refused', message: 'The transport is closed' });
      });
    }
    return stream;
  }

  close(): Promise<void> {
    this.#closing ??= new Promise((resolve) => {
      this.#emptied = resolve;
      for (const stream of this.#streams) stream.close();
      if (this.#streams.size === 0) resolve();
    });
    return this.#closing;
  }
}
