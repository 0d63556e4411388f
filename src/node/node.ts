/** One database node: composes the rooms, starts them in order, knows its state, stops cleanly.
 *  Invariants: nothing is served before the store is open and the place in the layout is known; a
 *  failed store stops all acknowledgements for good; `stop` waits for the store and leaves no timer
 *  or stream.
 *  Not here: behaviour of the rooms; sockets, files and processes (platform, embed.ts, cli).
 *  Source: ARCHITECTURE 3, 5.19, 5.24, 5.26. */
import { Deadlines } from '../core/deadlines.ts';
import { CoterieError } from '../core/errors.ts';
import { decodeLayout, layoutHash } from '../core/ring/layout.ts';
import { Ring } from '../core/ring/ring.ts';
import type { ClockReading } from '../core/version/hlc.ts';
import type { RecordCodec } from '../core/version/record-codec.ts';
import { createRecordCodec } from '../core/version/record-codec.ts';
import type { FrameStream, StreamHandlers, StreamService } from '../env/transport.ts';
import { asCoterieError } from '../wire/error-codec.ts';
import type { AdminService, KvService, NodeServices } from '../wire/services.ts';
import type { AdministeredNode, NodeFacts } from './admin/admin.ts';
import { Admin } from './admin/admin.ts';
import { judgeAdoption } from './adoption.ts';
import type { DataState, KnownMember, MemberEvent, Place, Repairs } from './contracts.ts';
import { settleName, startGeneration } from './node-identity.ts';
import type { NodeEnvironment, NodeOptions } from './node-options.ts';
import { NOT_STARTED, refuseStream } from './not-running.ts';
import { makeRooms, type Rooms, type RoomsStart } from './rooms.ts';
import { SessionServer } from './session/session-server.ts';
import { damagedError, damageOf } from './storage/opening.ts';
import { RecordStore } from './storage/record-store.ts';

type Phase = 'created' | 'starting' | 'running' | 'failed' | 'stopping' | 'stopped';

const NO_BYTES = new Uint8Array(0);
const LAYOUT_ROW = 'layout';
/** How long requests at work may take when the node stops. */
const STOP_WAIT_MS = 2_000;
/** Until members have heard of it and the note of it is fsynced. */
const DAMAGE_NOTED_MS = 1_000;
const SESSION_REPLY_BYTES_MAX = 8 * 1024 * 1024;
const SESSION_FRAME_BYTES = 1024 * 1024;

export class Node implements NodeServices {
  readonly #env: NodeEnvironment;
  readonly #options: NodeOptions;
  readonly #deadlines: Deadlines;
  readonly #codec: RecordCodec;
  readonly #store: RecordStore;
  /** Settles when the engine does not come back: who reads from it is not waited for. */
  #stuck = new Promise<void>(() => {});
  readonly #admin: Admin;
  readonly #sessions = new Set<SessionServer>();
  readonly #servingListeners = new Set<(serving: boolean) => void>();
  readonly #failureListeners = new Set<(error: CoterieError) => void>();
  readonly #memberListeners = new Set<(event: MemberEvent) => void>();
  #phase: Phase = 'created';
  #address = '';
  #failure = '';
  #rooms: Rooms | undefined;
  #place: Place | undefined;
  #layoutBytes: Uint8Array = NO_BYTES;
  #adopting: Promise<void> = Promise.resolve();
  #wasServing = false;
  #stopping: Promise<void> | undefined;

  constructor(env: NodeEnvironment, options: NodeOptions) {
    this.#env = env;
    this.#options = options;
    this.#deadlines = new Deadlines(env.clock);
    this.#codec = createRecordCodec(env.checksum);
    this.#store = new RecordStore(
      env,
      { codec: this.#codec, presentTick: () => this.#running().hlc.issue(this.#reading()) },
      options.storage,
    );
    this.#admin = new Admin(this.#administered(), this.#deadlines);
  }

  get name(): string {
    return this.#rooms?.name ?? this.#options.name ?? this.#address;
  }

  get kv(): KvService {
    return this.#rooms?.coordinator ?? NOT_STARTED;
  }

  get admin(): AdminService {
    return this.#admin;
  }

  get state(): string {
    switch (this.#phase) {
      case 'running':
        return this.#dataState();
      case 'failed':
        return 'FAILED';
      case 'stopping':
      case 'stopped':
        return 'STOPPING';
      default:
        return 'STARTING';
    }
  }

  /** `address`: the `host:port` that other members and clients dial, known once the server listens.
   *  Errors: those of the store (STORAGE_IO, VERSION_UNSUPPORTED, CONFLICT); CONFLICT when the
   *  folder is another node's. */
  async start(address: string): Promise<void> {
    if (this.#phase !== 'created') throw new CoterieError('NOT_RUNNING', 'A node starts once');
    this.#phase = 'starting';
    this.#address = address;
    const opening = await this.#store.start();
    this.#store.onFailed((error) => this.#fail(error));
    this.#stuck = new Promise((resolve) => {
      this.#store.onFailed(({ details }) => details['isStuck'] === true && resolve());
    });
    this.#store.onEngineDamage((reason) => this.#damaged(reason));
    const layout = await this.#store.readMeta(LAYOUT_ROW);
    const isMember = layout !== undefined;
    const { name: given } = this.#options;
    const name = await settleName(this.#store, { given, address, isMember });
    const member = await startGeneration(this.#store, this.#env);
    this.#rooms = this.#makeRooms({ name, address, opening, member });
    if (layout !== undefined) await this.#join(layout);
    this.#phase = 'running';
    this.#rooms.gossip.start();
    this.#rooms.disk.start();
    this.#env.log.info('node-started', { state: this.state, run: opening.run });
    this.#announceServing();
  }

  /** Ends sessions and links, commits what is queued and closes the store. Idempotent. */
  stop(): Promise<void> {
    this.#stopping ??= this.#stop();
    return this.#stopping;
  }

  async #stop(): Promise<void> {
    const hadFailed = this.#phase === 'failed';
    this.#phase = 'stopping';
    this.#announceServing();
    // New requests are refused from here on; those at work get their answers first.
    for (const session of this.#sessions) session.leave();
    if (!hadFailed) {
      await this.#rooms?.coordinator.idle(STOP_WAIT_MS);
      // The last answers are on their way from the coordinator to their streams.
      await new Promise<void>((resolve) => this.#env.clock.defer(resolve));
    }
    for (const session of [...this.#sessions]) session.end();
    this.#rooms?.gossip.stop();
    this.#rooms?.disk.stop();
    this.#rooms?.stopRepairs();
    this.#rooms?.links.stop();
    const handedOver = this.#rooms?.handoff.stop();
    await Promise.race([handedOver, this.#stuck]);
    await this.#rooms?.standing.flush();
    await this.#store.stop();
    this.#deadlines.stop();
    this.#phase = 'stopped';
    if (!hadFailed) this.#env.log.info('node-stopped');
  }

  accept(service: StreamService, stream: FrameStream): StreamHandlers {
    const rooms = this.#rooms;
    if (this.#phase !== 'running' || rooms === undefined) return refuseStream(stream);
    if (service === 'link') return rooms.links.accept(stream);
    if (service === 'bulk') return rooms.links.acceptBulk(stream);
    if (service === 'gossip') return rooms.gossip.accept(stream);
    if (this.#sessions.size >= this.#options.sessionsMax) {
      this.#env.log.warn('session-refused', { sessions: this.#sessions.size });
      return refuseStream(stream);
    }
    return this.#acceptSession(rooms, stream);
  }

  isServing(): boolean {
    if (this.#phase !== 'running') return false;
    const state = this.#dataState();
    return state === 'SERVING' || state === 'UNVERIFIED';
  }

  /** Whether the members that can be reached take this node for one of them again; true for a node
   *  that belongs to no cluster. */
  isSettled(): boolean {
    return this.#place === undefined || this.#rooms?.links.isSettled() !== false;
  }

  onServingChange(listener: (serving: boolean) => void): () => void {
    this.#servingListeners.add(listener);
    return () => this.#servingListeners.delete(listener);
  }

  /** Every node that this one has heard of, itself included; empty before it has started. */
  members(): readonly KnownMember[] {
    return this.#rooms?.gossip.list() ?? [];
  }

  /** What makes copies equal in the background; undefined = not started. */
  get repairs(): Repairs | undefined {
    return this.#rooms?.repairs;
  }

  /** Called when this node sees another come up, go down or flap; returns what ends it. */
  onMemberEvent(listener: (event: MemberEvent) => void): () => void {
    this.#memberListeners.add(listener);
    return () => this.#memberListeners.delete(listener);
  }

  /** Called once when this node can serve no more: its store has failed, or another node has its
   *  identity. */
  onFailed(listener: (error: CoterieError) => void): () => void {
    this.#failureListeners.add(listener);
    return () => this.#failureListeners.delete(listener);
  }

  #makeRooms(start: RoomsStart): Rooms {
    return makeRooms(start, {
      env: { ...this.#env, deadlines: this.#deadlines },
      options: this.#options,
      codec: this.#codec,
      store: this.#store,
      view: {
        place: () => this.#place,
        state: () => this.#dataState(),
        reason: () => this.#reason(),
        isRunning: () => this.#phase === 'running',
        mayServe: (partition) => this.#rooms?.standing.mayServe(partition) === true,
        isVerified: (partition) => this.#rooms?.standing.isVerified(partition) === true,
      },
      adopt: (layout) => this.#adopt(layout),
      servingChanged: () => this.#announceServing(),
      told: (event) => this.#tell(event),
      mustStop: (reason) => this.#fail(reason, 'member-stopped'),
    });
  }

  #acceptSession(rooms: Rooms, stream: FrameStream): StreamHandlers {
    const session = new SessionServer(
      { clock: this.#env.clock, deadlines: this.#deadlines },
      stream,
      {
        requests: rooms.coordinator,
        name: rooms.name,
        notes: rooms.notes,
        clusterId: () => this.#place?.ring.layout.clusterId ?? NO_BYTES,
        layout: () => ({ bytes: this.#layoutBytes, hash: this.#place?.ring.hash ?? NO_BYTES }),
      },
      {
        requestsMax: this.#options.sessionRequestsMax,
        replyBytesMax: SESSION_REPLY_BYTES_MAX,
        frameBytes: SESSION_FRAME_BYTES,
      },
      () => {
        this.#sessions.delete(session);
        this.#env.metrics.set('coterie_sessions', {}, this.#sessions.size);
      },
    );
    this.#sessions.add(session);
    this.#env.metrics.set('coterie_sessions', {}, this.#sessions.size);
    return session.streamHandlers;
  }

  /** One at a time: two proposals that arrive together must not both be taken. */
  #adopt(layoutBytes: Uint8Array): Promise<void> {
    const adopted = this.#adopting.then(() => this.#adoptNow(layoutBytes));
    this.#adopting = adopted.catch(() => {});
    return adopted;
  }

  async #adoptNow(layoutBytes: Uint8Array): Promise<void> {
    if (this.#phase !== 'running')
      throw new CoterieError('NOT_RUNNING', 'This node is not running');
    const node = { name: this.name, place: this.#place };
    if (judgeAdoption(layoutBytes, node) === 'known') return;
    await this.#store.writeMeta([{ name: LAYOUT_ROW, value: layoutBytes }]);
    await this.#join(layoutBytes);
    this.#announceServing();
  }

  async #join(layoutBytes: Uint8Array): Promise<void> {
    const rooms = this.#running();
    const layout = decodeLayout(layoutBytes);
    const ring = new Ring(layout, layoutHash(layoutBytes));
    const role = ring.roleByName(rooms.name);
    if (role === undefined) {
      throw new CoterieError('CONFLICT', `The stored layout names no member ${rooms.name}`);
    }
    const { partitions } = layout;
    const { clusterKeyHigh, clusterKeyLow } = ring.secrets;
    await this.#store.usePartitioning({ partitions, clusterKeyHigh, clusterKeyLow });
    const place = { ring, nodeIndex: role.nodeIndex, datacentre: role.datacentre };
    const peers = layout.roles
      .map((other) => other.nodeIndex)
      .filter((nodeIndex) => nodeIndex !== role.nodeIndex);
    this.#layoutBytes = layoutBytes;
    this.#place = place;
    await rooms.standing.start(damageOf(rooms.opening), peers);
    await rooms.handoff.start();
    rooms.links.join(place, layoutBytes);
    rooms.gossip.joined(place);
    rooms.startRepairs();
  }

  #reading(): ClockReading {
    return { wallMs: this.#env.clock.wallMs(), monotonicMs: this.#env.clock.monotonicMs() };
  }

  #running(): Rooms {
    if (this.#rooms !== undefined) return this.#rooms;
    throw new CoterieError('NOT_RUNNING', 'This node is not started');
  }

  #dataState(): DataState {
    if (this.#place === undefined || this.#rooms === undefined) return 'UNINITIALISED';
    return this.#rooms.standing.standing.state;
  }

  /** Compaction over a bad block fails for ever: the next start begins with an empty folder. */
  #damaged(reason: string): void {
    this.#rooms?.standing.reportDamage(reason);
    if (this.#env.store.setAside === undefined) return;
    this.#rooms?.stopRepairs();
    const fail = (): void => this.#fail(damagedError(reason));
    this.#deadlines.add(this.#deadlines.nowMs() + DAMAGE_NOTED_MS, fail);
  }

  #fail(error: CoterieError, event = 'storage-failed'): void {
    if (this.#phase === 'stopping' || this.#phase === 'stopped') return;
    this.#phase = 'failed';
    this.#failure = error.message;
    this.#env.log.error(event, { message: error.message });
    this.#announceServing();
    this.#rooms?.gossip.stop();
    this.#rooms?.disk.stop();
    this.#rooms?.stopRepairs();
    this.#rooms?.links.stop();
    void this.#rooms?.handoff.stop();
    for (const listener of this.#failureListeners) listener(error);
  }

  /** Whoever embeds the node may fail to bear the news; the node goes on. */
  #tell(event: MemberEvent): void {
    for (const listener of [...this.#memberListeners]) {
      try {
        listener(event);
      } catch (thrown) {
        const { message } = asCoterieError(thrown);
        this.#env.log.error('member-listener-failed', { message });
      }
    }
  }

  #announceServing(): void {
    const isServing = this.isServing();
    if (isServing === this.#wasServing) return;
    this.#wasServing = isServing;
    for (const listener of this.#servingListeners) listener(isServing);
  }

  #administered(): AdministeredNode {
    return {
      facts: () => this.#facts(),
      place: () => this.#place,
      layoutBytes: () => this.#layoutBytes,
      storeId: () => this.#running().opening.storeId,
      state: () => this.state,
      reason: () => this.#reason(),
      run: () => this.#rooms?.opening.run ?? 0,
      commitSeq: () => this.#store.commitSeq,
      counts: () => this.#store.counts,
      diskSpace: () => this.#env.store.diskSpace(),
      link: (nodeIndex) => this.#rooms?.links.link(nodeIndex),
      standingOf: (nodeIndex) => this.#rooms?.standing.standingOf(nodeIndex),
      members: () => this.members(),
      wallMs: () => this.#env.clock.wallMs(),
      repairs: () => this.#running().repairs,
      legs: () => this.#running().legs,
      adopt: (layout) => this.#adopt(layout),
    };
  }

  #reason(): string {
    const rooms = this.#rooms;
    if (this.#failure !== '' || rooms === undefined) return this.#failure;
    return this.#place === undefined
      ? rooms.gossip.outsideReason()
      : rooms.standing.standing.reason;
  }

  #facts(): NodeFacts {
    const { zone, datacentre, weight, version } = this.#options;
    const { engine } = this.#env.store;
    return { name: this.name, address: this.#address, zone, datacentre, weight, version, engine };
  }
}
