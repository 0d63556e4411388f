/** Is this process still alive, and what happens when it acts although it is not? What runs after a
 *  crash would be a ghost: it could answer, write and send what a dead process cannot, and make the
 *  simulator prove nothing.
 *  Invariants: a dead process has no effect on disk or network; each attempt is counted and throws,
 *  and whoever made the life is told, so that a run ends with it even when the ghost catches what
 *  was thrown.
 *  Not here: how a process is stopped (NodeClock.kill, the network's and the disk's own death). */
import { CoterieError } from '../../core/errors.ts';
import type {
  DiskSpace,
  Store,
  StoreIterator,
  StoreOperation,
  StoreRange,
} from '../../env/store.ts';
import type { FrameStream, StreamHandlers, StreamService, Transport } from '../../env/transport.ts';

export class Life {
  /** As `n1#3`: the third process of n1. */
  readonly name: string;
  readonly #onGhost: (error: CoterieError) => void;
  #isOver = false;
  #ghostCount = 0;

  constructor(name: string, onGhost: (error: CoterieError) => void) {
    this.name = name;
    this.#onGhost = onGhost;
  }

  get isOver(): boolean {
    return this.#isOver;
  }

  /** Attempts to act after the end. */
  get ghostCount(): number {
    return this.#ghostCount;
  }

  end(): void {
    this.#isOver = true;
  }

  /** Errors: ASSERTION_FAILED once the process is dead. */
  act(what: string): void {
    if (!this.#isOver) return;
    this.#ghostCount += 1;
    const message = `${this.name} is dead and did ${what}: nothing of it may run any more`;
    const error = new CoterieError('ASSERTION_FAILED', message);
    this.#onGhost(error);
    throw error;
  }
}

/** The engine of one process. */
export class LivingStore implements Store {
  readonly #store: Store;
  readonly #life: Life;
  readonly #onBatch: (sync: boolean) => void;
  /** Of an engine that can be found damaged. */
  readonly setAside?: (reason: string) => Promise<void>;

  /** `onBatch` is called with every batch that the process hands to the engine. */
  constructor(store: Store, life: Life, onBatch: (sync: boolean) => void = () => {}) {
    this.#store = store;
    this.#life = life;
    this.#onBatch = onBatch;
    if (store.setAside === undefined) return;
    this.setAside = (reason) => {
      this.#life.act('set its files aside');
      return store.setAside?.(reason) ?? Promise.resolve();
    };
  }

  get engine(): string {
    return this.#store.engine;
  }

  open(): Promise<void> {
    this.#life.act('open its store');
    return this.#store.open();
  }

  close(): Promise<void> {
    this.#life.act('close its store');
    return this.#store.close();
  }

  getMany(keys: readonly Uint8Array[]): Promise<(Uint8Array | undefined)[]> {
    this.#life.act('read');
    return this.#store.getMany(keys);
  }

  batch(operations: readonly StoreOperation[], options: { readonly sync: boolean }): Promise<void> {
    this.#life.act('write');
    this.#onBatch(options.sync);
    return this.#store.batch(operations, options);
  }

  iterate(range: StoreRange): StoreIterator {
    this.#life.act('iterate');
    return this.#store.iterate(range);
  }

  diskSpace(): Promise<DiskSpace> {
    this.#life.act('ask for disk space');
    return this.#store.diskSpace();
  }
}

/** The network as one process reaches it. */
export class LivingTransport implements Transport {
  readonly #transport: Transport;
  readonly #life: Life;

  constructor(transport: Transport, life: Life) {
    this.#transport = transport;
    this.#life = life;
  }

  dial(address: string, service: StreamService, handlers: StreamHandlers): FrameStream {
    this.#life.act('dial');
    return new LivingStream(this.#transport.dial(address, service, handlers), this.#life);
  }

  close(): Promise<void> {
    this.#life.act('close its connections');
    return this.#transport.close();
  }
}

/** One side of a connection. */
export class LivingStream implements FrameStream {
  readonly #stream: FrameStream;
  readonly #life: Life;

  constructor(stream: FrameStream, life: Life) {
    this.#stream = stream;
    this.#life = life;
  }

  get remote(): string {
    return this.#stream.remote;
  }

  get bufferedBytes(): number {
    return this.#stream.bufferedBytes;
  }

  send(frame: Uint8Array): void {
    this.#life.act('send');
    this.#stream.send(frame);
  }

  pause(): void {
    this.#life.act('pause a stream');
    this.#stream.pause();
  }

  resume(): void {
    this.#life.act('resume a stream');
    this.#stream.resume();
  }

  close(): void {
    this.#life.act('close a stream');
    this.#stream.close();
  }
}
