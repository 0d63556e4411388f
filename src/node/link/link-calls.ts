/** The calls of one link: gathered during a tick, cut into frames, matched with the replies.
 *  Invariants: every call is answered exactly once; what was never handed to a stream fails with
 *  applied 'no', what was handed over and not answered with applied 'unknown' (ARCHITECTURE 5.22);
 *  requests and bytes in flight are bounded, one call alone may be larger.
 *  Not here: connections and who can be reached (outbound-link.ts). */
import type { Deadlines } from '../../core/deadlines.ts';
import { CoterieError } from '../../core/errors.ts';
import { errorFromWire } from '../../wire/error-codec.ts';
import type { LinkReply, LinkRequest } from '../../wire/generated/coterie/v1/peer.ts';
import type { PeerCall } from '../contracts.ts';
import { type PendingCall, PendingCalls } from './pending-calls.ts';
import { ReplyTimes } from './reply-times.ts';

export interface LinkCallsOptions {
  /** Of the member, for messages. */
  readonly address: () => string;
  readonly requestsMax: number;
  readonly bytesMax: number;
  /** One frame carries about this much, or one larger request alone. */
  readonly frameBytes: number;
}

const UNKNOWN = { applied: 'unknown' } as const;

export class LinkCalls {
  readonly #deadlines: Deadlines;
  readonly #options: LinkCallsOptions;
  readonly #pending: PendingCalls;
  readonly #times = new ReplyTimes();
  #outbox: LinkRequest[] = [];

  constructor(deadlines: Deadlines, options: LinkCallsOptions) {
    this.#deadlines = deadlines;
    this.#options = options;
    this.#pending = new PendingCalls(deadlines, (id, pending) => this.#expired(id, pending));
  }

  /** Without an answer yet. */
  get size(): number {
    return this.#pending.size;
  }

  get hasUnsent(): boolean {
    return this.#outbox.length > 0;
  }

  /** How long it takes to answer a read. */
  get latencyMs(): number {
    return this.#times.latencyMs(this.#deadlines.nowMs());
  }

  get latencyHighMs(): number {
    return this.#times.highMs;
  }

  /** False when it passes a bound, which it has been told then. `bufferedBytes`: that wait in the
   *  stream: calls that expired leave theirs there, and a peer that takes nothing must not fill the
   *  memory. */
  add(call: PeerCall, bufferedBytes: number): boolean {
    const { requestsMax, bytesMax } = this.#options;
    const isAlone = this.#pending.size === 0;
    if (
      this.#pending.size >= requestsMax ||
      (!isAlone && this.#pending.bytes + call.bytes > bytesMax) ||
      bufferedBytes > bytesMax
    ) {
      call.done(this.#overloaded());
      return false;
    }
    const id = this.#pending.add(call);
    this.#outbox.push({
      id,
      timeoutMs: 0,
      peCur: call.epochs.current,
      peMin: call.epochs.minimum,
      peRead: call.epochs.read,
      operation: call.operation,
    });
    return true;
  }

  /** Hands over what has not been sent, a frame's worth at a time. */
  take(send: (requests: LinkRequest[]) => void): void {
    const outbox = this.#outbox;
    this.#outbox = [];
    const nowMs = this.#deadlines.nowMs();
    let requests: LinkRequest[] = [];
    let bytes = 0;
    for (const request of outbox) {
      const pending = this.#pending.get(request.id);
      if (pending === undefined) continue;
      pending.isSent = true;
      if (request.operation?.$case === 'read') this.#times.sent(request.id, nowMs);
      request.timeoutMs = Math.max(1, Math.ceil(pending.call.deadlineMs - nowMs));
      if (requests.length > 0 && bytes + pending.call.bytes > this.#options.frameBytes) {
        send(requests);
        requests = [];
        bytes = 0;
      }
      requests.push(request);
      bytes += pending.call.bytes;
    }
    if (requests.length > 0) send(requests);
  }

  answer(reply: LinkReply, nowMs: number): void {
    const call = this.#pending.take(reply.id)?.call;
    if (call === undefined) return; // It came after its deadline, which has answered the caller.
    const { result, tookUs } = reply;
    this.#times.over(reply.id, nowMs, result?.$case === 'error');
    if (result === undefined) {
      call.done(new CoterieError('MALFORMED_MESSAGE', 'A reply without a result', UNKNOWN));
    } else if (result.$case === 'error') {
      call.done(errorFromWire(result.error));
    } else {
      call.timed?.(nowMs, tookUs === 0 ? undefined : tookUs / 1_000);
      call.done(result);
    }
  }

  /** The stream is over; what was not sent waits for the next one. */
  failSent(why: string): void {
    this.#times.drop();
    this.#pending.failSent(this.#options.address(), why);
  }

  failAll(why: string): void {
    this.#times.drop();
    this.#outbox = [];
    this.#pending.failAll(this.#options.address(), why);
  }

  #overloaded(): CoterieError {
    const { address, requestsMax, bytesMax } = this.#options;
    return new CoterieError(
      'OVERLOADED',
      `${this.#pending.size} requests (${this.#pending.bytes} bytes) wait for ` +
        `${address()}; the bounds are ${requestsMax} and ${bytesMax}`,
      { details: { retryAfterMs: 50 } },
    );
  }

  #expired(id: number, { call, isSent }: PendingCall): void {
    this.#times.over(id, this.#deadlines.nowMs(), false);
    call.done(
      new CoterieError('DEADLINE_EXCEEDED', `${this.#options.address()} did not answer in time`, {
        applied: isSent ? 'unknown' : 'no',
      }),
    );
  }
}
