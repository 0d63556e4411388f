/** One client session: takes request frames, hands each request to the node's services, answers in
 *  batches of one event-loop tick, in whatever order the work is done.
 *  Invariants: a request is answered once; at most `requestsMax` are at work, beyond that
 *  OVERLOADED at once; a client that does not take its replies is not read from, so its memory here
 *  is bounded.
 *  Not here: the work (node/coordinator), how bytes travel (platform). */
import { bytesEqual } from '../../core/bytes.ts';
import type { DeadlineEntry } from '../../core/deadline-queue.ts';
import type { Deadlines } from '../../core/deadlines.ts';
import { CoterieError } from '../../core/errors.ts';
import type { Clock } from '../../env/clock.ts';
import type { FrameStream, StreamHandlers } from '../../env/transport.ts';
import { errorToWire } from '../../wire/error-codec.ts';
import { FrameWriter } from '../../wire/frame-writer.ts';
import type {
  MemberNote,
  SessionHello,
  SessionHelloReply,
  SessionReply,
  SessionRequest,
} from '../../wire/generated/coterie/v1/kv.ts';
import { SessionReplyFrame, SessionRequestFrame } from '../../wire/generated/coterie/v1/kv.ts';
import type { ClientRequests } from '../contracts.ts';
import { microsecondsOf, ReplyOutbox } from '../reply-outbox.ts';
import type { MemberNotes } from './member-notes.ts';

export interface SessionNode {
  readonly requests: ClientRequests;
  readonly name: string;
  readonly notes: MemberNotes;
  clusterId(): Uint8Array;
  /** Encoded layout and its hash; empty before init. */
  layout(): { readonly bytes: Uint8Array; readonly hash: Uint8Array };
}

export interface SessionOptions {
  readonly requestsMax: number;
  readonly replyBytesMax: number;
  readonly frameBytes: number;
}

const PROTOCOL_VERSION = 1;
/** A stream that says nothing takes a place that a client could have. */
const HELLO_WITHIN_MS = 2_000;
const NO_BYTES = new Uint8Array(0);
const NO_NOTES: readonly MemberNote[] = [];
const EMPTY_FRAME: SessionReplyFrame = {
  hello: undefined,
  replies: [],
  layoutHash: NO_BYTES,
  members: [],
  leaving: false,
  last: false,
};

export class SessionServer {
  readonly #deadlines: Deadlines;
  readonly #stream: FrameStream;
  readonly #node: SessionNode;
  readonly #options: SessionOptions;
  readonly #onClosed: () => void;
  readonly #outbox: ReplyOutbox<SessionReply>;
  readonly #writer = new FrameWriter(SessionReplyFrame);
  readonly #helloBy: DeadlineEntry;
  #atWork = 0;
  #isGreeted = false;
  #isPaused = false;
  #isClosed = false;
  #sentLayoutHash: Uint8Array = NO_BYTES;
  /** Notes changed while the client took nothing: it gets all of them once it does. */
  #hasMissedNotes = false;
  #stopNotes = (): void => {};

  constructor(
    env: { readonly clock: Clock; readonly deadlines: Deadlines },
    stream: FrameStream,
    node: SessionNode,
    options: SessionOptions,
    onClosed: () => void,
  ) {
    this.#deadlines = env.deadlines;
    this.#stream = stream;
    this.#node = node;
    this.#options = options;
    this.#onClosed = onClosed;
    this.#outbox = new ReplyOutbox(env.clock, stream, {
      frameBytes: options.frameBytes,
      bufferedBytesMax: options.replyBytesMax,
      sizeOf: replyBytes,
      send: (replies) => this.#sendReplies(replies),
    });
    const helloByMs = this.#deadlines.nowMs() + HELLO_WITHIN_MS;
    this.#helloBy = this.#deadlines.add(helloByMs, () => this.close());
  }

  get streamHandlers(): StreamHandlers {
    return {
      frame: (bytes) => this.#receive(bytes),
      closed: () => {
        this.#isClosed = true;
        this.#outbox.drop();
        this.#deadlines.cancel(this.#helloBy);
        this.#stopNotes();
        this.#onClosed();
      },
      drained: () => {
        this.#outbox.flush();
        if (this.#hasMissedNotes) this.#sendNotes(this.#node.notes.all());
        this.#resumeIfCalm();
      },
    };
  }

  /** The node is about to stop: the client had better ask another one. */
  leave(): void {
    if (this.#isGreeted) this.#send({ ...EMPTY_FRAME, leaving: true });
  }

  /** The node has stopped taking requests. What the client sent and this side has not seen yet is
   *  certainly not done; that is said, unless something that was taken is still without answer. */
  end(): void {
    this.#outbox.flushAll();
    if (this.#isGreeted && this.#atWork === 0) this.#send({ ...EMPTY_FRAME, last: true });
    this.close();
  }

  close(): void {
    this.#outbox.flushAll();
    this.#isClosed = true;
    this.#stopNotes();
    this.#stream.close();
    // An end is complete when what has arrived was taken, even if only to be dropped.
    this.#stream.resume();
  }

  #receive(bytes: Uint8Array): void {
    if (this.#isClosed) return; // What a refused client sent on is still arriving.
    let frame: SessionRequestFrame;
    try {
      frame = SessionRequestFrame.decode(bytes);
    } catch (cause) {
      this.#refuse(
        new CoterieError('MALFORMED_MESSAGE', 'An undecodable session frame', { cause }),
      );
      return;
    }
    if (!this.#isGreeted) {
      this.#greet(frame.hello);
      if (!this.#isGreeted) return;
    }
    const nowMs = this.#deadlines.nowMs();
    for (const request of frame.requests) this.#serve(request, nowMs);
  }

  #greet(hello: SessionHello | undefined): void {
    if (hello === undefined) {
      this.#refuse(
        new CoterieError('MALFORMED_MESSAGE', 'The first frame of a session has a hello'),
      );
      return;
    }
    if (hello.protocol !== PROTOCOL_VERSION) {
      this.#refuse(
        new CoterieError(
          'VERSION_UNSUPPORTED',
          `The client speaks protocol ${hello.protocol}, this node speaks ${PROTOCOL_VERSION}`,
        ),
      );
      return;
    }
    const clusterId = this.#node.clusterId();
    const isOther =
      hello.clusterId.length > 0 && clusterId.length > 0 && !bytesEqual(hello.clusterId, clusterId);
    if (isOther) {
      this.#refuse(new CoterieError('CLUSTER_MISMATCH', 'This node belongs to another cluster'));
      return;
    }
    this.#isGreeted = true;
    this.#deadlines.cancel(this.#helloBy);
    this.#sentLayoutHash = this.#node.layout().hash;
    const { notes } = this.#node;
    this.#stopNotes = notes.listen((changed) => this.#sendNotes(changed));
    this.#send({
      ...EMPTY_FRAME,
      hello: this.#helloReply(undefined),
      members: [...notes.all()],
    });
  }

  #sendNotes(notes: readonly MemberNote[]): void {
    const members = this.#hasMissedNotes ? this.#node.notes.all() : notes;
    this.#hasMissedNotes = this.#outbox.isBackedUp;
    if (this.#hasMissedNotes) return;
    this.#send({ ...EMPTY_FRAME, members: [...members] });
  }

  #helloReply(refused: CoterieError | undefined): SessionHelloReply {
    return {
      protocol: PROTOCOL_VERSION,
      clusterId: this.#node.clusterId(),
      node: this.#node.name,
      layout: this.#node.layout().bytes,
      refused: refused === undefined ? undefined : errorToWire(refused),
      inFlightMax: this.#options.requestsMax,
    };
  }

  #serve(request: SessionRequest, takenMs: number): void {
    const { id, operation } = request;
    // Reads end by their own deadline; writes are never called back.
    if (operation?.$case === 'cancel') return;
    if (this.#atWork >= this.#options.requestsMax) {
      this.#fail(
        id,
        new CoterieError(
          'OVERLOADED',
          `This session has ${this.#atWork} requests at work; the bound is ` +
            `${this.#options.requestsMax}`,
          { details: { retryAfterMs: 20 } },
        ),
      );
      return;
    }
    switch (operation?.$case) {
      case 'get':
        this.#atWork += 1;
        this.#node.requests.beginGet(operation.get, (get) => {
          this.#over(id, takenMs, get instanceof CoterieError ? get : { $case: 'get', get });
        });
        return;
      case 'put':
        this.#atWork += 1;
        this.#node.requests.beginPut(operation.put, (put) => {
          this.#over(id, takenMs, put instanceof CoterieError ? put : { $case: 'put', put });
        });
        return;
      case 'delete':
        this.#atWork += 1;
        this.#node.requests.beginDelete(operation.delete, (reply) => {
          this.#over(
            id,
            takenMs,
            reply instanceof CoterieError ? reply : { $case: 'delete', delete: reply },
          );
        });
        return;
      case 'layout':
        this.#queue({
          id,
          result: { $case: 'layout', layout: { layout: this.#node.layout().bytes } },
          tookUs: 0,
        });
        return;
      default:
        this.#fail(id, new CoterieError('MALFORMED_MESSAGE', 'A request without an operation'));
    }
  }

  #over(
    id: number,
    takenMs: number,
    result: NonNullable<SessionReply['result']> | CoterieError,
  ): void {
    this.#atWork -= 1;
    if (result instanceof CoterieError) this.#fail(id, result);
    else this.#queue({ id, result, tookUs: microsecondsOf(this.#deadlines.nowMs() - takenMs) });
  }

  #fail(id: number, error: CoterieError): void {
    this.#queue({ id, result: { $case: 'error', error: errorToWire(error) }, tookUs: 0 });
  }

  #queue(reply: SessionReply): void {
    if (!this.#isClosed) this.#outbox.push(reply);
  }

  #sendReplies(replies: SessionReply[]): void {
    const { hash } = this.#node.layout();
    let layoutHash: Uint8Array = NO_BYTES;
    let notes = NO_NOTES;
    if (!bytesEqual(hash, this.#sentLayoutHash)) {
      layoutHash = hash;
      this.#sentLayoutHash = hash;
      notes = this.#node.notes.all();
    }
    this.#send({ ...EMPTY_FRAME, replies, layoutHash, members: [...notes] });
    if (this.#outbox.isBackedUp && !this.#isPaused) {
      this.#isPaused = true;
      this.#stream.pause();
    }
  }

  #send(frame: SessionReplyFrame): void {
    if (!this.#isClosed) this.#stream.send(this.#writer.encode(frame));
  }

  #refuse(error: CoterieError): void {
    this.#send({ ...EMPTY_FRAME, hello: this.#helloReply(error) });
    this.close();
  }

  #resumeIfCalm(): void {
    if (!this.#isPaused || this.#isClosed || this.#outbox.isBackedUp) return;
    this.#isPaused = false;
    this.#stream.resume();
  }
}

function replyBytes(reply: SessionReply): number {
  const { result } = reply;
  if (result?.$case !== 'get') return 256;
  let bytes = 256;
  for (const sibling of result.get.siblings) bytes += sibling.value.length + 64;
  return bytes;
}
