/** Reply messages to results. */
import { CoterieError } from '../core/errors.ts';
import { contextToText } from '../core/version/context-token.ts';
import type { DeleteReply, GetReply, PutReply, Quorum } from '../wire/generated/coterie/v1/kv.ts';
import type {
  DeleteResult,
  GetResult,
  PutResult,
  Replies,
  RequestTrace,
  SiblingValue,
} from './types.ts';

/** As of every result. */
export type ResultTimes = Pick<GetResult, 'elapsedMs' | 'coordinatorMs'>;

const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
const NO_REPLIES: Replies = { required: 0, received: 0, nodes: [] };

class ReadResult implements GetResult {
  readonly found: boolean;
  readonly siblings: readonly SiblingValue[];
  declare readonly value?: Uint8Array;
  readonly context: string;
  readonly level: string;
  readonly replies: Replies;
  declare readonly trace?: RequestTrace;
  readonly elapsedMs: number;
  readonly coordinatorMs: number;

  constructor(reply: GetReply, { elapsedMs, coordinatorMs }: ResultTimes) {
    this.found = reply.found;
    this.siblings = reply.siblings.map(({ value, dot, writtenAtMs }) => {
      return { value: detached(value), dot, writtenAtMs };
    });
    const [only] = this.siblings;
    if (only !== undefined && this.siblings.length === 1) this.value = only.value;
    this.context = contextToText(reply.context);
    this.level = reply.quorum?.level ?? '';
    this.replies = repliesOf(reply.quorum);
    if (reply.trace !== undefined) this.trace = reply.trace;
    this.elapsedMs = elapsedMs;
    this.coordinatorMs = coordinatorMs;
  }

  text(): string | undefined {
    const count = this.siblings.length;
    if (count > 1) {
      const message = `The key has ${count} siblings: merge them and put with the context`;
      throw new CoterieError('SIBLINGS', message, { details: { count, context: this.context } });
    }
    if (this.value === undefined) return undefined;
    try {
      return decoder.decode(this.value);
    } catch (cause) {
      const bytes = this.value.length;
      const message = `The value of ${bytes} bytes is not UTF-8: take value in place of text()`;
      throw new CoterieError('INVALID_ARGUMENT', message, { cause });
    }
  }
}

export function getResult(reply: GetReply, times: ResultTimes): GetResult {
  return new ReadResult(reply, times);
}

export function putResult(reply: PutReply, requestId: string, times: ResultTimes): PutResult {
  const { elapsedMs, coordinatorMs } = times;
  const { dot, siblings, durable } = reply;
  const context = contextToText(reply.context);
  const level = reply.quorum?.level ?? '';
  const acks = repliesOf(reply.quorum);
  // Written out: one is made for every put, and spreads are slow.
  const result = {
    dot,
    context,
    siblings,
    level,
    acks,
    durable,
    requestId,
    elapsedMs,
    coordinatorMs,
  };
  return reply.trace === undefined ? result : { ...result, trace: reply.trace };
}

export function deleteResult(
  reply: DeleteReply,
  requestId: string,
  { elapsedMs, coordinatorMs }: ResultTimes,
): DeleteResult {
  const result = {
    found: reply.found,
    context: contextToText(reply.context),
    siblings: reply.siblings,
    level: reply.quorum?.level ?? '',
    acks: repliesOf(reply.quorum),
    durable: reply.durable,
    requestId,
    elapsedMs,
    coordinatorMs,
  };
  return reply.trace === undefined ? result : { ...result, trace: reply.trace };
}

function repliesOf(quorum: Quorum | undefined): Replies {
  if (quorum === undefined) return NO_REPLIES;
  const { required, received, nodes, standIns } = quorum;
  if (standIns === undefined) return { required, received, nodes };
  return { required, received, nodes, standIns: standIns.nodes };
}

/** Decoded bytes are a view of the whole frame. A small value that its holder keeps would keep
 *  megabytes alive. */
function detached(value: Uint8Array): Uint8Array {
  const isMostOfFrame = value.length * 2 >= value.buffer.byteLength;
  return isMostOfFrame
    ? new Uint8Array(value.buffer, value.byteOffset, value.length)
    : new Uint8Array(value);
}
