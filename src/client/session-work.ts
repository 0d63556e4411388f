/** One attempt of a request, as a session sees it: what to encode, and whom to tell.
 *  Invariant: after `submit` the session calls exactly one of `replied` and `failed`, unless the
 *  work is withdrawn.
 *  Not here: the session (session-connection.ts), the request over all its attempts (call.ts). */
import type { CoterieError } from '../core/errors.ts';
import type { SessionReply, SessionRequest } from '../wire/generated/coterie/v1/kv.ts';

export type SessionOperation = NonNullable<SessionRequest['operation']>;
export type SessionResult = Exclude<
  NonNullable<SessionReply['result']>,
  { readonly $case: 'error' }
>;

/** `tookUs`: how long the node had the request; microseconds. */
export interface SessionAnswer {
  readonly result: SessionResult;
  readonly tookUs: number;
}

export interface SessionWork {
  readonly operation: SessionOperation;
  /** Of key and value, for the size of frames. */
  readonly bytes: number;
  /** Id on the stream; given by the session that takes the work. */
  correlation: number;
  /** Called right before the work is encoded and handed to the stream: the time left is written
   *  now. */
  sending(nowMs: number): void;
  replied(answer: SessionAnswer): void;
  /** `wasSent` false: the node has certainly not seen the work. */
  failed(error: CoterieError, wasSent: boolean): void;
}
