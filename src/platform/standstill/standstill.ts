/** Makes one node of this process stand still and go on, as SIGSTOP and SIGCONT do a process: from
 *  outside, it keeps its connections and answers nothing. Its clock goes on, so that it notices the
 *  pause. Made for the faults of benchmarks: a node is given these ports in place of the real ones
 *  when it is started; one that is started without knows nothing of all this.
 *
 *  Not as with a process: what its storage has been asked goes on (its results get no further); the
 *  connections stay alive, as HTTP/2 answers pings for it, where those of a process are given up
 *  after 15 s by the other side. */
import type { Clock } from '../../env/clock.ts';
import type { Log } from '../../env/log.ts';
import type { Transport } from '../../env/transport.ts';
import type { NodeServices } from '../../wire/services.ts';
import { Gate } from './gate.ts';
import { GatedClock } from './gated-clock.ts';
import { GatedTransport, gatedAcceptor } from './gated-transport.ts';

export class Standstill {
  readonly clock: Clock;
  readonly #gate: Gate;

  /** `clock`: the real one. */
  constructor(clock: Clock) {
    this.#gate = new Gate(clock);
    this.clock = new GatedClock(clock, this.#gate);
  }

  get isStill(): boolean {
    return this.#gate.isClosed;
  }

  /** Idempotent, as is `goOn`. */
  stop(): void {
    this.#gate.close();
  }

  goOn(): void {
    this.#gate.open();
  }

  /** For calls to the node and its answers: they go through now, or once it goes on. */
  enter(callback: () => void): void {
    this.#gate.enter(callback);
  }

  leave(callback: () => void): void {
    this.#gate.leave(callback);
  }

  transport(real: Transport, log: Log): Transport {
    return new GatedTransport(real, { gate: this.#gate, log });
  }

  /** What is to be offered in place of `node`. Unary calls are held back where they come in. */
  services(node: NodeServices, log: Log): NodeServices {
    return {
      // The node puts its own there when it has started.
      get kv() {
        return node.kv;
      },
      admin: node.admin,
      accept: gatedAcceptor((service, stream) => node.accept(service, stream), {
        gate: this.#gate,
        log,
      }),
      isServing: () => node.isServing(),
      onServingChange: (listener) => node.onServingChange(listener),
    };
  }
}
