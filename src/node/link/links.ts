/** All links of a node: one it dials to every other member, and those that other members dialled to
 *  it.
 *  Invariants: data flows only over greeted links of this cluster; what a peer showed is durable
 *  here before its answers count; of two live stores with one name the later is refused; a member
 *  that is still fresh gets the layout.
 *  Not here: one link's stream (outbound-link.ts, inbound-link.ts), the lanes beside them
 *  (bulk-lanes.ts), what requests do (the server handed in).
 *  Source: ARCHITECTURE 5.19, 5.24. */
import { bytesEqual, bytesToHex } from '../../core/bytes.ts';
import { CoterieError } from '../../core/errors.ts';
import { isGone, type MemberState } from '../../core/membership/member-watch.ts';
import type { OpenedStore, Remembered } from '../../core/membership/standing.ts';
import type { FrameStream, StreamHandlers } from '../../env/transport.ts';
import { asCoterieError, errorToWire } from '../../wire/error-codec.ts';
import type { Hello } from '../../wire/generated/coterie/v1/peer.ts';
import type {
  Members,
  PeerCall,
  PeerOperation,
  PeerSigns,
  Peers,
  Place,
  Reach,
} from '../contracts.ts';
import { BulkLanes, type LaneLinks } from './bulk-lanes.ts';
import type { Speaker } from './handshake.ts';
import { checkHello, isFresh, makeHello, openedOf, rememberedOf } from './handshake.ts';
import { InboundLink } from './inbound-link.ts';
import { Introductions } from './introductions.ts';
import type { LinkServer, LinksEnvironment } from './link-parts.ts';
import type { LinkPhase } from './outbound-link.ts';
import { OutboundLink } from './outbound-link.ts';
import { unreachable } from './pending-calls.ts';
import { earlierElsewhere, type Greeted, hasTwin, namesake, newestRunOf, runOf } from './twins.ts';

/** What the handshakes report to and ask of the node's standing. */
export interface PeerMemory {
  remembered(nodeIndex: number): Remembered | undefined;
  peerGreeted(nodeIndex: number, shown: OpenedStore, answer: Remembered | undefined): Promise<void>;
  peerReach(nodeIndex: number, isDown: boolean): void;
  peerCommitted(nodeIndex: number, runId: string, commitSeq: number): void;
  isTrusted(nodeIndex: number): boolean;
}

export interface LinksOptions {
  /** Requests in flight to one peer, and bytes of them. */
  readonly peerRequestsMax: number;
  readonly peerBytesMax: number;
}

export interface LinkDescription {
  readonly phase: LinkPhase;
  readonly detail: string;
  readonly inFlight: number;
}

const FRAME_BYTES = 1024 * 1024;
/** Links that others opened; a member has one, or two while it redials. */
const INBOUND_MAX = 1_024;
const HANDSHAKE_TIMEOUT_MS = 2_000;
const REDIAL_MIN_MS = 50;
const REDIAL_MAX_MS = 1_000;
/** A member that talks all the time is said to be heard this often. */
const HEARD_INTERVAL_MS = 100;

interface Inbound extends Greeted {
  readonly link: InboundLink;
  /** Of a greeted member. */
  nodeIndex: number | undefined;
}

export class Links implements Peers {
  readonly #env: LinksEnvironment;
  readonly #options: LinksOptions;
  readonly #memory: PeerMemory;
  readonly #server: LinkServer;
  readonly #speaker: () => Speaker;
  readonly #gossip: Members & PeerSigns;
  readonly #outbound = new Map<number, OutboundLink>();
  readonly #inbound = new Set<Inbound>();
  readonly #introductions: Introductions;
  readonly #lanes: BulkLanes;
  /** The run of each member that greeted last. */
  readonly #runs = new Map<number, { readonly storeId: string; readonly runId: string }>();
  /** Until when a member that is heard is not reported again; monotonic. */
  readonly #isHeardUntilMs = new Map<number, number>();
  #unsubscribe = (): void => {};
  #isStopped = false;

  constructor(
    env: LinksEnvironment,
    parts: {
      readonly memory: PeerMemory;
      readonly server: LinkServer;
      /** For what comes over bulk lanes. */
      readonly bulkServer: LinkServer;
      readonly speaker: () => Speaker;
      readonly gossip: Members & PeerSigns;
    },
    options: LinksOptions,
  ) {
    this.#env = env;
    this.#memory = parts.memory;
    this.#server = parts.server;
    this.#speaker = parts.speaker;
    this.#gossip = parts.gossip;
    this.#options = options;
    this.#lanes = new BulkLanes(env, this.#knowledge(), parts.bulkServer);
    this.#introductions = new Introductions(env, this, this.#speaker, this.#memory);
  }

  /** This node's storage stands otherwise than it told the members when it greeted them. */
  introduce(): void {
    this.#introductions.begin(this.#outbound.keys());
  }

  /** Dials every other member. Links that were opened to this node while it was fresh are closed,
   *  to be greeted anew. */
  join(place: Place, layoutBytes: Uint8Array): void {
    for (const inbound of [...this.#inbound]) inbound.link.close();
    for (const role of place.ring.layout.roles) {
      if (role.nodeIndex === place.nodeIndex) continue;
      const link = this.#makeLink(role.nodeIndex, role.name, role.address, place, layoutBytes);
      this.#outbound.set(role.nodeIndex, link);
      link.start();
    }
    this.#lanes.join(place);
    this.#unsubscribe();
    this.#unsubscribe = this.#gossip.onChange(() => {
      for (const link of this.#outbound.values()) link.followAddress();
    });
  }

  stop(): void {
    this.#isStopped = true;
    this.#introductions.stop();
    this.#unsubscribe();
    this.#lanes.stop();
    for (const link of this.#outbound.values()) link.stop();
    for (const inbound of [...this.#inbound]) inbound.link.close();
  }

  /** Whether it is known of every member if it can be spoken with, and those that can speak with
   *  this node too. */
  isSettled(): boolean {
    const greeted = new Set([...this.#inbound].map(({ nodeIndex }) => nodeIndex));
    return [...this.#outbound].every(([nodeIndex, { reach }]) =>
      reach === 'up' ? greeted.has(nodeIndex) : reach === 'down',
    );
  }

  reach(nodeIndex: number): Reach {
    if (isGone(this.#gossip.stateOf(nodeIndex))) return 'down';
    return this.#outbound.get(nodeIndex)?.reach ?? 'down';
  }

  stateOf(nodeIndex: number): MemberState {
    return this.#gossip.stateOf(nodeIndex);
  }

  describe(nodeIndex: number): string {
    const state = this.#gossip.stateOf(nodeIndex);
    if (isGone(state)) return `it is ${state}`;
    const link = this.#outbound.get(nodeIndex);
    return link === undefined ? 'no member' : link.detail || link.phase;
  }

  inFlight(nodeIndex: number): number {
    return this.#outbound.get(nodeIndex)?.inFlight ?? 0;
  }

  latencyMs(nodeIndex: number): number {
    return this.#outbound.get(nodeIndex)?.latencyMs ?? 0;
  }

  latencyHighMs(nodeIndex: number): number {
    return this.#outbound.get(nodeIndex)?.latencyHighMs ?? 0;
  }

  isTrusted(nodeIndex: number): boolean {
    return this.#memory.isTrusted(nodeIndex);
  }

  link(nodeIndex: number): LinkDescription | undefined {
    return this.#outbound.get(nodeIndex);
  }

  call(nodeIndex: number, call: PeerCall): void {
    const link = this.#outbound.get(nodeIndex);
    if (link === undefined) {
      call.done(
        new CoterieError('UNREACHABLE', `Node ${nodeIndex} is no member`, { applied: 'no' }),
      );
      return;
    }
    const state = this.#gossip.stateOf(nodeIndex);
    if (isGone(state)) call.done(unreachable(link.address, `it is ${state}`, 'no'));
    else link.call(call);
  }

  callBulk(nodeIndex: number, call: PeerCall): void {
    if (this.reach(nodeIndex) === 'up') this.#lanes.call(nodeIndex, call);
    else call.done(unreachable(`Node ${nodeIndex}`, this.describe(nodeIndex), 'no'));
  }

  acceptBulk(stream: FrameStream): StreamHandlers {
    return this.#lanes.accept(stream);
  }

  /** Takes a link that another member dialled. */
  accept(stream: FrameStream): StreamHandlers {
    const inbound: Inbound = {
      name: '',
      nodeIndex: undefined,
      storeId: '',
      runId: '',
      address: '',
      link: new InboundLink(
        this.#env,
        stream,
        {
          greet: (hello) => this.#greet(inbound, hello),
          checkStamp: (clusterId, layoutHash) => this.#checkStamp(clusterId, layoutHash),
          serve: (request, done) => {
            const { operation } = request;
            if (operation?.$case !== 'introduce') this.#server.serve(request, done);
            else this.#introductions.hear(inbound, operation.introduce.hello, done);
          },
          commitSeq: () => this.#server.commitSeq(),
          heard: () => {
            if (inbound.nodeIndex !== undefined) this.#heard(inbound.nodeIndex);
          },
          committed: (runId, commitSeq) => this.#peerCommitted(inbound, runId, commitSeq),
          closed: () => this.#inbound.delete(inbound),
        },
        {
          requestsMax: this.#options.peerRequestsMax,
          replyBytesMax: this.#options.peerBytesMax,
          frameBytes: FRAME_BYTES,
        },
      ),
    };
    this.#inbound.add(inbound);
    if (this.#isStopped || this.#inbound.size > INBOUND_MAX) inbound.link.close();
    return inbound.link.streamHandlers;
  }

  #makeLink(
    nodeIndex: number,
    name: string,
    address: string,
    place: Place,
    layoutBytes: Uint8Array,
  ): OutboundLink {
    const { clusterId } = place.ring.layout;
    const layoutHash = place.ring.hash;
    return new OutboundLink(
      this.#env,
      {
        hello: () => makeHello(this.#speaker(), this.#memory.remembered(nodeIndex)),
        stamp: () => ({ clusterId, layoutHash, commitSeq: this.#server.commitSeq() }),
        greeted: (hello) => this.#greeted(nodeIndex, name, hello, layoutBytes),
        heard: () => this.#heard(nodeIndex),
        nobodyThere: () => this.#gossip.refused(nodeIndex),
        committed: (runId, commitSeq) => this.#memory.peerCommitted(nodeIndex, runId, commitSeq),
        phaseChanged: (phase, detail, isOrderly) => {
          this.#phaseChanged({ nodeIndex, name, phase, detail, isOrderly });
        },
        loadChanged: (inFlight) => {
          this.#env.metrics.set('coterie_link_in_flight', { member: name }, inFlight);
        },
      },
      {
        address: () => this.#gossip.addressOf(nodeIndex) ?? address,
        service: 'link',
        requestsMax: this.#options.peerRequestsMax,
        bytesMax: this.#options.peerBytesMax,
        frameBytes: FRAME_BYTES,
        handshakeTimeoutMs: HANDSHAKE_TIMEOUT_MS,
        redialMinMs: REDIAL_MIN_MS,
        redialMaxMs: REDIAL_MAX_MS,
      },
    );
  }

  /** The member this node dialled has answered the handshake. */
  async #greeted(
    nodeIndex: number,
    name: string,
    hello: Hello,
    layoutBytes: Uint8Array,
  ): Promise<PeerOperation | undefined> {
    if (hello.refused !== undefined) {
      throw new CoterieError('CLUSTER_MISMATCH', `${name} refused: ${hello.refused.message}`);
    }
    if (hello.name !== name) {
      throw new CoterieError('CLUSTER_MISMATCH', `${hello.name} answers at the address of ${name}`);
    }
    checkHello(hello, this.#speaker().place);
    this.#heard(nodeIndex);
    if (isFresh(hello)) return { $case: 'adopt', adopt: { layout: layoutBytes } };
    await this.#memory.peerGreeted(nodeIndex, openedOf(hello), rememberedOf(hello));
    this.#runs.set(nodeIndex, runOf(hello));
    return undefined;
  }

  /** A member that dialled this node says who it is. */
  async #greet(inbound: Inbound, hello: Hello): Promise<Hello> {
    const speaker = this.#speaker();
    try {
      checkHello(hello, speaker.place);
      await this.#checkName(inbound, hello, speaker);
    } catch (thrown) {
      const error = asCoterieError(thrown);
      this.#env.log.warn('link-refused', { from: hello.name, reason: error.message });
      return { ...makeHello(speaker, undefined), refused: errorToWire(error) };
    }
    inbound.name = hello.name;
    inbound.storeId = bytesToHex(hello.storeId);
    inbound.runId = newestRunOf(hello);
    inbound.address = hello.address;
    const role = speaker.place?.ring.roleByName(hello.name);
    if (role === undefined || isFresh(hello)) return makeHello(speaker, undefined);
    inbound.nodeIndex = role.nodeIndex;
    this.#heard(role.nodeIndex);
    const answer = makeHello(speaker, this.#memory.remembered(role.nodeIndex));
    await this.#memory.peerGreeted(role.nodeIndex, openedOf(hello), rememberedOf(hello));
    this.#runs.set(role.nodeIndex, runOf(hello));
    this.#outbound.get(role.nodeIndex)?.hurry();
    return answer;
  }

  /** Errors: CONFLICT when another live node has that name. */
  async #checkName(inbound: Inbound, hello: Hello, { name, place }: Speaker): Promise<void> {
    const others = [...this.#inbound].filter((other) => other !== inbound);
    if (hello.name === name || hasTwin(others, hello)) throw namesake(hello.name);
    const role = place?.ring.roleByName(hello.name);
    const earlier = earlierElsewhere(others, hello);
    if (role === undefined || earlier === undefined) return;
    if (await this.#gossip.answersAt(role.nodeIndex, earlier.address)) throw namesake(hello.name);
  }

  /** A member that only mints answers nobody, so its requests tell how far it has come: otherwise
   *  an old copy of its disk could not be told from the newest. */
  #peerCommitted({ nodeIndex }: Inbound, runId: string, commitSeq: number): void {
    if (nodeIndex !== undefined) this.#memory.peerCommitted(nodeIndex, runId, commitSeq);
  }

  /** What the lanes are told. */
  #knowledge(): LaneLinks {
    return {
      speaker: () => this.#speaker(),
      checkStamp: (clusterId, layoutHash) => this.#checkStamp(clusterId, layoutHash),
      addressOf: (nodeIndex) => this.#gossip.addressOf(nodeIndex),
      hasGreeted: (nodeIndex, hello) => {
        const known = this.#runs.get(nodeIndex);
        const { storeId, runId } = runOf(hello);
        return known?.storeId === storeId && known.runId === runId;
      },
      committed: (node, runId, commitSeq) => this.#memory.peerCommitted(node, runId, commitSeq),
    };
  }

  #heard(nodeIndex: number): void {
    const nowMs = this.#env.clock.monotonicMs();
    if (nowMs < (this.#isHeardUntilMs.get(nodeIndex) ?? 0)) return;
    this.#isHeardUntilMs.set(nodeIndex, nowMs + HEARD_INTERVAL_MS);
    this.#gossip.heard(nodeIndex);
  }

  #checkStamp(clusterId: Uint8Array, layoutHash: Uint8Array): void {
    const { place } = this.#speaker();
    // A fresh node serves nothing but the layout; its server says so.
    if (place === undefined) return;
    if (!bytesEqual(clusterId, place.ring.layout.clusterId)) {
      throw new CoterieError('CLUSTER_MISMATCH', 'The request is for another cluster');
    }
    if (!bytesEqual(layoutHash, place.ring.hash)) {
      throw new CoterieError('STALE_LAYOUT', 'The request was planned with another layout');
    }
  }

  #phaseChanged(change: {
    readonly nodeIndex: number;
    readonly name: string;
    readonly phase: LinkPhase;
    readonly detail: string;
    readonly isOrderly: boolean;
  }): void {
    const { nodeIndex, name, phase, detail, isOrderly } = change;
    const { log, metrics } = this.#env;
    if (phase === 'connected') log.info('link-up', { member: name });
    if (phase === 'refused') log.info('link-refused', { member: name, reason: detail });
    if (phase === 'broken' && isOrderly) log.info('link-ended', { member: name });
    if (phase === 'broken' && !isOrderly) log.warn('link-broken', { member: name, reason: detail });
    metrics.set('coterie_link_state', { member: name }, phase === 'connected' ? 1 : 0);
    this.#memory.peerReach(nodeIndex, phase === 'refused');
  }
}
