/** The network of a cluster under test: the memory transport, with every stream of every node in
 *  sight, so that a pair can be parted, a way can go dark and a node can die. */
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
import { FrameGate } from './frame-gate.ts';

const NOWHERE = 'nowhere:1';

export class NodeNetwork {
  readonly memory: MemoryNetwork;
  readonly #world: ManualClock;
  readonly #parted = new Set<string>();
  /** What is on its way, by `from>to`. */
  readonly #ways = new Map<string, FrameGate>();
  readonly #ends = new Map<string, NodeTransport>();

  constructor(world: ManualClock, windowBytes?: number) {
    this.#world = world;
    this.memory = new MemoryNetwork({
      clock: world,
      log: silentLog,
      ...(windowBytes === undefined ? {} : { windowBytes }),
    });
  }

  /** For a new process at this address. */
  renew(address: string, halt?: FrameGate): NodeTransport {
    this.#ends.delete(address);
    return this.transportOf(address, halt);
  }

  /** The transport of whoever has this address. */
  transportOf(address: string, halt = new FrameGate()): NodeTransport {
    const known = this.#ends.get(address);
    if (known !== undefined) return known;
    const made = new NodeTransport(this.memory.transport(), {
      halt,
      defer: (callback) => this.#world.defer(callback),
      isParted: (to) => this.isParted(address, to),
      way: (to) => this.#way(address, to),
      wayBack: (to) => this.#way(to, address),
    });
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

  /** Nothing gets from the one to the other, and nobody is told. What a stream that stays has sent
   *  comes when it is light again; a dial into the dark hears nothing at all, either way. */
  darken(from: string, to: string): void {
    this.#way(from, to).hold();
  }

  lighten(from: string, to: string): void {
    this.#way(from, to).release();
  }

  #way(from: string, to: string): FrameGate {
    const name = `${from}>${to}`;
    const gate = this.#ways.get(name) ?? new FrameGate();
    this.#ways.set(name, gate);
    return gate;
  }
}

function pairName(one: string, other: string): string {
  return [one, other].sort().join(' ');
}

interface NodeWays {
  /** Holds while the process is stopped. */
  readonly halt: FrameGate;
  defer(callback: () => void): void;
  isParted(to: string): boolean;
  way(to: string): FrameGate;
  wayBack(to: string): FrameGate;
}

export class NodeTransport implements Transport {
  readonly #inner: Transport;
  readonly #ways: NodeWays;
  readonly #open = new Map<FrameStream, { address: string; service: StreamService }>();
  /** Dials since the start, by address. */
  readonly dials: string[] = [];
  #isDead = false;

  constructor(inner: Transport, ways: NodeWays) {
    this.#inner = inner;
    this.#ways = ways;
  }

  dial(address: string, service: StreamService, handlers: StreamHandlers): FrameStream {
    this.dials.push(address);
    const { halt, way, wayBack } = this.#ways;
    const [there, back] = [way(address), wayBack(address)];
    const guarded: StreamHandlers = {
      frame: (bytes) => halt.pass(() => this.#isDead || handlers.frame(bytes)),
      drained: () => halt.pass(() => this.#isDead || handlers.drained?.()),
      closed: (reason) => halt.pass(() => this.#isDead || handlers.closed(reason)),
    };
    if (there.isHolding || back.isHolding) return this.#dialIntoDark(address, service, guarded);
    const target = this.#isDead || this.#ways.isParted(address) ? NOWHERE : address;
    let isClosed = false;
    const stream = this.#inner.dial(target, service, {
      frame: (bytes) => back.pass(() => isClosed || guarded.frame(bytes)),
      drained: () => guarded.drained?.(),
      closed: (reason) => {
        this.#open.delete(stream);
        back.pass(() => {
          if (!isClosed) guarded.closed(reason);
          isClosed = true;
        });
      },
    });
    this.#open.set(stream, { address, service });
    return {
      remote: stream.remote,
      get bufferedBytes() {
        return stream.bufferedBytes;
      },
      send: (frame) => there.pass(() => stream.send(frame)),
      pause: () => stream.pause(),
      resume: () => stream.resume(),
      close: () => {
        if (!there.isHolding && !back.isHolding) return stream.close();
        // Its other end hears of it when it is light again, or never.
        there.pass(() => stream.close());
        this.#ways.defer(() => {
          if (!isClosed) guarded.closed({ kind: 'ended', message: 'Closed in the dark' });
          isClosed = true;
        });
      },
    };
  }

  #dialIntoDark(address: string, service: StreamService, handlers: StreamHandlers): FrameStream {
    let isClosed = false;
    let bufferedBytes = 0;
    const stream: FrameStream = {
      remote: address,
      get bufferedBytes() {
        return bufferedBytes;
      },
      send: (frame) => {
        bufferedBytes += frame.byteLength;
      },
      pause: () => {},
      resume: () => {},
      close: () => {
        if (isClosed) return;
        isClosed = true;
        this.#open.delete(stream);
        this.#ways.defer(() => handlers.closed({ kind: 'ended', message: 'Never opened' }));
      },
    };
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
