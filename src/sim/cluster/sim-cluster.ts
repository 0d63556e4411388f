/** A whole cluster in one process: nodes of production on simulated machines, one network between
 *  them, and everything that is wrong with them at present.
 *  Invariants: all that lasts can be ended at once (`heal`); what disks lost and what nodes minted
 *  is noted from the disks, not from what nodes say; nothing here draws when or what breaks.
 *  Not here: clients and workloads (clients, run.ts), carrying out fault steps (faults/nemesis.ts).
 *  Source: design of the test programme, safety phase and liveness phase. */
import { initCluster } from '../../client/init-cluster.ts';
import { CoterieError } from '../../core/errors.ts';
import { DEFAULT_BUCKET } from '../../core/limits.ts';
import type { LatencyProfile } from '../../core/pbs/profile.ts';
import { decodeLayout, layoutHash } from '../../core/ring/layout.ts';
import { Ring } from '../../core/ring/ring.ts';
import { createRecordCodec, type RecordCodec } from '../../core/version/record-codec.ts';
import type { PairStatus } from '../../node/contracts.ts';
import type {
  DamageEvent,
  DiskLoss,
  FaultEvent,
  MemberChange,
  MemberView,
  MintedDot,
  OwedHints,
  Rebuilt,
  ReplicaContents,
  StateChange,
  StoredRecord,
  Watermark,
} from '../history.ts';
import type { Kernel } from '../kernel/kernel.ts';
import { RequestLegs } from '../network/request-legs.ts';
import { SimNetwork } from '../network/sim-network.ts';
import type { RunWorld } from '../result.ts';
import type { Scenario } from '../scenario.ts';
import { viewOf } from './member-views.ts';
import { MintedDots } from './minted-dots.ts';
import type { LogLine } from './node-log.ts';
import { SimNode } from './sim-node.ts';
import { readRow } from './stored-records.ts';

export interface ClusterWorld extends Pick<RunWorld, 'checksum'> {
  /** What requests take between nodes and on disks, for holding predictions against: hedges and
   *  repairs that nobody waits for are then off, since predictions do not know them. */
  readonly profile?: LatencyProfile;
}

export interface ClusterObserver {
  /** Everything that nodes log, as it happens; for the story of a failure. */
  readonly logged?: (line: LogLine) => void;
  /** Every fault event, as it happens. */
  readonly noted?: (event: FaultEvent) => void;
}

const encoder = new TextEncoder();
const US_PER_MS = 1_000;
const POLL_US = 10_000;
/** A process that dies while it is asked does not answer. */
const STATUS_MAX_US = 500_000;
const MEMBER_CHANGES_MAX = 20_000;
/** To form a cluster, and to come back after every fault has ended. */
const SERVING_MAX_MS = 120_000;
const LINKED_MAX_MS = 60_000;
const REBUILT_MAX_MS = 60_000;

/** As the gRPC transport gives up: on a dial, and on a connection that is silent (its keepalive).
 */
const DIAL_TIMEOUT_MS = 2_000;
const KEEPALIVE_MS = 15_000;

export class SimCluster {
  readonly kernel: Kernel;
  readonly scenario: Scenario;
  readonly network: SimNetwork;
  readonly nodes: readonly SimNode[];
  readonly faultEvents: FaultEvent[] = [];
  readonly losses: DiskLoss[] = [];
  readonly damage: DamageEvent[] = [];
  /** What nodes said of themselves, whenever it changed; DOWN when a process ended. */
  readonly states: StateChange[] = [];
  readonly rebuilt: Rebuilt[] = [];
  /** What nodes concluded of each other; the first MEMBER_CHANGES_MAX. */
  readonly memberChanges: MemberChange[] = [];
  readonly #observer: ClusterObserver;
  readonly #codec: RecordCodec;
  readonly #minted: MintedDots;
  readonly #active = new Set<() => void>();
  #ring: Ring | undefined;
  /** By key: which nodes, by index, are its replicas. Checkers ask for each name in each reply. */
  readonly #owners = new Map<string, readonly boolean[]>();

  constructor(
    kernel: Kernel,
    scenario: Scenario,
    world: ClusterWorld,
    observer: ClusterObserver = {},
  ) {
    this.kernel = kernel;
    this.scenario = scenario;
    this.#observer = observer;
    this.#codec = createRecordCodec(world.checksum);
    this.#minted = new MintedDots(this.#codec);
    const { windowBytes } = scenario.limits;
    const { checksum, profile } = world;
    this.network = new SimNetwork(kernel, {
      model: scenario.network,
      dialTimeoutMs: DIAL_TIMEOUT_MS,
      giveUpMs: KEEPALIVE_MS,
      // In production it would be an uncaught exception.
      onHandlerFailure: (_, thrown) => this.bug(thrown),
      ...(windowBytes === undefined ? {} : { windowBytes }),
      ...(profile === undefined ? {} : { legs: new RequestLegs(kernel, profile) }),
    });
    const parts = {
      kernel,
      network: this.network,
      checksum,
      profile,
      limits: scenario.limits,
      logged: (line: LogLine) => observer.logged?.(line),
      entered: (change: StateChange) => this.#entered(change),
      damaged: (event: DamageEvent) => this.#damaged(event),
      rebuilt: (node: SimNode, partition: number) => this.#rebuilt(node.name, partition),
      concluded: (change: MemberChange) => {
        if (this.memberChanges.length < MEMBER_CHANGES_MAX) this.memberChanges.push(change);
      },
      noted: (kind: string, text: string, nodes: readonly string[]) => this.note(kind, text, nodes),
      bug: (error: unknown) => this.bug(error),
    };
    this.nodes = Array.from({ length: scenario.nodes }, (_, index) => {
      const node = new SimNode(parts, index, scenario.clocks[index] ?? NO_CLOCK_FAULT);
      node.disk.onBatch((operations, atUs) => {
        const nodeIndex = this.#ring?.roleByName(node.name)?.nodeIndex;
        if (nodeIndex !== undefined) this.#minted.note(node.name, nodeIndex, operations, atUs);
      });
      return node;
    });
  }

  /** Starts every node, makes them one cluster and waits until each serves. Errors: those of
   *  `cluster init`; NOT_RUNNING when it does not come about within 120 virtual seconds. */
  async start(): Promise<void> {
    const { replicas, partitions } = this.scenario;
    await Promise.all(this.nodes.map((node) => node.start()));
    const targets = this.nodes.map(({ node, address, name }) => {
      if (node === undefined) throw new CoterieError('NOT_RUNNING', `${name} did not start`);
      return { target: address, admin: node.admin };
    });
    const addresses = this.nodes.map(({ address }) => address);
    const plan = await initCluster({ nodes: addresses, replicas, partitions }, targets);
    this.#ring = new Ring(decodeLayout(plan.encoded), layoutHash(plan.encoded));
    const isServing = await this.until(() => this.#allAre('SERVING'), SERVING_MAX_MS);
    const isLinked = isServing && (await this.until(() => this.#isLinked(), LINKED_MAX_MS));
    if (isLinked) return;
    const states = this.nodes.map((node) => node.describe()).join('; ');
    throw new CoterieError('NOT_RUNNING', `The simulated cluster did not form: ${states}`);
  }

  /** Errors: NOT_INITIALISED before `start`. */
  get ring(): Ring {
    if (this.#ring !== undefined) return this.#ring;
    throw new CoterieError('NOT_INITIALISED', 'The simulated cluster has not been started');
  }

  /** Errors: INVALID_ARGUMENT for no such node. */
  node(index: number): SimNode {
    const node = this.nodes[index];
    if (node !== undefined) return node;
    throw new CoterieError('INVALID_ARGUMENT', `There is no node ${index}`);
  }

  /** Of a node by its index, of a client by its number after the nodes. */
  addressOf(index: number): string {
    return this.nodes[index]?.address ?? `client-${index - this.nodes.length}`;
  }

  /** Whether the node of this index is a replica of the key, in the default bucket. */
  owns(index: number, key: string): boolean {
    const { ring, nodes } = this;
    let owners = this.#owners.get(key);
    if (owners === undefined) {
      const { partition } = ring.partitionOfKey(DEFAULT_BUCKET, encoder.encode(key));
      const replicas = ring.replicasOf(partition);
      owners = nodes.map(({ name }) => replicas.includes(ring.roleByName(name)?.nodeIndex ?? -1));
      this.#owners.set(key, owners);
    }
    return owners[index] === true;
  }

  /** Something is wrong from now on: `end` is called after `forMs`, or when the cluster is
   *  healed. */
  endLater(forMs: number, end: () => void): void {
    const event = this.kernel.schedule(forMs * US_PER_MS, 'fault', () => {
      if (this.#active.delete(ending)) end();
    });
    const ending = (): void => {
      event.cancel();
      end();
    };
    this.#active.add(ending);
  }

  /** `end` is called when the cluster is healed. */
  endAtHealing(end: () => void): void {
    this.#active.add(end);
  }

  /** `nodes`: names of those that it struck; `sides`: of a partition. */
  note(
    kind: string,
    text: string,
    nodes: readonly string[],
    sides?: NonNullable<FaultEvent['sides']>,
  ): void {
    const event = { atUs: this.kernel.nowUs, kind, text, nodes, ...(sides && { sides }) };
    this.faultEvents.push(event);
    this.#observer.noted?.(event);
  }

  /** Ends the run: whoever drives the kernel is thrown the error. */
  bug(error: unknown): void {
    this.kernel.schedule(0, 'bug', () => {
      throw error;
    });
  }

  /** Ends every fault, starts every node that is down and waits until each serves, what lost data
   *  after a rebuild, and all are linked. */
  async heal(): Promise<void> {
    const active = [...this.#active];
    this.#active.clear();
    for (const end of active) end();
    await Promise.all(this.nodes.map((node) => node.start()));
    await this.until(() => this.#allAre('SERVING', 'RECOVERING'), SERVING_MAX_MS);
    await this.until(() => this.#isLinked(), LINKED_MAX_MS);
    await this.until(() => this.#allAre('SERVING'), REBUILT_MAX_MS);
  }

  /** Stops every node cleanly. */
  async stop(): Promise<void> {
    await Promise.all(this.nodes.map((node) => node.stop()));
    this.network.stop();
  }

  /** Waits as long as it takes for the condition to hold, at most so long; says whether it does. */
  async until(condition: () => boolean, withinMs: number): Promise<boolean> {
    const endUs = this.kernel.nowUs + withinMs * US_PER_MS;
    while (!condition()) {
      if (this.kernel.nowUs >= endUs) return false;
      await this.kernel.after(POLL_US, 'cluster');
    }
    return true;
  }

  /** What every disk holds now. */
  contents(): ReplicaContents[] {
    return this.nodes.map((node) => this.#contentsOf(node));
  }

  /** Has every node compare its copies with its peers', first of all. */
  hurryExchanges(): void {
    for (const { node } of this.nodes) node?.repairs?.hurry(undefined);
  }

  /** Of all nodes that serve, whom they begin exchanges with. */
  get pairs(): PairStatus[] {
    const serving = this.nodes.filter(({ state }) => state === 'SERVING');
    return serving.flatMap(({ node }) => [...(node?.repairs?.pairs() ?? [])]);
  }

  /** What every node that runs thinks of every member now. */
  async memberViews(): Promise<MemberView[]> {
    const views = this.nodes.map((node) => {
      const late = this.kernel.after(STATUS_MAX_US, 'cluster').then(() => []);
      return Promise.race([viewOf(node), late]);
    });
    return (await Promise.all(views)).flat();
  }

  /** What nodes that serve owe to nodes that serve now. */
  get owed(): OwedHints[] {
    const serving = this.nodes.filter(({ state }) => state === 'SERVING');
    return serving.flatMap(({ name, node }) =>
      (node?.repairs?.hints() ?? []).flatMap(({ target, count }) => {
        const owner = serving.find(({ index }) => index === target);
        return owner === undefined ? [] : [{ node: name, target: owner.name, count }];
      }),
    );
  }

  get minted(): readonly MintedDot[] {
    return this.#minted.all;
  }

  get watermarks(): Watermark[] {
    return this.nodes.flatMap(({ meter }) => meter.watermarks);
  }

  /** Attempts of dead processes to act; anything but 0 has ended the run. */
  get ghostCount(): number {
    return this.nodes.reduce((sum, node) => sum + node.ghostCount, 0);
  }

  /** Rare paths, and how often nodes, disks and network came by. */
  get sometimes(): Record<string, number> {
    const counts: Record<string, number> = { dot_collisions: 0 };
    const add = (name: string, count: number): void => {
      counts[name] = (counts[name] ?? 0) + count;
    };
    for (const { meter, disk, processCount } of this.nodes) {
      for (const [name, count] of meter.counters) add(name, count);
      add('process starts', processCount);
      add('unreadable keys at the end', meter.unreadableKeys);
      add('disk torn batches', disk.counters.tornBatches);
      add('disk lost batches', disk.counters.lostBatches);
      add('disk failed reads', disk.counters.failedReads);
      add('disk bad reads', disk.counters.badReads);
      add('disk set aside', disk.counters.setAside);
    }
    add('network retransmissions', this.network.counters.retransmissions);
    add('network resets', this.network.counters.resets);
    add('network replays', this.network.counters.replays);
    return counts;
  }

  #allAre(...states: readonly string[]): boolean {
    return this.nodes.every((node) => states.includes(node.state));
  }

  #isLinked(): boolean {
    return this.nodes.every((node) =>
      this.nodes.every((other) => other === node || node.meter.linked.has(other.name)),
    );
  }

  #contentsOf(node: SimNode): ReplicaContents {
    const records = new Map<string, StoredRecord>();
    for (const entry of node.disk.records()) {
      const row = readRow(this.#codec, entry);
      if (row !== undefined && this.owns(node.index, row.key)) records.set(row.key, row.stored);
    }
    const owns = (key: string): boolean => this.owns(node.index, key);
    return { node: node.name, state: node.state, records, owns };
  }

  #rebuilt(node: string, partition: number): void {
    const has = (key: string): boolean =>
      this.ring.partitionOfKey(DEFAULT_BUCKET, encoder.encode(key)).partition === partition;
    this.rebuilt.push({ atUs: this.kernel.nowUs, node, has });
  }

  #damaged(event: DamageEvent): void {
    const { atUs, node, kind } = event;
    this.damage.push(event);
    if (kind !== 'set-aside') return;
    this.losses.push({ node, kind, atUs, intactUntilUs: 0 });
    this.note(kind, `${node} sets its files aside and begins with none`, [node]);
  }

  #entered(change: StateChange): void {
    const last = this.states.findLast(({ node }) => node === change.node);
    if (last?.state !== change.state) this.states.push(change);
  }
}

const NO_CLOCK_FAULT = { offsetMs: 0, driftPpm: 0 };
