/** One node of a cluster under test: what it runs on can be counted, held, broken, wiped and
 *  restored. A start after a stop makes a new node on what the disk holds. */
import { crc32 } from 'node:zlib';
import type { CoterieError } from '../../src/core/errors.ts';
import { DEFAULT_DETECTOR_OPTIONS } from '../../src/core/membership/detector-options.ts';
import type { FrameStream, StreamHandlers, StreamService } from '../../src/env/transport.ts';
import { READ_DEFAULTS } from '../../src/node/coordinator/read-options.ts';
import { HANDOFF_DEFAULTS } from '../../src/node/handoff/handoff.ts';
import { Node } from '../../src/node/node.ts';
import type { NodeOptions } from '../../src/node/node-options.ts';
import { EXCHANGE_DEFAULTS } from '../../src/node/repair/exchange-schedule.ts';
import { REBUILD_EXCHANGES_MAX } from '../../src/node/repair/rebuild.ts';
import { SCRUB_DEFAULTS } from '../../src/node/repair/scrub.ts';
import { STORAGE_DEFAULTS } from '../../src/node/storage/storage-options.ts';
import { recordRange } from '../../src/node/storage/table-keys.ts';
import { MemoryDisk } from '../../src/platform/memory/memory-disk.ts';
import { MemoryStore } from '../../src/platform/memory/memory-store.ts';
import { systemClock } from '../../src/platform/system/system-clock.ts';
import type { Hello, LinkRequest } from '../../src/wire/generated/coterie/v1/peer.ts';
import { LinkRequestFrame } from '../../src/wire/generated/coterie/v1/peer.ts';
import type { AdminService, KvService } from '../../src/wire/services.ts';
import type { ManualClock } from '../client/manual-clock.ts';
import { seededRandom } from '../client/scripted-node.ts';
import { CountingStore, type StoreEvent } from '../conformance/counting-store.ts';
import { FrameGate, gateStream } from './frame-gate.ts';
import { NodeClock } from './node-clock.ts';
import type { NodeNetwork } from './node-network.ts';
import { Notes } from './notes.ts';

export interface NodeSpec {
  readonly name: string;
  /** `<name>:7400`. */
  readonly address?: string;
  /** By default the name's own: every node is a zone. */
  readonly zone?: string;
  readonly datacentre?: string;
  readonly options?: Partial<NodeOptions>;
}

export interface RigWorld {
  readonly world: ManualClock;
  readonly network: NodeNetwork;
  run<T>(promise: Promise<T>): Promise<T>;
}

const RECORD_ROW = 0x44;

export class RigNode {
  readonly name: string;
  /** Another one is used from the next start on. */
  address: string;
  /** Frames of links and gossip that others dialled: requests to this node, and its replies. */
  readonly requests = new FrameGate();
  readonly replies = new FrameGate();
  /** What other members asked of this node. */
  readonly received: LinkRequest[] = [];
  /** Greetings of those who dialled this node. */
  readonly hellos: Hello[] = [];
  readonly notes = new Notes();
  /** Of `isServing`, in order. */
  readonly serving: boolean[] = [];
  readonly failures: CoterieError[] = [];
  /** As `up n2`, in order. */
  readonly memberEvents: string[] = [];
  skewMs = 0;
  disk = new MemoryDisk();
  engine!: CountingStore;
  clock!: NodeClock;
  #node: Node | undefined;
  #isRunning = false;
  #isFrozen = false;
  #unlisten = (): void => {};
  readonly #accepted = new Map<FrameStream, StreamService>();
  /** Of earlier runs on this disk. */
  #past: StoreEvent[] = [];
  #starts = 0;
  readonly #rig: RigWorld;
  readonly #spec: NodeSpec;

  constructor(rig: RigWorld, spec: NodeSpec) {
    this.#rig = rig;
    this.#spec = spec;
    this.name = spec.name;
    this.address = spec.address ?? `${spec.name}:7400`;
  }

  get node(): Node {
    if (this.#node === undefined) throw new Error(`${this.name} was not started`);
    return this.#node;
  }

  get kv(): KvService {
    return this.node.kv;
  }

  get admin(): AdminService {
    return this.node.admin;
  }

  get state(): string {
    return this.node.state;
  }

  get isRunning(): boolean {
    return this.#isRunning;
  }

  /** A new node, which listens but is not started. */
  make(): Node {
    const { world, network } = this.#rig;
    const halt = new FrameGate();
    this.clock = new NodeClock(world, halt);
    this.clock.skewMs = this.skewMs;
    this.engine = new CountingStore(new MemoryStore({ clock: this.clock }, { disk: this.disk }));
    this.#starts += 1;
    const node = new Node(
      {
        store: this.engine,
        transport: network.renew(this.address, halt),
        clock: this.clock,
        random: seededRandom(seedOf(this.#spec.address ?? this.name) + this.#starts),
        checksum: (bytes, previous) => crc32(bytes, previous),
        log: this.notes,
        metrics: this.notes,
      },
      nodeOptions(this.#spec),
    );
    this.#node = node;
    node.onServingChange((isServing) => this.serving.push(isServing));
    node.onFailed((error) => this.failures.push(error));
    node.onMemberEvent(({ kind, name }) => this.memberEvents.push(`${kind} ${name}`));
    this.#unlisten = network.memory.listen(this.address, (service, stream) =>
      this.#accept(node, service, stream),
    );
    return node;
  }

  async start(): Promise<void> {
    const node = this.make();
    try {
      await this.#rig.run(node.start(this.address));
    } catch (error) {
      await this.stop();
      throw error;
    }
    this.#isRunning = true;
  }

  /** Cleanly; idempotent. */
  async stop(): Promise<void> {
    if (this.#node === undefined) return;
    if (this.#isFrozen) return this.kill();
    this.#isRunning = false;
    this.engine.releaseBatches();
    this.#unlisten();
    await this.#rig.run(this.#node.stop());
    this.#keepPast();
  }

  /** SIGSTOP: its connections stay, time goes on, and nothing of it runs until `resume`. */
  suspend(): void {
    this.clock.halt.hold();
  }

  /** SIGCONT: all that came and was due meanwhile, in its order. */
  resume(): void {
    this.clock.halt.release();
  }

  /** The process hangs: its connections stay, and nothing moves any more. */
  freeze(): void {
    this.suspend();
    this.#isRunning = false;
    this.#isFrozen = true;
    this.clock.kill();
    this.#rig.network.transportOf(this.address).kill();
  }

  /** As kill -9: nothing is said to anyone and nothing is written any more. */
  async kill(): Promise<void> {
    this.freeze();
    this.#unlisten();
    const { network, world } = this.#rig;
    network.memory.cut(this.address);
    network.transportOf(this.address).breakTo(undefined);
    this.disk.cutPower();
    this.#keepPast();
    this.#node = undefined;
    this.#isFrozen = false;
    await world.settle();
  }

  /** Streams that others opened to this node and that are not over. */
  get acceptedCount(): number {
    return this.#accepted.size;
  }

  acceptedOf(service: StreamService): number {
    return [...this.#accepted.values()].filter((accepted) => accepted === service).length;
  }

  /** Batches written since the start of this run. */
  get batchCount(): number {
    return this.engine.events.filter(({ what }) => what === 'batch-started').length;
  }

  /** Records written since the start of this run, also in batches that are under way. */
  get recordWriteCount(): number {
    let count = 0;
    for (const event of this.engine.events) {
      if (event.what !== 'batch-started') continue;
      count += event.operations.filter(({ key }) => key[0] === RECORD_ROW).length;
    }
    return count;
  }

  /** Names this moment in the life of the disk. */
  bookmark(): number {
    return this.#past.length + this.engine.events.length;
  }

  /** A bad sector under every record, or those of keys that end so: to be called while the node is
   *  down. */
  async damageRecords(suffix = ''): Promise<void> {
    const store = new MemoryStore({ clock: systemClock }, { disk: this.disk });
    await store.open();
    await using rows = store.iterate(recordRange(0, 2 ** 32));
    for (const { key, value } of await rows.next(1_000)) {
      if (!Buffer.from(key).toString('latin1').endsWith(suffix)) continue;
      value[value.length - 1] = ~(value[value.length - 1] ?? 0);
      await store.batch([{ type: 'put', key, value }], { sync: true });
    }
    await store.close();
  }

  /** The disk as it was then: for a restored old copy. To be called while the node is down. */
  restore(bookmark: number): Promise<void> {
    return this.#replay(this.#past.slice(0, bookmark));
  }

  /** As kill, and what was not fsynced is gone. */
  async losePower(): Promise<void> {
    await this.kill();
    const synced = this.#past.findLastIndex((event) => {
      return event.what === 'batch-started' && event.sync;
    });
    await this.restore(synced + 1);
  }

  /** The log has lost one batch, counted from its end (-1). To be called while the node is down. */
  loseBatch(at: number): Promise<void> {
    const batches = this.#past.filter(({ what }) => what === 'batch-started');
    const lost = batches.at(at);
    return this.#replay(this.#past.filter((event) => event !== lost));
  }

  async #replay(events: StoreEvent[]): Promise<void> {
    this.disk = await diskOf(events);
    this.#past = events;
  }

  /** Of all that was written so far: as a copy of the folder, taken while the node runs. */
  copyOfDisk(): Promise<MemoryDisk> {
    return diskOf([...this.#past, ...this.engine.events]);
  }

  wipe(): void {
    this.disk = new MemoryDisk();
    this.#past = [];
  }

  /** What others asked, by kind. */
  receivedOf(kind: 'replicate' | 'read' | 'forward' | 'adopt'): LinkRequest[] {
    return this.received.filter(({ operation }) => operation?.$case === kind);
  }

  #keepPast(): void {
    this.#past.push(...this.engine.events);
    this.engine.events.length = 0;
  }

  /** A process that is stopped takes streams and frames when it goes on. */
  #accept(node: Node, service: StreamService, stream: FrameStream): StreamHandlers {
    this.#accepted.set(stream, service);
    const { halt } = this.clock;
    let handlers: StreamHandlers | undefined;
    halt.pass(() => {
      handlers = this.#take(node, service, stream);
    });
    return {
      frame: (bytes) => halt.pass(() => handlers?.frame(bytes)),
      closed: (reason) => {
        this.#accepted.delete(stream);
        halt.pass(() => handlers?.closed(reason));
      },
      drained: () => halt.pass(() => handlers?.drained?.()),
    };
  }

  #take(node: Node, service: StreamService, stream: FrameStream): StreamHandlers {
    if (service === 'session') return node.accept(service, stream);
    const gated = gateStream(stream, this.requests, this.replies);
    const handlers = node.accept(service, gated.stream);
    if (service === 'gossip') return gated.wrap(handlers);
    const noting: StreamHandlers = {
      ...handlers,
      frame: (bytes) => {
        this.#note(bytes);
        handlers.frame(bytes);
      },
    };
    return gated.wrap(noting);
  }

  #note(bytes: Uint8Array): void {
    try {
      const { hello, requests } = LinkRequestFrame.decode(bytes);
      if (hello !== undefined) this.hellos.push(hello);
      this.received.push(...requests);
    } catch {
      this.notes.debug('undecodable-frame');
    }
  }
}

async function diskOf(events: readonly StoreEvent[]): Promise<MemoryDisk> {
  const disk = new MemoryDisk();
  const store = new MemoryStore({ clock: systemClock }, { disk });
  await store.open();
  for (const event of events) {
    if (event.what === 'batch-started') await store.batch(event.operations, { sync: true });
  }
  await store.close();
  return disk;
}

function nodeOptions(spec: NodeSpec): NodeOptions {
  return {
    name: spec.name,
    zone: spec.zone ?? `zone-${spec.name}`,
    datacentre: spec.datacentre ?? 'dc-1',
    weight: 1,
    version: '1.2.3',
    seeds: [],
    detector: DEFAULT_DETECTOR_OPTIONS,
    timeoutMs: 2_000,
    timeoutMaxMs: 30_000,
    replicaWriteTimeoutMs: 1_000,
    replicaReadTimeoutMs: 500,
    requestsMax: 2_048,
    requestBytesMax: 128 * 1_024 * 1_024,
    peerRequestsMax: 4_096,
    peerBytesMax: 64 * 1_024 * 1_024,
    sessionRequestsMax: 1_024,
    sessionsMax: 1_024,
    requestTableEntriesMax: 200_000,
    handoff: HANDOFF_DEFAULTS,
    exchanges: EXCHANGE_DEFAULTS,
    receiveBytesPerSecondMax: 16 * 1_024 * 1_024,
    rebuildExchangesMax: REBUILD_EXCHANGES_MAX,
    scrub: SCRUB_DEFAULTS,
    // By chance a read would ask more than a test expects; those of looking switch it on.
    reads: { ...READ_DEFAULTS, lookShare: 0 },
    storage: STORAGE_DEFAULTS,
    ...spec.options,
  };
}

/** Every run of every node draws its own numbers, and the same in every run of a test. */
function seedOf(name: string): number {
  let seed = 17;
  for (const letter of name) seed = seed * 31 + letter.charCodeAt(0);
  return seed * 1_000;
}
