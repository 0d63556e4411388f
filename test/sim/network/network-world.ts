/** Processes on a simulated network that only note what they see. */
import type {
  FrameStream,
  StreamClosed,
  StreamHandlers,
  StreamService,
} from '../../../src/env/transport.ts';
import { Kernel } from '../../../src/sim/kernel/kernel.ts';
import { NodeClock } from '../../../src/sim/kernel/node-clock.ts';
import { SimNetwork, type SimNetworkOptions } from '../../../src/sim/network/sim-network.ts';

const US_PER_MS = 1_000;

/** 1 ms each way, without a draw that matters. */
export const STEADY = { delayMinMs: 1, delayMeanMs: 0, tailShare: 0, tailFactor: 1 } as const;

export class NetworkWorld {
  readonly kernel: Kernel;
  readonly network: SimNetwork;

  constructor(options: Partial<SimNetworkOptions> = {}, seed = 1) {
    this.kernel = new Kernel(seed);
    this.network = new SimNetwork(this.kernel, { model: STEADY, ...options });
  }

  get nowMs(): number {
    return this.kernel.nowUs / US_PER_MS;
  }

  /** Lets so much time pass, and everything due within it happen. */
  pass(ms: number): void {
    let isOver = false;
    this.kernel.schedule(ms * US_PER_MS, 'test', () => {
      isOver = true;
    });
    while (!isOver) this.kernel.step();
  }

  process(address: string): Process {
    return new Process(this, address);
  }

  /** `near` has dialled `far`, and the stream is open. */
  joined(from = 'a', to = 'b', service: StreamService = 'link'): Joined {
    const far = this.process(to);
    const near = this.process(from);
    far.listen();
    const end = near.dial(to, service);
    this.pass(5_000);
    const other = far.taken[0];
    if (other === undefined) throw new Error('The stream was not taken');
    return { near, far, end, other };
  }
}

export interface Joined {
  readonly near: Process;
  readonly far: Process;
  /** The end that dialled. */
  readonly end: EndNotes;
  /** The end that was dialled. */
  readonly other: EndNotes;
}

export class Process {
  readonly clock: NodeClock;
  readonly taken: EndNotes[] = [];
  readonly #world: NetworkWorld;
  readonly #address: string;

  constructor(world: NetworkWorld, address: string) {
    this.#world = world;
    this.#address = address;
    this.clock = new NodeClock(world.kernel, address);
  }

  /** `onFrame` sees what arrives on every stream. */
  listen(onFrame: (end: EndNotes, number: number) => void = () => {}): () => void {
    return this.#world.network.listen(this.#address, this.clock, (_service, stream) => {
      const end = new EndNotes(this.#world, onFrame);
      end.stream = stream;
      this.taken.push(end);
      return end;
    });
  }

  dial(to: string, service: StreamService = 'link'): EndNotes {
    const end = new EndNotes(this.#world);
    end.stream = this.#world.network.transport(this.#address, this.clock).dial(to, service, end);
    return end;
  }

  kill(): void {
    this.clock.kill();
    this.#world.network.died(this.#address);
  }
}

/** One end of a stream: frames are numbers. */
export class EndNotes implements StreamHandlers {
  readonly numbers: number[] = [];
  readonly arrivedAtMs: number[] = [];
  readonly ends: StreamClosed[] = [];
  closedAtMs = 0;
  drainedCount = 0;
  stream!: FrameStream;
  readonly #world: NetworkWorld;
  readonly #onFrame: (end: EndNotes, number: number) => void;

  constructor(world: NetworkWorld, onFrame: (end: EndNotes, number: number) => void = () => {}) {
    this.#world = world;
    this.#onFrame = onFrame;
  }

  send(...numbers: number[]): void {
    for (const number of numbers) this.stream.send(numbered(number));
  }

  frame(bytes: Uint8Array): void {
    const number = new DataView(bytes.buffer, bytes.byteOffset).getUint32(0);
    this.numbers.push(number);
    this.arrivedAtMs.push(this.#world.nowMs);
    this.#onFrame(this, number);
  }

  closed(reason: StreamClosed): void {
    this.ends.push(reason);
    this.closedAtMs = this.#world.nowMs;
  }

  drained(): void {
    this.drainedCount += 1;
  }

  get kinds(): string[] {
    return this.ends.map(({ kind }) => kind);
  }
}

function numbered(number: number): Uint8Array {
  const frame = new Uint8Array(8);
  new DataView(frame.buffer).setUint32(0, number);
  return frame;
}
