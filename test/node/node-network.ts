/** The network of a cluster under test: the memory transport, with every stream of every node in
 *  sight, so that a pair can be parted and a node can die. */
import type {
  FrameStream,
  StreamHandlers,
  StreamService,
  Transport,
} from '../../src/env/transport.ts';
import { MemoryStream } from '../../src/platform/memory/memory-stream.ts';
import { MemoryNetwork } from '../../src/platform/memory/memory-transport.ts';
import type { ManualClock } from '../client/manual-clock.ts';
import { silentLog } from '../client/scripted-node.ts';

const NOWHERE = 'nowhere:1';

export class NodeNetwork {
  readonly memory: MemoryNetwork;
  readonly #parted = new Set<string>();
  readonly #ends = new Map<string, NodeTransport>();

  constructor(world: ManualClock, windowBytes?: number) {
    this.memory = new MemoryNetwork({
      clock: world,
      log: silentLog,
      ...(windowBytes === undefined ? {} : { windowBytes }),
    });
  }

  /** For a new process at this address. */
  renew(address: string): NodeTransport {
    this.#ends.delete(address);
    return this.transportOf(address);
  }

  /** The transport of whoever has this address. */
  transportOf(address: string): NodeTransport {
    const known = this.#ends.get(address);
    if (known !== undefined) return known;
    const made = new NodeTransport(this.memory.transport(), (to) => this.isParted(address, to));
    this.#ends.set(address, made);
    return made;
  }

  isParted(from: string, to: string): boolean {
    return this.#parted.has(pairName(from, to));
  }

  /** No stream between the two, either way: those that are open break, further dials are refused.
   */
  part(one: string, other: string): void {
    this.#parted.add(pairName(one, other));
    this.transportOf(one).breakTo(other);
    this.transportOf(other).breakTo(one);
  }

  heal(one: string, other: string): void {
    this.#parted.delete(pairName(one, other));
  }
}

function pairName(one: string, other: string): string {
  return [one, other].sort().join(' ');
}

export class NodeTransport implements Transport {
  readonly #inner: Transport;
  readonly #isParted: (to: string) => boolean;
  readonly #open = new Map<FrameStream, { address: string; service: StreamService }>();
  /** Dials since the start, by address. */
  readonly dials: string[] = [];
  #isDead = false;

  constructor(inner: Transport, isParted: (to: string) => boolean) {
    this.#inner = inner;
    this.#isParted = isParted;
  }

  dial(address: string, service: StreamService, handlers: StreamHandlers): FrameStream {
    this.dials.push(address);
    const target = this.#isDead || this.#isParted(address) ? NOWHERE : address;
    const stream = this.#inner.dial(target, service, {
      frame: (bytes) => this.#isDead || handlers.frame(bytes),
      drained: () => this.#isDead || handlers.drained?.(),
      closed: (reason) => {
        this.#open.delete(stream);
        if (!this.#isDead) handlers.closed(reason);
      },
    });
    this.#open.set(stream, { address, service });
    return stream;
  }

  close(): Promise<void> {
    return this.#inner.close();
  }

  /** Streams dialled and not yet over. */
  get openCount(): number {
    return this.#open.size;
  }

  /** Its process hears nothing and dials no one any more; its streams stay. */
  kill(): void {
    this.#isDead = true;
  }

  /** Without a word to the other side, as when a process dies. */
  breakTo(address: string | undefined): void {
    for (const [stream, { address: to }] of [...this.#open]) {
      if (address !== undefined && to !== address) continue;
      if (stream instanceof MemoryStream) stream.break('The connection broke');
    }
  }
}
