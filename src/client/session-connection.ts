/** The one stream to one node: dialed when first needed, dialed again on demand after it broke.
 *  Invariants: nothing but the hello is sent before the node has answered it, so what waits here
 *  was certainly not applied; no more than the node's own bound is unanswered; while
 *  SEND_BUFFER_BYTES_MAX wait for the network nothing is added to them; a stream that is over
 *  calls nothing back.
 *  Not here: which node a request goes to (router.ts), what follows a failure (retry-policy.ts).
 *  Source: ARCHITECTURE 5.1 (frames that batch one tick); proto/coterie/v1/kv.proto, Session. */
import type { DeadlineEntry } from '../core/deadline-queue.ts';
import type { Deadlines } from '../core/deadlines.ts';
import { CoterieError } from '../core/errors.ts';
import type { Clock } from '../env/clock.ts';
import type { Log } from '../env/log.ts';
import type { Random } from '../env/random.ts';
import type { FrameStream, Transport } from '../env/transport.ts';
import { errorFromWire } from '../wire/error-codec.ts';
import { FrameWriter } from '../wire/frame-writer.ts';
import type {
  MemberNote,
  SessionHelloReply,
  SessionReply,
  SessionRequest,
} from '../wire/generated/coterie/v1/kv.ts';
import { SessionReplyFrame, SessionRequestFrame } from '../wire/generated/coterie/v1/kv.ts';
import { helloFault, SESSION_PROTOCOL } from './hello-check.ts';
import type { SessionWork } from './session-work.ts';
import { SessionWorks } from './session-works.ts';

/** From dialing to the answer of the hello. */
export const DIAL_TIMEOUT_MS = 1_000;
/** Pause before the first dial after a failure; doubles, less up to half at random, up to the
 *  maximum. */
export const REDIAL_MIN_MS = 50;
export const REDIAL_MAX_MS = 1_000;
/** Bytes handed to the stream that the network has not taken: beyond it work waits, where it can
 *  be withdrawn. */
export const SEND_BUFFER_BYTES_MAX = 1_024 * 1_024;
/** A frame is closed when it has reached this; one value may be larger. */
export const FRAME_BYTES_GOAL = 256 * 1_024;
/** When a hello names no bound. */
export const NODE_IN_FLIGHT_DEFAULT = 1_024;
/** A node that has answered nothing for this long, while requests timed out, is taken for dead. */
export const SILENCE_MS = 1_000;
export const SILENT_TIMEOUTS_MAX = 3;
/** A node that said that it leaves is asked nothing for this long, if there is another one. */
export const LEAVING_MS = 1_000;

const CLOSED = 'The session is closed';

export interface SessionEnvironment {
  readonly transport: Transport;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  readonly deadlines: Deadlines;
}

/** What a session tells the client that owns it. */
export interface SessionOwner {
  /** Of the cluster that all sessions must belong to; empty = any. */
  clusterId(): Uint8Array;
  ready(session: SessionConnection, hello: SessionHelloReply): void;
  /** The dial or the stream failed. */
  broken(session: SessionConnection, error: CoterieError): void;
  /** The node sent the layout it works with. */
  layout(encoded: Uint8Array): void;
  /** The ready node says where members are and how they are. */
  notes(session: SessionConnection, notes: readonly MemberNote[]): void;
}

export type SessionState = 'idle' | 'dialing' | 'ready' | 'resting' | 'closed';

export class SessionConnection {
  readonly address: string;
  readonly #env: SessionEnvironment;
  readonly #owner: SessionOwner;
  readonly #works = new SessionWorks();
  #cancels: number[] = [];
  #state: SessionState = 'idle';
  #node: string | undefined;
  #stream: FrameStream | undefined;
  /** Callbacks of an earlier stream carry an earlier number and are ignored. */
  #dialNumber = 0;
  #failures = 0;
  #restUntilMs = 0;
  #avoidUntilMs = 0;
  #wait: DeadlineEntry | undefined;
  #inFlightMax = NODE_IN_FLIGHT_DEFAULT;
  readonly #writer = new FrameWriter(SessionRequestFrame);
  #isFlushPlanned = false;
  #isAskingLayout = false;
  #silentSinceMs: number | undefined;
  #silentTimeouts = 0;
  /** Streams whose `closed` has not been called, given up ones too. */
  #openStreams = 0;
  #whenOver: (() => void)[] = [];

  constructor(env: SessionEnvironment, address: string, owner: SessionOwner) {
    this.#env = env;
    this.address = address;
    this.#owner = owner;
  }

  get state(): SessionState {
    return this.#state;
  }

  /** Name of the node, once it has answered a hello. */
  get node(): string | undefined {
    return this.#node;
  }

  /** Requests that wait here or for this node. */
  get load(): number {
    return this.#works.waiting + this.#works.sent;
  }

  isReady(): boolean {
    return this.#state === 'ready';
  }

  /** May a dial begin now, or has it begun. */
  isDialable(nowMs: number): boolean {
    if (this.#state === 'resting') return nowMs >= this.#restUntilMs;
    return this.#state === 'idle' || this.#state === 'dialing';
  }

  get restUntilMs(): number {
    return this.#restUntilMs;
  }

  /** Did the node ask, by a refusal, not to be given work at the moment. */
  isAvoided(nowMs: number): boolean {
    return nowMs < this.#avoidUntilMs;
  }

  avoid(untilMs: number): void {
    this.#avoidUntilMs = Math.max(this.#avoidUntilMs, untilMs);
  }

  submit(work: SessionWork): void {
    if (this.#state === 'closed') {
      work.failed(new CoterieError('NOT_RUNNING', CLOSED), false);
      return;
    }
    this.#works.add(work);
    if (this.#state === 'ready') this.#planFlush();
    else this.connect();
  }

  /** Dials if there is no stream, at once or when the pause after the last failure is over. */
  connect(): void {
    if (this.#state !== 'idle' && this.#state !== 'resting') return;
    const nowMs = this.#env.clock.monotonicMs();
    if (this.#state === 'idle' || nowMs >= this.#restUntilMs) {
      this.#dial(nowMs);
      return;
    }
    this.#wait ??= this.#env.deadlines.add(this.#restUntilMs, () => {
      this.#wait = undefined;
      if (this.#state === 'resting') this.#dial(this.#env.clock.monotonicMs());
    });
  }

  /** Nobody waits for this work any more. `isCancelled`: the node may stop working on it. */
  withdraw(work: SessionWork, isCancelled: boolean): void {
    if (this.#works.withdraw(work) !== 'sent') return;
    if (isCancelled) this.#cancels.push(work.correlation);
    this.#planFlush();
  }

  /** A request that was sent here got no answer within its budget, not even the node's own
   *  DEADLINE_EXCEEDED. */
  timedOut(nowMs: number): void {
    this.#silentTimeouts += 1;
    if (this.#silentSinceMs === undefined || this.#state !== 'ready') return;
    const silentMs = nowMs - this.#silentSinceMs;
    if (silentMs < SILENCE_MS || this.#silentTimeouts < SILENT_TIMEOUTS_MAX) return;
    const message = `${this.address} has answered nothing for ${Math.round(silentMs)} ms`;
    this.#break(new CoterieError('UNREACHABLE', message), false);
  }

  /** Asks for the layout, once at a time. */
  askLayout(): void {
    if (this.#isAskingLayout || this.#state !== 'ready') return;
    this.#isAskingLayout = true;
    this.submit({
      operation: { $case: 'layout', layout: {} },
      bytes: 0,
      correlation: 0,
      sending: () => undefined,
      replied: ({ result }) => {
        this.#isAskingLayout = false;
        if (result.$case === 'layout') this.#owner.layout(result.layout.layout);
      },
      failed: (error) => {
        // Harmless: an old layout costs a hop, and the next hello or refusal asks again.
        this.#isAskingLayout = false;
        this.#env.log.debug('client-layout-failed', { node: this.address, code: error.code });
      },
    });
  }

  /** Everything still here fails with NOT_RUNNING. Settles when every stream to the node is
   *  over. */
  close(): Promise<void> {
    const stream = this.#stream;
    this.#fail(new CoterieError('NOT_RUNNING', CLOSED, { applied: 'unknown' }), false, 'closed');
    stream?.close();
    if (this.#openStreams === 0) return Promise.resolve();
    return new Promise((resolve) => {
      this.#whenOver.push(resolve);
    });
  }

  #dial(nowMs: number): void {
    this.#state = 'dialing';
    this.#dialNumber += 1;
    const dialNumber = this.#dialNumber;
    this.#cancelWait();
    this.#wait = this.#env.deadlines.add(nowMs + DIAL_TIMEOUT_MS, () => {
      this.#wait = undefined;
      const message = `${this.address} did not answer the handshake within ${DIAL_TIMEOUT_MS} ms`;
      this.#break(new CoterieError('UNREACHABLE', message, { applied: 'no' }), true);
    });
    this.#openStreams += 1;
    this.#stream = this.#env.transport.dial(this.address, 'session', {
      frame: (bytes) => {
        if (dialNumber === this.#dialNumber) this.#frame(bytes);
      },
      closed: (reason) => {
        this.#over();
        if (dialNumber !== this.#dialNumber) return;
        this.#stream = undefined;
        const why = `${reason.kind}: ${reason.message}`;
        const message = `The connection to ${this.address} is over (${why})`;
        this.#break(new CoterieError('UNREACHABLE', message), reason.kind === 'refused');
      },
      drained: () => {
        if (dialNumber === this.#dialNumber) this.#planFlush();
      },
    });
    const hello = { protocol: SESSION_PROTOCOL, clusterId: this.#owner.clusterId() };
    this.#stream.send(SessionRequestFrame.encode({ hello, requests: [] }).finish());
  }

  #frame(bytes: Uint8Array): void {
    let frame: SessionReplyFrame;
    try {
      frame = SessionReplyFrame.decode(bytes);
    } catch (cause) {
      const size = bytes.length;
      const message = `${this.address} sent a frame of ${size} bytes that cannot be decoded`;
      this.#break(
        new CoterieError('MALFORMED_MESSAGE', message, { cause, applied: 'unknown' }),
        false,
      );
      return;
    }
    this.#silentSinceMs = undefined;
    this.#silentTimeouts = 0;
    if (this.#state === 'dialing' && !this.#helloed(frame.hello)) return;
    if (frame.members.length > 0) this.#owner.notes(this, frame.members);
    for (const reply of frame.replies) this.#reply(reply);
    if (frame.leaving) this.avoid(this.#env.clock.monotonicMs() + LEAVING_MS);
    if (frame.last) {
      const message = `${this.address} has stopped, and did not take the request`;
      this.#break(new CoterieError('NOT_RUNNING', message, { applied: 'no' }), false);
      return;
    }
    if (frame.layoutHash.length > 0) this.askLayout();
    if (this.#works.waiting > 0) this.#planFlush();
  }

  /** Takes the answer of the hello; false when the stream is given up. */
  #helloed(hello: SessionHelloReply | undefined): boolean {
    const refusal = helloFault(hello, this.address, this.#owner.clusterId());
    if (refusal !== undefined || hello === undefined) {
      if (refusal !== undefined) this.#break(refusal, true);
      return false;
    }
    this.#cancelWait();
    this.#state = 'ready';
    this.#node = hello.node === '' ? undefined : hello.node;
    this.#inFlightMax = hello.inFlightMax > 0 ? hello.inFlightMax : NODE_IN_FLIGHT_DEFAULT;
    this.#owner.ready(this, hello);
    if (this.#works.waiting > 0) this.#planFlush();
    return true;
  }

  #reply(reply: SessionReply): void {
    const work = this.#works.answered(reply.id);
    // Withdrawn: the answer crossed the caller's giving up.
    if (work === undefined) return;
    this.#failures = 0;
    const { result, tookUs } = reply;
    if (result === undefined) {
      const message = `${this.address} sent a reply without a result`;
      work.failed(new CoterieError('MALFORMED_MESSAGE', message, { applied: 'unknown' }), true);
    } else if (result.$case === 'error') {
      work.failed(errorFromWire(result.error), true);
    } else {
      work.replied({ result, tookUs });
    }
  }

  #planFlush(): void {
    if (this.#isFlushPlanned || this.#state !== 'ready') return;
    this.#isFlushPlanned = true;
    this.#env.clock.defer(() => {
      this.#isFlushPlanned = false;
      this.#flush();
    });
  }

  #flush(): void {
    const stream = this.#stream;
    if (stream === undefined || this.#state !== 'ready') return;
    const nowMs = this.#env.clock.monotonicMs();
    while (this.#works.waiting > 0 || this.#cancels.length > 0) {
      if (stream.bufferedBytes >= SEND_BUFFER_BYTES_MAX) return;
      const requests = this.#takeFrame(nowMs);
      if (requests.length === 0) return;
      this.#silentSinceMs ??= nowMs;
      stream.send(this.#writer.encode({ hello: undefined, requests }));
    }
  }

  #takeFrame(nowMs: number): SessionRequest[] {
    const requests: SessionRequest[] = [];
    for (const cancel of this.#cancels) {
      requests.push({ id: this.#works.number(), operation: { $case: 'cancel', cancel } });
    }
    this.#cancels = [];
    let bytes = 0;
    while (this.#works.sent < this.#inFlightMax && bytes < FRAME_BYTES_GOAL) {
      const work = this.#works.next();
      if (work === undefined) break;
      bytes += work.bytes;
      work.sending(nowMs);
      requests.push({ id: work.correlation, operation: work.operation });
    }
    return requests;
  }

  /** The stream is of no use any more: rest, then fail what is here. `isUnsent`: nothing was
   *  delivered. */
  #break(error: CoterieError, isUnsent: boolean): void {
    const ceilingMs = Math.min(REDIAL_MAX_MS, REDIAL_MIN_MS * 2 ** Math.min(this.#failures, 10));
    this.#failures += 1;
    this.#restUntilMs =
      this.#env.clock.monotonicMs() + ceilingMs * (1 - this.#env.random.float() / 2);
    const stream = this.#stream;
    this.#fail(error, isUnsent, 'resting');
    stream?.close();
    this.#env.log.info('client-session-broken', { node: this.address, reason: error.message });
    this.#owner.broken(this, error);
  }

  #fail(error: CoterieError, isUnsent: boolean, state: SessionState): void {
    this.#state = state;
    this.#dialNumber += 1;
    this.#stream = undefined;
    this.#cancels = [];
    this.#silentSinceMs = undefined;
    this.#silentTimeouts = 0;
    this.#cancelWait();
    const { sent, waiting } = this.#works.takeAll();
    for (const work of sent) work.failed(error, !isUnsent);
    for (const work of waiting) work.failed(error, false);
  }

  #over(): void {
    this.#openStreams -= 1;
    if (this.#openStreams > 0) return;
    for (const resolve of this.#whenOver) resolve();
    this.#whenOver = [];
  }

  #cancelWait(): void {
    if (this.#wait !== undefined) this.#env.deadlines.cancel(this.#wait);
    this.#wait = undefined;
  }
}
