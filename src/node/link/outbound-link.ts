/** The link to one member: this node dials, sends requests in batches of one event-loop tick and
 *  matches the replies.
 *  Invariants: calls are answered as link-calls.ts says, also when the link breaks or stops. A
 *  broken link redials at once and then with growing pauses; while dials are refused the member is
 *  `down`, and calls fail without waiting. A link that may idle is dialled by its first call, ends
 *  when it has had none for a while, and does not redial for nobody.
 *  Not here: what a handshake means (handshake.ts), which links there are (links.ts). */
import type { DeadlineEntry } from '../../core/deadline-queue.ts';
import type { Deadlines } from '../../core/deadlines.ts';
import type { Clock } from '../../env/clock.ts';
import type { Random } from '../../env/random.ts';
import type { FrameStream, StreamClosed, StreamService, Transport } from '../../env/transport.ts';
import { errorFromWire } from '../../wire/error-codec.ts';
import { FrameWriter } from '../../wire/frame-writer.ts';
import type { Hello, LinkReply, LinkRequest } from '../../wire/generated/coterie/v1/peer.ts';
import { LinkReplyFrame, LinkRequestFrame } from '../../wire/generated/coterie/v1/peer.ts';
import type { PeerCall, PeerOperation, Reach } from '../contracts.ts';
import { LinkCalls, type LinkCallsOptions } from './link-calls.ts';
import { unreachable } from './pending-calls.ts';
import { newestRunOf } from './twins.ts';

export type LinkPhase =
  | 'idle'
  | 'connecting'
  | 'greeting'
  | 'connected'
  | 'refused'
  | 'broken'
  | 'closed';

export interface OutboundLinkOptions extends LinkCallsOptions {
  /** Where to dial; asked at every dial. */
  readonly address: () => string;
  readonly service: StreamService;
  /** Without calls for so long it ends, until the next one; absent = it stands for ever. */
  readonly idleAfterMs?: number;
  readonly handshakeTimeoutMs: number;
  readonly redialMinMs: number;
  readonly redialMaxMs: number;
}

/** What the set of links is told and asked. */
export interface OutboundLinkEvents {
  /** The first frame of a stream. */
  hello(): Hello;
  /** What every request frame carries: cluster id, layout hash, and this node's last durable
   *  commit. */
  stamp(): Pick<LinkRequestFrame, 'clusterId' | 'layoutHash' | 'commitSeq'>;
  /** The other side has greeted. Requests flow once the promise settles; a rejection closes the
   *  stream. An operation that it settles with is sent first, and once it is answered the link is
   *  opened anew. */
  greeted(hello: Hello): Promise<PeerOperation | undefined>;
  /** A frame came over the link. */
  heard(): void;
  /** Nobody listens where the member is said to be. */
  nobodyThere(): void;
  /** A frame of replies showed this durable commit of the run that greeted. */
  committed(runId: string, commitSeq: number): void;
  /** `isOrderly`: the other side ended the link, as it does when it stops. */
  phaseChanged(phase: LinkPhase, detail: string, isOrderly: boolean): void;
  /** Requests in flight after a batch was sent or answered. */
  loadChanged(inFlight: number): void;
}

export class OutboundLink {
  readonly #env: { clock: Clock; random: Random; transport: Transport; deadlines: Deadlines };
  readonly #options: OutboundLinkOptions;
  readonly #events: OutboundLinkEvents;
  readonly #calls: LinkCalls;
  readonly #writer = new FrameWriter(LinkRequestFrame);
  #address = '';
  #stream: FrameStream | undefined;
  #phase: LinkPhase = 'connecting';
  #detail = '';
  #isFlushDue = false;
  #failedDials = 0;
  #redial: DeadlineEntry | undefined;
  #greetBy: DeadlineEntry | undefined;
  /** What the other side calls the present connection. */
  #linkId = 0;
  /** Of the other side. */
  #runId = '';
  #usedAtMs = 0;
  #idle: DeadlineEntry | undefined;

  constructor(
    env: { clock: Clock; random: Random; transport: Transport; deadlines: Deadlines },
    events: OutboundLinkEvents,
    options: OutboundLinkOptions,
  ) {
    this.#env = env;
    this.#events = events;
    this.#options = options;
    this.#address = options.address();
    if (options.idleAfterMs !== undefined) this.#phase = 'idle';
    const address = () => this.#address;
    this.#calls = new LinkCalls(env.deadlines, { ...options, address });
  }

  /** Dialled last. */
  get address(): string {
    return this.#address;
  }

  get phase(): LinkPhase {
    return this.#phase;
  }

  get detail(): string {
    return this.#detail;
  }

  get inFlight(): number {
    return this.#calls.size;
  }

  /** How long it takes to answer a read. */
  get latencyMs(): number {
    return this.#calls.latencyMs;
  }

  get latencyHighMs(): number {
    return this.#calls.latencyHighMs;
  }

  get reach(): Reach {
    if (this.#phase === 'connected') return 'up';
    return this.#phase === 'refused' || this.#phase === 'closed' ? 'down' : 'unknown';
  }

  start(): void {
    this.#dial();
  }

  /** Dials at once when the member has moved, unless the link works. */
  followAddress(): void {
    if (this.#phase === 'connected' || this.#phase === 'closed') return;
    if (this.#options.address() !== this.#address) this.#dialAnew();
  }

  /** The member has shown that it is there: what is left of the pause before the next dial is not
   *  waited for. */
  hurry(): void {
    if (this.#redial !== undefined) this.#dialAnew();
  }

  #dialAnew(): void {
    const stream = this.#stream;
    this.#dropTimers();
    this.#failedDials = 0;
    this.#dial();
    stream?.close();
  }

  /** Fails what is pending and ends the stream. Idempotent. */
  stop(): void {
    if (this.#phase === 'closed') return;
    const stream = this.#stream;
    this.#stream = undefined;
    this.#dropTimers();
    this.#enter('closed', 'this node is stopping');
    this.#calls.failAll('this node is stopping');
    stream?.close();
  }

  call(call: PeerCall): void {
    if (this.reach === 'down') {
      call.done(unreachable(this.#address, this.#detail, 'no'));
      return;
    }
    if (!this.#calls.add(call, this.#stream?.bufferedBytes ?? 0)) return;
    this.#usedAtMs = this.#env.deadlines.nowMs();
    if (this.#phase === 'idle') this.#dial();
    else this.#flushSoon();
  }

  #flushSoon(): void {
    if (this.#isFlushDue || this.#phase !== 'connected') return;
    this.#isFlushDue = true;
    this.#env.clock.defer(() => {
      this.#isFlushDue = false;
      this.#flush();
    });
  }

  #flush(): void {
    const stream = this.#stream;
    if (stream === undefined || this.#phase !== 'connected' || !this.#calls.hasUnsent) return;
    this.#events.loadChanged(this.#calls.size);
    this.#calls.take((requests) => stream.send(this.#writer.encode(this.#frameOf(requests))));
  }

  #dial(): void {
    this.#redial = undefined;
    if (this.#phase === 'closed') return;
    // A member whose last dial was refused stays `down` until one succeeds: callers must not wait
    // for every attempt.
    this.#address = this.#options.address();
    if (this.#phase !== 'refused') this.#enter('connecting', `dialling ${this.#address}`);
    let stream: FrameStream | undefined;
    const isCurrent = () => stream !== undefined && this.#stream === stream;
    stream = this.#env.transport.dial(this.#address, this.#options.service, {
      frame: (bytes) => {
        if (isCurrent()) this.#receive(bytes);
      },
      closed: (reason) => {
        if (isCurrent()) this.#lost(reason);
      },
    });
    this.#stream = stream;
    this.#greetBy = this.#env.deadlines.add(
      this.#env.deadlines.nowMs() + this.#options.handshakeTimeoutMs,
      () => this.#abandon({ kind: 'refused', message: 'the handshake timed out' }),
    );
    stream.send(
      LinkRequestFrame.encode({
        hello: this.#events.hello(),
        clusterId: EMPTY,
        layoutHash: EMPTY,
        commitSeq: 0,
        linkId: 0,
        requests: [],
      }).finish(),
    );
  }

  #receive(bytes: Uint8Array): void {
    let frame: LinkReplyFrame;
    try {
      frame = LinkReplyFrame.decode(bytes);
    } catch (cause) {
      this.#abandon({ kind: 'broken', message: `an undecodable frame arrived: ${String(cause)}` });
      return;
    }
    if (frame.hello !== undefined) this.#greet(frame.hello);
    else if (this.#phase === 'connected') this.#events.heard();
    if (frame.commitSeq > 0) this.#events.committed(this.#runId, frame.commitSeq);
    const nowMs = this.#env.deadlines.nowMs();
    for (const reply of frame.replies) this.#answer(reply, nowMs);
    this.#events.loadChanged(this.#calls.size);
  }

  #answer(reply: LinkReply, nowMs: number): void {
    if (reply.id === FIRST_ID) {
      const { result } = reply;
      const refusal = result?.$case === 'error' ? errorFromWire(result.error).message : '';
      this.#abandon({
        kind: 'refused',
        message: refusal || 'opening anew with the layout passed on',
      });
      return;
    }
    this.#calls.answer(reply, nowMs);
  }

  #greet(hello: Hello): void {
    const stream = this.#stream;
    this.#linkId = hello.linkId;
    this.#runId = newestRunOf(hello);
    this.#enter('greeting', 'checking the handshake');
    this.#events.greeted(hello).then(
      (first) => {
        if (this.#stream !== stream || stream === undefined) return;
        if (first !== undefined) {
          this.#sendFirst(stream, first);
          return;
        }
        this.#failedDials = 0;
        this.#dropTimers();
        this.#enter('connected', '');
        this.#watchIdle();
        this.#flushSoon();
      },
      (error: unknown) => {
        if (this.#stream !== stream) return;
        const message = error instanceof Error ? error.message : String(error);
        this.#abandon({ kind: 'refused', message });
      },
    );
  }

  /** Written out: a spread would give every frame a hidden class of its own. */
  #frameOf(requests: LinkRequest[]): LinkRequestFrame {
    const { clusterId, layoutHash, commitSeq } = this.#events.stamp();
    const linkId = this.#linkId;
    return { hello: undefined, clusterId, layoutHash, requests, commitSeq, linkId };
  }

  #sendFirst(stream: FrameStream, operation: PeerOperation): void {
    const request = { id: FIRST_ID, timeoutMs: 0, peCur: 0, peMin: 0, peRead: 0, operation };
    stream.send(this.#writer.encode(this.#frameOf([request])));
  }

  #abandon(reason: StreamClosed): void {
    const stream = this.#stream;
    this.#lost(reason);
    stream?.close();
  }

  #lost(reason: StreamClosed): void {
    this.#stream = undefined;
    this.#dropTimers();
    const wasConnected = this.#phase === 'connected';
    if (wasConnected) {
      this.#calls.failSent(reason.message);
      this.#enter('broken', reason.message, reason.kind === 'ended');
      this.#dialIfWanted();
      return;
    }
    this.#enter('refused', reason.message);
    this.#calls.failAll(reason.message);
    this.#failedDials += 1;
    const { redialMinMs, redialMaxMs } = this.#options;
    const pauseMs = Math.min(redialMaxMs, redialMinMs * 2 ** Math.min(this.#failedDials - 1, 16));
    const jitteredMs = pauseMs * (0.75 + 0.5 * this.#env.random.float());
    this.#redial = this.#env.deadlines.add(this.#env.deadlines.nowMs() + jitteredMs, () =>
      this.#dialIfWanted(),
    );
    // Of a member that has moved meanwhile the old door says nothing.
    if (reason.isNobodyThere === true && this.#address === this.#options.address()) {
      this.#events.nobodyThere();
    }
  }

  /** A link that may idle is dialled for calls only. */
  #dialIfWanted(): void {
    this.#redial = undefined;
    if (this.#options.idleAfterMs === undefined || this.#calls.hasUnsent) this.#dial();
    else this.#enter('idle', '');
  }

  /** Ends the link when it has stood unused for long enough, else looks again when it may have. */
  #watchIdle(): void {
    const { idleAfterMs } = this.#options;
    if (idleAfterMs === undefined) return;
    const nowMs = this.#env.deadlines.nowMs();
    if (this.#calls.size > 0) this.#usedAtMs = nowMs;
    const dueMs = this.#usedAtMs + idleAfterMs;
    if (dueMs > nowMs) {
      this.#idle = this.#env.deadlines.add(dueMs, () => this.#watchIdle());
      return;
    }
    const stream = this.#stream;
    this.#stream = undefined;
    this.#dropTimers();
    this.#enter('idle', '');
    stream?.close();
  }

  #dropTimers(): void {
    if (this.#idle !== undefined) this.#env.deadlines.cancel(this.#idle);
    this.#idle = undefined;
    if (this.#redial !== undefined) this.#env.deadlines.cancel(this.#redial);
    if (this.#greetBy !== undefined) this.#env.deadlines.cancel(this.#greetBy);
    this.#redial = undefined;
    this.#greetBy = undefined;
  }

  #enter(phase: LinkPhase, detail: string, isOrderly = false): void {
    const isChange = phase !== this.#phase;
    this.#phase = phase;
    this.#detail = detail;
    if (isChange) this.#events.phaseChanged(phase, detail, isOrderly);
  }
}

/** Ids of calls begin at 1. */
const FIRST_ID = 0;
const EMPTY = new Uint8Array(0);
