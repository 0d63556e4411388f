/** The second connection to each member, for what may wait: hints, exchanges, rebuilds. So what is
 *  large never stands before what is urgent, and has bounds of its own.
 *  Invariants: a lane is opened beside links alone: both sides must be the very runs that greeted
 *  there, so an answer over a lane counts as one over the link would; what happens to a lane
 *  changes nobody's standing or reach. It is dialled for the first call and ends when unused.
 *  Not here: one stream (outbound-link.ts, inbound-link.ts), the links (links.ts), how fast a
 *  receiver takes what comes (the server handed in). */
import { CoterieError } from '../../core/errors.ts';
import type { FrameStream, StreamHandlers } from '../../env/transport.ts';
import { asCoterieError, errorToWire } from '../../wire/error-codec.ts';
import type { Hello } from '../../wire/generated/coterie/v1/peer.ts';
import type { PeerCall, Place } from '../contracts.ts';
import { checkHello, isFresh, makeHello, type Speaker } from './handshake.ts';
import { InboundLink } from './inbound-link.ts';
import type { LinkServer, LinksEnvironment } from './link-parts.ts';
import { OutboundLink } from './outbound-link.ts';
import { unreachable } from './pending-calls.ts';

/** What the links know of the members. */
export interface LaneLinks {
  speaker(): Speaker;
  /** Throws when requests with this stamp are not for this cluster. */
  checkStamp(clusterId: Uint8Array, layoutHash: Uint8Array): void;
  addressOf(nodeIndex: number): string | undefined;
  /** Has this run of the member greeted on a link, the latest one to do so. */
  hasGreeted(nodeIndex: number, hello: Hello): boolean;
  /** It showed this durable commit of that run. */
  committed(nodeIndex: number, runId: string, commitSeq: number): void;
}

/** In flight to one member, and at work for one. */
const REQUESTS_MAX = 256;
const BYTES_MAX = 8 * 1_024 * 1_024;
/** Less than on a link, so that the frames of several tasks take turns. */
const FRAME_BYTES = 256 * 1_024;
const IDLE_AFTER_MS = 30_000;
const HANDSHAKE_TIMEOUT_MS = 2_000;
const REDIAL_MIN_MS = 100;
const REDIAL_MAX_MS = 5_000;
/** Lanes that others opened; a member has one, or two while it redials. */
const INBOUND_MAX = 1_024;

export class BulkLanes {
  readonly #env: LinksEnvironment;
  readonly #links: LaneLinks;
  readonly #server: LinkServer;
  readonly #outbound = new Map<number, OutboundLink>();
  readonly #inbound = new Set<InboundLink>();
  #isStopped = false;

  constructor(env: LinksEnvironment, links: LaneLinks, server: LinkServer) {
    this.#env = env;
    this.#links = links;
    this.#server = server;
  }

  join(place: Place): void {
    for (const role of place.ring.layout.roles) {
      if (role.nodeIndex === place.nodeIndex) continue;
      this.#outbound.set(role.nodeIndex, this.#makeLane(role.nodeIndex, role.address, place));
    }
  }

  stop(): void {
    this.#isStopped = true;
    for (const lane of this.#outbound.values()) lane.stop();
    for (const lane of [...this.#inbound]) lane.close();
  }

  inFlight(nodeIndex: number): number {
    return this.#outbound.get(nodeIndex)?.inFlight ?? 0;
  }

  call(nodeIndex: number, call: PeerCall): void {
    const lane = this.#outbound.get(nodeIndex);
    if (lane === undefined) call.done(unreachable(`Node ${nodeIndex}`, 'it is no member', 'no'));
    else lane.call(call);
  }

  /** Takes a lane that another member dialled. */
  accept(stream: FrameStream): StreamHandlers {
    let nodeIndex: number | undefined;
    const lane: InboundLink = new InboundLink(
      this.#env,
      stream,
      {
        greet: async (hello) => {
          const { speaker, refused, index } = this.#judge(hello);
          nodeIndex = index;
          const answer = makeHello(speaker, undefined);
          return refused === undefined ? answer : { ...answer, refused: errorToWire(refused) };
        },
        checkStamp: (clusterId, layoutHash) => this.#links.checkStamp(clusterId, layoutHash),
        serve: (request, done) => this.#server.serve(request, done),
        commitSeq: () => this.#server.commitSeq(),
        heard: () => {},
        committed: (runId, commitSeq) => {
          if (nodeIndex !== undefined) this.#links.committed(nodeIndex, runId, commitSeq);
        },
        closed: () => this.#inbound.delete(lane),
      },
      { requestsMax: REQUESTS_MAX, replyBytesMax: BYTES_MAX, frameBytes: FRAME_BYTES },
    );
    this.#inbound.add(lane);
    if (this.#isStopped || this.#inbound.size > INBOUND_MAX) lane.close();
    return lane.streamHandlers;
  }

  #makeLane(nodeIndex: number, address: string, place: Place): OutboundLink {
    const { clusterId } = place.ring.layout;
    const layoutHash = place.ring.hash;
    return new OutboundLink(
      this.#env,
      {
        hello: () => makeHello(this.#links.speaker(), undefined),
        stamp: () => ({ clusterId, layoutHash, commitSeq: this.#server.commitSeq() }),
        greeted: async (hello) => {
          const { refused, index } = this.#judge(hello);
          if (refused !== undefined) throw refused;
          if (index !== nodeIndex) {
            const message = `${hello.name} answers at ${address}`;
            throw new CoterieError('CLUSTER_MISMATCH', message);
          }
          return undefined;
        },
        heard: () => {},
        nobodyThere: () => {},
        committed: (runId, commitSeq) => this.#links.committed(nodeIndex, runId, commitSeq),
        phaseChanged: (phase, detail) => {
          this.#env.log.debug('bulk-lane', { nodeIndex, phase, detail });
        },
        loadChanged: () => {},
      },
      {
        address: () => this.#links.addressOf(nodeIndex) ?? address,
        service: 'bulk',
        idleAfterMs: IDLE_AFTER_MS,
        requestsMax: REQUESTS_MAX,
        bytesMax: BYTES_MAX,
        frameBytes: FRAME_BYTES,
        handshakeTimeoutMs: HANDSHAKE_TIMEOUT_MS,
        redialMinMs: REDIAL_MIN_MS,
        redialMaxMs: REDIAL_MAX_MS,
      },
    );
  }

  /** Of either side's hello. */
  #judge(hello: Hello): { speaker: Speaker; refused?: CoterieError; index?: number } {
    const speaker = this.#links.speaker();
    try {
      if (hello.refused !== undefined) {
        const message = `${hello.name} refused: ${hello.refused.message}`;
        throw new CoterieError('CLUSTER_MISMATCH', message);
      }
      const { place } = speaker;
      checkHello(hello, place);
      const role = place?.ring.roleByName(hello.name);
      if (role === undefined || isFresh(hello)) {
        throw new CoterieError('NOT_INITIALISED', 'A bulk lane is for members of a cluster');
      }
      if (!this.#links.hasGreeted(role.nodeIndex, hello)) {
        const message = `This run of ${hello.name} has not greeted on a link`;
        throw new CoterieError('CONFLICT', message);
      }
      return { speaker, index: role.nodeIndex };
    } catch (error) {
      return { speaker, refused: asCoterieError(error) };
    }
  }
}
