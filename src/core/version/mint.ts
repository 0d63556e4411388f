/** How does a write become an event? The one place where dots are made, at a replica of the key, on
 *  its own record. The given context is joined into the record, the siblings it covers go, and the
 *  new one gets a dot of this node.
 *
 *  Which actor? An entry (actor, 12) of the new vector also covers (actor, 9). It is true only if
 *  this copy holds, or has seen replaced, all that the actor ever issued for the key. An own epoch
 *  is therefore used again only if nothing speaks against that (reusableEpoch); otherwise the event
 *  begins an epoch of its own, which covers nothing else.
 *  Example: A holds x under (A,e7):9 and loses its copy; a blind write minted as (A,e7):12 would
 *  drop x at every other replica although it never saw it.
 *
 *  Invariants: a dot is above everything the record knows of its actor, so it is not covered at
 *  birth; the reply's context covers no sibling that its holder was not shown; an outcome can
 *  always be told to the client (its token fits); nothing is written here and nothing is read but
 *  the input.
 *  Not here: finding the earlier attempt of a write that is already replaced (request-table.ts),
 *  durability.
 *  Source: Preguiça, Baquero et al. 2010; riak_kv issue 679 (reused counters lose data). */
import { bytesEqual } from '../bytes.ts';
import type { Checksum } from '../checksum.ts';
import { CoterieError } from '../errors.ts';
import { CONTEXT_BYTES_MAX, RECORD_BYTES_MAX, SIBLINGS_MAX } from '../limits.ts';
import {
  addDot,
  type CausalContext,
  covers,
  EMPTY_CONTEXT,
  joinContexts,
  joinDots,
} from './causal-context.ts';
import { contextTokenByteLength } from './context-token.ts';
import { compareDots, type Dot, formatDot } from './dot.ts';
import { hlcFromUnixMs } from './hlc.ts';
import {
  type Content,
  contentHashOf,
  contextOf,
  EMPTY_BYTES,
  EMPTY_RECORD,
  isTwin,
  type Sibling,
  type VersionedRecord,
  visibleSiblings,
} from './record.ts';
import { recordByteLength } from './record-codec.ts';
import { joinVectors, seqOf } from './version-vector.ts';

export type MintOperation =
  | {
      readonly kind: 'put';
      readonly value: Uint8Array;
      readonly meta: Uint8Array;
      /** 16 bytes. */
      readonly requestId?: Uint8Array;
      /** Unix time, ms. */
      readonly expiresAtMs?: number;
    }
  | { readonly kind: 'delete'; readonly requestId?: Uint8Array };

export interface MintInput {
  /** This node's record of the key, with what is still being written; undefined when there is none.
   * */
  readonly local: VersionedRecord | undefined;
  /** false: the record was found unreadable; `local` is then what has been merged since, or
   *  undefined. */
  readonly isLocalReadable: boolean;
  /** What the client gave; EMPTY_CONTEXT for a blind write. */
  readonly context: CausalContext;
  /** Replace also all that this node holds, seen or not. */
  readonly overwrite: boolean;
  readonly operation: MintOperation;
  readonly nodeIndex: number;
  /** Freshly issued by this node's clock, used for nothing else. */
  readonly seq: number;
  /** Own epochs begun before this tick are not to be used again: records of the partition may have
   *  been lost. */
  readonly epochFloor: number;
  /** This node's wall clock, Unix ms: a context more than 24 h ahead of it is refused. */
  readonly unixMs: number;
  readonly checksum: Checksum;
  /** RECORD_BYTES_MAX when not given. */
  readonly recordBytesMax?: number;
  /** SIBLINGS_MAX when not given. */
  readonly siblingsMax?: number;
}

export interface MintOutcome {
  /** 'repeated': the record already holds this request's event; `record` is the local one and `dot`
   *  the first one. */
  readonly kind: 'minted' | 'repeated';
  readonly record: VersionedRecord;
  readonly dot: Dot;
  /** Goes back to the client; its token is at most CONTEXT_BYTES_MAX. */
  readonly replyContext: CausalContext;
  /** How many siblings of the record a read shows. */
  readonly siblings: number;
}

const CONTEXT_AHEAD_MS_MAX = 24 * 3_600_000;

/** Errors, none of which changed anything: INVALID_ARGUMENT (the request id belongs to another
 *  write), INVALID_CONTEXT (more than 24 h ahead), SIBLING_LIMIT {count, limit, context} or {bytes,
 *  bytesMax, context}, CLOCK_SKEW (the tick has been used before: the clock was set back and its
 *  ceiling lost). */
export function mint(input: MintInput): MintOutcome {
  const base = input.local ?? EMPTY_RECORD;
  const content = contentOf(input.operation);
  const contentHash = contentHashOf(input.checksum, content);
  const first = findEarlierAttempt(base, input.operation, contentHash);
  if (first !== undefined) return outcomeOf('repeated', base, first.dot, input.context);
  refuseFarContext(input);

  const given = input.overwrite ? joinContexts(input.context, base) : input.context;
  const known = joinContexts(base, given);
  const epoch = reusableEpoch(input, known) ?? input.seq;
  const dot: Dot = { nodeIndex: input.nodeIndex, epoch, seq: input.seq };
  if (covers(known, dot)) {
    throw new CoterieError(
      'CLOCK_SKEW',
      `Event ${formatDot(dot)} is already known: the clock of node ${input.nodeIndex} has issued ` +
        'this tick before; try again, and check its clock and store',
      { retryable: true },
    );
  }
  const own = siblingOf(input.operation, content, dot, contentHash);
  const vector = joinVectors(known.vector, [dot]);
  const record: VersionedRecord = {
    vector,
    dots: joinDots(known.dots, EMPTY_CONTEXT.dots, vector),
    siblings: withSibling(remainingSiblings(base, given), own),
  };
  refuseLargeRecord(input, base, record);
  return outcomeOf('minted', record, dot, input.context);
}

/** Of the record's entries of this node; undefined: it has none. */
export function newestEpoch(record: VersionedRecord, nodeIndex: number): number | undefined {
  return record.vector.findLast((entry) => entry.nodeIndex === nodeIndex)?.epoch;
}

/** The newest own epoch of the local record, if this node's copy is sure to hold everything of it.
 * */
function reusableEpoch(input: MintInput, known: CausalContext): number | undefined {
  const { local, nodeIndex, context, seq } = input;
  if (!input.isLocalReadable || local === undefined) return undefined;
  const newest = local.vector.findLast((entry) => entry.nodeIndex === nodeIndex);
  if (newest === undefined || newest.epoch < input.epochFloor) return undefined;
  for (const dot of local.dots) {
    // A single own event above the entry: of what lies between, this copy knows nothing.
    if (dot.nodeIndex === nodeIndex && dot.epoch >= newest.epoch) return undefined;
  }
  // A client has seen more of this node's events than the node itself: they were lost here.
  for (const entry of context.vector) {
    if (entry.nodeIndex !== nodeIndex) continue;
    const localSeq = seqOf(local.vector, entry);
    if (localSeq === undefined || localSeq < entry.seq) return undefined;
  }
  for (const dot of context.dots) {
    if (dot.nodeIndex === nodeIndex && !covers(local, dot)) return undefined;
  }
  const isAbove = (event: Dot) => event.nodeIndex !== nodeIndex || event.seq < seq;
  if (!known.vector.every(isAbove) || !known.dots.every(isAbove)) return undefined;
  return newest.epoch;
}

function refuseFarContext(input: MintInput): void {
  const latest = hlcFromUnixMs(input.unixMs + CONTEXT_AHEAD_MS_MAX);
  const isFar = (event: Dot) => event.seq > latest || event.epoch > latest;
  const far = input.context.vector.find(isFar) ?? input.context.dots.find(isFar);
  if (far === undefined) return;
  throw new CoterieError(
    'INVALID_CONTEXT',
    `The context names event ${formatDot(far)}, more than 24 h ahead of this node's clock: ` +
      'read the key again, and compare the clocks of the nodes',
  );
}

/** The sibling that an earlier attempt of this request left. */
function findEarlierAttempt(
  base: VersionedRecord,
  operation: MintOperation,
  contentHash: number,
): Sibling | undefined {
  const { requestId } = operation;
  if (requestId === undefined || base.siblings.length === 0) return undefined;
  const isTombstone = operation.kind === 'delete';
  const attempts = base.siblings.filter(
    (sibling) => sibling.requestId !== undefined && bytesEqual(sibling.requestId, requestId),
  );
  const same = attempts.find(
    (sibling) => sibling.isTombstone === isTombstone && sibling.contentHash === contentHash,
  );
  const [other] = attempts;
  if (same !== undefined || other === undefined) return same;
  throw new CoterieError(
    'INVALID_ARGUMENT',
    `The request id was used for another write, ${formatDot(other.dot)}: give each write its own`,
  );
}

function contentOf(operation: MintOperation): Content {
  return operation.kind === 'put' ? operation : { meta: EMPTY_BYTES, value: EMPTY_BYTES };
}

function siblingOf(
  operation: MintOperation,
  content: Content,
  dot: Dot,
  contentHash: number,
): Sibling {
  const { meta, value, expiresAtMs } = content;
  const { requestId } = operation;
  const isTombstone = operation.kind === 'delete';
  // Written out, for spreads are slow: nearly every sibling has an id and no expiry.
  if (requestId !== undefined && expiresAtMs === undefined) {
    return { dot, isTombstone, contentHash, requestId, meta, value };
  }
  return {
    dot,
    isTombstone,
    contentHash,
    ...(requestId === undefined ? {} : { requestId }),
    ...(expiresAtMs === undefined ? {} : { expiresAtMs }),
    meta,
    value,
  };
}

/** What the context does not cover. Twins go together: both are the one write that its reader saw.
 * */
function remainingSiblings(base: VersionedRecord, given: CausalContext): readonly Sibling[] {
  if (base.siblings.length === 0) return base.siblings;
  const dropped = base.siblings.filter((sibling) => covers(given, sibling.dot));
  if (dropped.length === 0) return base.siblings;
  if (dropped.length === base.siblings.length) return EMPTY_RECORD.siblings;
  return base.siblings.filter(
    (sibling) => !dropped.some((gone) => gone === sibling || isTwin(gone, sibling)),
  );
}

function withSibling(siblings: readonly Sibling[], own: Sibling): readonly Sibling[] {
  if (siblings.length === 0) return [own];
  const at = siblings.findIndex((sibling) => compareDots(sibling.dot, own.dot) > 0);
  return at < 0 ? [...siblings, own] : siblings.toSpliced(at, 0, own);
}

function refuseLargeRecord(input: MintInput, base: VersionedRecord, record: VersionedRecord): void {
  const limit = input.siblingsMax ?? SIBLINGS_MAX;
  const bytesMax = input.recordBytesMax ?? RECORD_BYTES_MAX;
  const count = record.siblings.length;
  const howToGoOn = 'read it, merge the siblings, and put the result with the context of the read';
  if (count > limit && count > base.siblings.length) {
    throw new CoterieError(
      'SIBLING_LIMIT',
      `The key has ${base.siblings.length} siblings, the limit is ${limit}: ${howToGoOn}`,
      { details: { count: base.siblings.length, limit, context: contextOf(base) } },
    );
  }
  const bytes = recordByteLength(record);
  if (bytes > bytesMax) {
    throw new CoterieError(
      'SIBLING_LIMIT',
      `The record of ${count} siblings would have ${bytes} bytes, the limit is ${bytesMax}: ` +
        howToGoOn,
      { details: { count, bytes, bytesMax, context: contextOf(base) } },
    );
  }
}

function outcomeOf(
  kind: MintOutcome['kind'],
  record: VersionedRecord,
  dot: Dot,
  given: CausalContext,
): MintOutcome {
  const replyContext = replyContextOf(record, dot, given);
  return { kind, record, dot, replyContext, siblings: visibleSiblings(record).length };
}

/** All that the record knows, if the client's own sibling is the only one; otherwise what the
 *  client knew, and its own event. A client that goes on writing beside a sibling it never reads
 *  collects one dot per write. When these no longer fit, its own new dot stands for them: they are
 *  in the past of that dot, so every replica that has it has seen them. A context that covers less
 *  never loses a write. */
function replyContextOf(record: VersionedRecord, dot: Dot, given: CausalContext): CausalContext {
  if (record.siblings.length === 1 && isTellable(record)) return contextOf(record);
  const whole = addDot(given, dot);
  if (isTellable(whole)) return whole;
  const short = { vector: given.vector, dots: [dot] };
  return isTellable(short) ? short : { vector: EMPTY_CONTEXT.vector, dots: [dot] };
}

function isTellable(context: CausalContext): boolean {
  return contextTokenByteLength(context) <= CONTEXT_BYTES_MAX;
}
