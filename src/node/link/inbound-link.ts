/** One link that another member opened: takes its requests, answers in batches of one event-loop
 *  tick.
 *  Invariants: nothing but the handshake is served before the handshake is accepted; a frame that
 *  was sent on another connection is not: a request that comes twice would be done twice; one is
 *  answered once; the stream is paused while more requests than the bound are at work or the
 *  replies are not taken, so that the memory a peer can use is bounded by its own window.
 *  Not here: what the requests do (the handlers handed in), whether a handshake is good
 *  (handshake.ts). */

import type { DeadlineEntry } from '../../core/deadline-queue.ts';
import type { Deadlines } from '../../core/deadlines.ts';
import { CoterieError } from '../../core/errors.ts';
import type { Clock } from '../../env/clock.ts';
import type { Random } from '../../env/random.ts';
import type { FrameStream, StreamHandlers } from '../../env/transport.ts';
import { asCoterieError, errorToWire } from '../../wire/error-codec.ts';
import { FrameWriter } from '../../wire/frame-writer.ts';
import type { Hello, LinkReply, LinkRequest } from '../../wire/generated/coterie/v1/peer.ts';
import { LinkReplyFrame, LinkRequestFrame } from '../../wire/generated/coterie/v1/peer.ts';
import type { Done, PeerResult } from '../contracts.ts';
import { microsecondsOf, ReplyOutbox } from '../reply-outbox.ts';
import { newestRunOf } from './twins.ts';

export interface InboundLinkOptions {
  readonly requestsMax: number;
  readonly replyBytesMax: number;
  /** Replies are put into frames of about this many bytes. */
  readonly frameBytes: number;
}

export interface InboundLinkHandlers {
  /** Judges the dialler's hello; the answer has `refused` set when the link is not taken. */
  greet(hello: Hello): Promise<Hello>;
  /** Throws when requests with this stamp are not for this cluster. */
  checkStamp(clusterId: Uint8Array, layoutHash: Uint8Array): void;
  /** May throw instead of calling `done`. */
  serve(request: LinkRequest, done: Done<PeerResult>): void;
  commitSeq(): number;
  /** A frame came from the greeted peer. */
  heard(): void;
  /** A frame of requests showed this durable commit of the run that greeted. */
  committed(runId: string, commitSeq: number): void;
  closed(): void;
}

export class InboundLink {
  readonly #deadlines: Deadlines;
  readonly #stream: FrameStream;
  readonly #handlers: InboundLinkHandlers;
  readonly #options: InboundLinkOptions;
  readonly #outbox: ReplyOutbox<LinkReply>;
  readonly #writer = new FrameWriter(LinkReplyFrame);
  readonly #helloBy: DeadlineEntry;
  readonly #linkId: number;
  /** Of the other side. */
  #runId = '';
  #atWork = 0;
  #isGreeted = false;
  #isPaused = false;
  #isClosed = false;

  constructor(
    env: { readonly clock: Clock; readonly deadlines: Deadlines; readonly random: Random },
    stream: FrameStream,
    handlers: InboundLinkHandlers,
    options: InboundLinkOptions,
  ) {
    this.#deadlines = env.deadlines;
    this.#linkId = 1 + Math.floor(env.random.float() * LINK_ID_MAX);
    this.#stream = stream;
    this.#handlers = handlers;
    this.#options = options;
    this.#outbox = new ReplyOutbox(env.clock, stream, {
      frameBytes: options.frameBytes,
      bufferedBytesMax: options.replyBytesMax,
      sizeOf: replyBytes,
      send: (replies) => this.#sendReplies(replies),
    });
    const helloByMs = this.#deadlines.nowMs() + HELLO_WITHIN_MS;
    this.#helloBy = this.#deadlines.add(helloByMs, () => this.close());
  }

  /** What the transport calls. */
  get streamHandlers(): StreamHandlers {
    return {
      frame: (bytes) => this.#receive(bytes),
      closed: () => {
        this.#isClosed = true;
        this.#outbox.drop();
        this.#deadlines.cancel(this.#helloBy);
        this.#handlers.closed();
      },
      drained: () => {
        this.#outbox.flush();
        this.#resumeIfCalm();
      },
    };
  }

  close(): void {
    this.#outbox.flushAll();
    this.#isClosed = true;
    this.#stream.close();
    // An end is complete when what has arrived was taken, even if only to be dropped.
    this.#stream.resume();
  }

  #receive(bytes: Uint8Array): void {
    if (this.#isClosed) return; // What a refused peer sent on is still arriving.
    let frame: LinkRequestFrame;
    try {
      frame = LinkRequestFrame.decode(bytes);
    } catch (cause) {
      const error = new CoterieError('MALFORMED_MESSAGE', 'An undecodable link frame', { cause });
      this.#refuse(error);
      return;
    }
    if (!this.#isGreeted) {
      this.#greet(frame);
      return;
    }
    if (frame.linkId !== this.#linkId) {
      this.#refuse(ofAnotherConnection());
      return;
    }
    this.#handlers.heard();
    try {
      this.#handlers.checkStamp(frame.clusterId, frame.layoutHash);
    } catch (error) {
      for (const request of frame.requests) this.#queue(errorReply(request.id, error));
      return;
    }
    if (frame.commitSeq > 0) this.#handlers.committed(this.#runId, frame.commitSeq);
    const nowMs = this.#deadlines.nowMs();
    for (const request of frame.requests) this.#serve(request, nowMs);
    if (this.#atWork > this.#options.requestsMax) this.#pause();
  }

  #greet(frame: LinkRequestFrame): void {
    const { hello } = frame;
    if (hello === undefined || frame.requests.length > 0) {
      this.#refuse(
        new CoterieError(
          'MALFORMED_MESSAGE',
          'The first frame of a link is a hello and nothing else',
        ),
      );
      return;
    }
    this.#deadlines.cancel(this.#helloBy);
    this.#pause(); // Requests wait in the transport until the handshake is decided.
    this.#runId = newestRunOf(hello);
    this.#handlers.greet(hello).then(
      (answer) => {
        const hello = { ...answer, linkId: this.#linkId };
        this.#sendFrame({ hello, commitSeq: 0, replies: [] });
        if (answer.refused !== undefined) {
          this.close();
          return;
        }
        this.#isGreeted = true;
        this.#resumeIfCalm();
      },
      (error: unknown) => this.#refuse(error),
    );
  }

  #serve(request: LinkRequest, takenMs: number): void {
    this.#atWork += 1;
    const { id } = request;
    const done = (result: PeerResult | CoterieError): void => {
      this.#atWork -= 1;
      if (result instanceof CoterieError) this.#queue(errorReply(id, result));
      else this.#queue({ id, result, tookUs: microsecondsOf(this.#deadlines.nowMs() - takenMs) });
    };
    try {
      this.#handlers.serve(request, done);
    } catch (thrown) {
      done(asCoterieError(thrown));
    }
  }

  #queue(reply: LinkReply): void {
    if (!this.#isClosed) this.#outbox.push(reply);
  }

  #sendReplies(replies: LinkReply[]): void {
    this.#sendFrame({ hello: undefined, commitSeq: this.#handlers.commitSeq(), replies });
    if (this.#outbox.isBackedUp) this.#pause();
    else this.#resumeIfCalm();
  }

  #sendFrame(frame: LinkReplyFrame): void {
    if (!this.#isClosed) this.#stream.send(this.#writer.encode(frame));
  }

  #refuse(error: unknown): void {
    this.#sendFrame({
      hello: { ...EMPTY_HELLO, refused: errorToWire(asCoterieError(error)) },
      commitSeq: 0,
      replies: [],
    });
    this.close();
  }

  #pause(): void {
    if (this.#isPaused || this.#isClosed) return;
    this.#isPaused = true;
    this.#stream.pause();
  }

  #resumeIfCalm(): void {
    if (!this.#isPaused || this.#isClosed || !this.#isGreeted) return;
    if (this.#atWork > this.#options.requestsMax) return;
    if (this.#outbox.isBackedUp) return;
    this.#isPaused = false;
    this.#stream.resume();
  }
}

const NO_BYTES = new Uint8Array(0);
const LINK_ID_MAX = 0xffff_ffff;
/** A stream that says nothing is no link. */
const HELLO_WITHIN_MS = 2_000;

const EMPTY_HELLO: Hello = {
  protocol: 1,
  clusterId: NO_BYTES,
  name: '',
  address: '',
  partitions: 0,
  layoutVersion: 0,
  layoutHash: NO_BYTES,
  storeId: NO_BYTES,
  run: 0,
  runIds: [],
  runCommits: [],
  previousRun: 0,
  ceiling: 0,
  commitSeq: 0,
  madeGood: [],
  rebuilding: false,
  statement: 0,
  refused: undefined,
  linkId: 0,
  remembered: undefined,
};

function errorReply(id: number, error: unknown): LinkReply {
  const wire = errorToWire(asCoterieError(error));
  return { id, result: { $case: 'error', error: wire }, tookUs: 0 };
}

function ofAnotherConnection(): CoterieError {
  return new CoterieError('MALFORMED_MESSAGE', 'The frame was made for another connection');
}

function replyBytes(reply: LinkReply): number {
  const { result } = reply;
  if (result?.$case === 'read') return result.read.record.length + 32;
  if (result?.$case === 'forward' && result.forward.result?.$case === 'get') {
    return result.forward.result.get.siblings.reduce((sum, s) => sum + s.value.length + 64, 256);
  }
  if (result?.$case === 'fetched') return sumOf(result.fetched.records);
  if (result?.$case === 'reconciled') return sumOf(result.reconciled.records);
  if (result?.$case === 'entries') return sumOf(result.entries.keys) + result.entries.marks.length;
  if (result?.$case === 'tree') return result.tree.nodes.length + 32;
  return 32;
}

function sumOf(parts: readonly Uint8Array[]): number {
  let sum = 32;
  for (const part of parts) sum += part.length + 4;
  return sum;
}
