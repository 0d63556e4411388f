/** Gossip between its form in core and its bytes.
 *
 *  - Ids and hashes are hexadecimal text in core and raw bytes on the wire.
 *  - Whatever comes from outside is checked here, once: what decodeGossipFrame returns keeps the
 *    ranges that core states, and no list in it is longer than its bound.
 *  - A member whose record is out of range makes the whole frame MALFORMED_MESSAGE: nobody who
 *    speaks this protocol sends one. */
import { bytesToHex, hexToBytes } from '../core/bytes.ts';
import { CoterieError } from '../core/errors.ts';
import { GOSSIP_FRAME_BYTES_MAX } from '../core/limits.ts';
import {
  type GossipDelta,
  type GossipMessage,
  type GossipOpen,
  type GossipReply,
  WANTS_MAX,
} from '../core/membership/gossip-exchange.ts';
import type { EntrySummary } from '../core/membership/member-digest.ts';
import { ACCUSERS_MAX, type MemberEntry } from '../core/membership/member-entry.ts';
import {
  COUNTER_MAX,
  checkAccusation,
  checkRecord,
  GENERATION_MAX,
  type MemberRecord,
  type MemberStatus,
} from '../core/membership/member-record.ts';
import { BUCKETS } from '../core/membership/member-slots.ts';
import { MEMBER_TABLE_DEFAULTS } from '../core/membership/member-table.ts';
import { errorFromWire, errorToWire } from './error-codec.ts';
import { FrameWriter } from './frame-writer.ts';
import {
  MemberEntry as WireEntry,
  GossipFrame as WireFrame,
  ProbeOutcome as WireOutcome,
  MemberState as WireState,
} from './generated/coterie/v1/gossip.ts';

const ENTRIES_MAX = MEMBER_TABLE_DEFAULTS.entriesMax;
const ID_BYTES = 16;
const ADDRESS_CHARS_MAX = 255;

export interface GossipPeer {
  readonly protocol: number;
  readonly clusterId: string;
  readonly id: string;
  readonly generation: number;
  readonly address: string;
}

export type ProbeOutcome = 'ack' | 'refused' | 'silent';

export type GossipContent =
  | GossipMessage
  | { readonly kind: 'refused'; readonly error: CoterieError }
  | {
      readonly kind: 'probe';
      /** Empty: answer yourself. */
      readonly target: string;
      readonly address: string;
      readonly timeoutMs: number;
    }
  | { readonly kind: 'probe-result'; readonly target: string; readonly outcome: ProbeOutcome };

export interface GossipFrame {
  /** In the first frame of each side. */
  readonly sender?: GossipPeer;
  /** u32, chosen by the side that opens. */
  readonly exchange: number;
  /** Wall clock of the sender when it sent this. */
  readonly wallMs: number;
  /** Absent: a greeting, or something newer than this software. */
  readonly content?: GossipContent;
}

const frameWriter = new FrameWriter<WireFrame>(WireFrame);

export function encodeGossipFrame(frame: GossipFrame): Uint8Array {
  const { sender, exchange, wallMs, content } = frame;
  return frameWriter.encode({
    sender: sender === undefined ? undefined : peerToWire(sender),
    exchange,
    wallMs,
    message: content === undefined ? undefined : contentToWire(content),
  });
}

/** Errors: MALFORMED_MESSAGE for bytes that are no frame, too long, or out of any range. */
export function decodeGossipFrame(bytes: Uint8Array): GossipFrame {
  if (bytes.length > GOSSIP_FRAME_BYTES_MAX) {
    throw malformed(`A frame of ${bytes.length} bytes is over ${GOSSIP_FRAME_BYTES_MAX}`);
  }
  const { sender, exchange, wallMs, message } = decodeWire(bytes);
  if (!Number.isFinite(wallMs)) throw malformed(`The wall clock of a frame is ${wallMs}`);
  const content = message === undefined ? undefined : contentFromWire(message);
  // Not by spreads: one is made of every frame, and each would get a hidden class of its own.
  const frame: { -readonly [Field in keyof GossipFrame]: GossipFrame[Field] } = {
    exchange,
    wallMs,
  };
  if (sender !== undefined) frame.sender = peerFromWire(sender);
  if (content !== undefined) frame.content = content;
  return frame;
}

/** One entry alone, as a node keeps it between two runs. */
export function encodeMemberEntry(entry: MemberEntry): Uint8Array {
  return WireEntry.encode(entryToWire(entry)).finish();
}

/** Errors: MALFORMED_MESSAGE. */
export function decodeMemberEntry(bytes: Uint8Array): MemberEntry {
  try {
    return entryFromWire(WireEntry.decode(bytes));
  } catch (cause) {
    throw cause instanceof CoterieError ? cause : undecodable(bytes, cause);
  }
}

function decodeWire(bytes: Uint8Array): WireFrame {
  try {
    return WireFrame.decode(bytes);
  } catch (cause) {
    throw undecodable(bytes, cause);
  }
}

type WireMessage = NonNullable<WireFrame['message']>;
type WirePeer = NonNullable<WireFrame['sender']>;
type WireOf<Case extends WireMessage['$case'], Field extends string> =
  Extract<WireMessage, { $case: Case }> extends Record<Field, infer Value> ? Value : never;

function contentToWire(content: GossipContent): WireMessage {
  switch (content.kind) {
    case 'open':
      return { $case: 'open', open: openToWire(content) };
    case 'reply':
      return { $case: 'reply', reply: replyToWire(content) };
    case 'delta':
      return { $case: 'delta', delta: deltaToWire(content) };
    case 'refused':
      return { $case: 'refused', refused: errorToWire(content.error) };
    case 'probe': {
      const { target, address, timeoutMs } = content;
      return { $case: 'probe', probe: { target: hexToBytes(target), address, timeoutMs } };
    }
    case 'probe-result': {
      const outcome = WIRE_OUTCOMES[content.outcome];
      const target = hexToBytes(content.target);
      return { $case: 'probeResult', probeResult: { target, outcome } };
    }
  }
}

function contentFromWire(message: WireMessage): GossipContent {
  switch (message.$case) {
    case 'open':
      return openFromWire(message.open);
    case 'reply':
      return replyFromWire(message.reply);
    case 'delta':
      return deltaFromWire(message.delta);
    case 'refused':
      return { kind: 'refused', error: errorFromWire(message.refused) };
    case 'probe': {
      const { target, address, timeoutMs } = message.probe;
      checkLength('characters of an address', address.length, ADDRESS_CHARS_MAX);
      return { kind: 'probe', target: idOrNone(target), address, timeoutMs };
    }
    case 'probeResult': {
      const { target, outcome } = message.probeResult;
      const known = OUTCOMES[outcome];
      if (known === undefined) throw malformed(`The outcome of a probe is ${outcome}`);
      return { kind: 'probe-result', target: idOrNone(target), outcome: known };
    }
  }
}

function openToWire({ digest, news }: GossipOpen): WireOf<'open', 'open'> {
  const { hashes, counts, heartbeats } = digest;
  return {
    hashes: [...hashes],
    counts: [...counts],
    heartbeats: [...heartbeats],
    news: news.map(entryToWire),
  };
}

function openFromWire(open: WireOf<'open', 'open'>): GossipOpen {
  const { hashes, counts, heartbeats } = open;
  if (hashes.length !== BUCKETS || counts.length !== BUCKETS) {
    throw malformed(
      `A digest has ${hashes.length} hashes and ${counts.length} counts; it must have ${BUCKETS}`,
    );
  }
  checkLength('heartbeats', heartbeats.length, ENTRIES_MAX);
  const counted = counts.reduce((sum, count) => sum + count, 0);
  if (counted !== heartbeats.length) {
    throw malformed(`A digest counts ${counted} heartbeats and has ${heartbeats.length}`);
  }
  const digest = { hashes, counts, heartbeats };
  return { kind: 'open', digest, news: entriesFromWire(open.news) };
}

function replyToWire({ ahead, summaries, news }: GossipReply): WireOf<'reply', 'reply'> {
  return {
    ahead: [...ahead],
    buckets: [...summaries.buckets],
    summaries: summaries.entries.map((summary) => ({ ...summary, id: hexToBytes(summary.id) })),
    news: news.map(entryToWire),
  };
}

function replyFromWire(reply: WireOf<'reply', 'reply'>): GossipReply {
  const { ahead, buckets, summaries } = reply;
  checkLength('heartbeats', ahead.length, ENTRIES_MAX);
  checkLength('buckets', buckets.length, BUCKETS);
  checkLength('summaries', summaries.length, ENTRIES_MAX);
  for (const bucket of buckets) checkNumber('bucket', bucket, BUCKETS - 1);
  const entries = summaries.map((summary): EntrySummary => {
    checkNumber('generation', summary.generation, GENERATION_MAX + 1);
    return { ...summary, id: idFromWire(summary.id) };
  });
  return {
    kind: 'reply',
    ahead,
    summaries: { buckets, entries },
    news: entriesFromWire(reply.news),
  };
}

function deltaToWire({ entries, wants, isLast }: GossipDelta): WireOf<'delta', 'delta'> {
  return { entries: entries.map(entryToWire), wants: wants.map(hexToBytes), last: isLast };
}

function deltaFromWire({ entries, wants, last }: WireOf<'delta', 'delta'>): GossipDelta {
  checkLength('wanted ids', wants.length, WANTS_MAX);
  return {
    kind: 'delta',
    entries: entriesFromWire(entries),
    wants: wants.map(idFromWire),
    isLast: last,
  };
}

function entryToWire(entry: MemberEntry): WireEntry {
  const { record, heartbeat, generation, incarnation } = entry;
  return {
    id: hexToBytes(entry.id),
    record: record === undefined ? undefined : recordToWire(record),
    heartbeat,
    generation,
    incarnation,
    accusers: entry.accusers.map(({ by, state }) => {
      return { by: hexToBytes(by), down: state === 'DOWN' };
    }),
  };
}

function entriesFromWire(entries: readonly WireEntry[]): readonly MemberEntry[] {
  checkLength('entries', entries.length, ENTRIES_MAX);
  return entries.map(entryFromWire);
}

function entryFromWire(wire: WireEntry): MemberEntry {
  const { heartbeat, generation, incarnation } = wire;
  const id = idFromWire(wire.id);
  checkNumber('generation', generation, GENERATION_MAX);
  checkNumber('incarnation', incarnation, COUNTER_MAX);
  checkLength('accusers', wire.accusers.length, ACCUSERS_MAX);
  const record = wire.record === undefined ? undefined : recordFromWire(id, wire.record);
  const accusers = wire.accusers.map(({ by, down }) => {
    const state = down ? ('DOWN' as const) : ('SUSPECT' as const);
    const accusation = { about: id, generation, incarnation, state, by: idFromWire(by) };
    checkAccusation(accusation);
    return { by: accusation.by, state };
  });
  return { id, record, heartbeat, generation, incarnation, accusers };
}

type WireRecord = NonNullable<WireEntry['record']>;

function recordToWire(record: MemberRecord): WireRecord {
  const { id: _, clusterId, layoutHash, status, nodeIndex, ...same } = record;
  return {
    ...same,
    clusterId: hexToBytes(clusterId),
    layoutHash: hexToBytes(layoutHash),
    state: WIRE_STATES[status],
    nodeIndex,
  };
}

function recordFromWire(id: string, wire: WireRecord): MemberRecord {
  const { clusterId, layoutHash, state, nodeIndex, ...same } = wire;
  const status = STATES[state];
  if (status === undefined) throw malformed(`The state of a member is ${state}`);
  const record: MemberRecord = {
    ...same,
    id,
    clusterId: bytesToHex(clusterId),
    layoutHash: bytesToHex(layoutHash),
    status,
    ...(nodeIndex === undefined ? {} : { nodeIndex }),
  };
  checkRecord(record);
  return record;
}

function peerToWire(peer: GossipPeer): WirePeer {
  return { ...peer, clusterId: hexToBytes(peer.clusterId), id: hexToBytes(peer.id) };
}

function peerFromWire(wire: WirePeer): GossipPeer {
  checkNumber('generation', wire.generation, GENERATION_MAX);
  checkLength('characters of an address', wire.address.length, ADDRESS_CHARS_MAX);
  return { ...wire, clusterId: idOrNone(wire.clusterId), id: idFromWire(wire.id) };
}

const WIRE_STATES: Readonly<Record<MemberStatus, WireState>> = {
  UP: WireState.UP,
  LEAVING: WireState.LEAVING,
  LEFT: WireState.LEFT,
};
const STATES: Readonly<Record<number, MemberStatus>> = {
  [WireState.UP]: 'UP',
  [WireState.LEAVING]: 'LEAVING',
  [WireState.LEFT]: 'LEFT',
};
const WIRE_OUTCOMES: Readonly<Record<ProbeOutcome, WireOutcome>> = {
  ack: WireOutcome.ACK,
  refused: WireOutcome.REFUSED,
  silent: WireOutcome.SILENT,
};
const OUTCOMES: Readonly<Record<number, ProbeOutcome>> = {
  [WireOutcome.ACK]: 'ack',
  [WireOutcome.REFUSED]: 'refused',
  [WireOutcome.SILENT]: 'silent',
};

function idFromWire(bytes: Uint8Array): string {
  if (bytes.length !== ID_BYTES) {
    throw malformed(`An id has ${bytes.length} bytes; it must have ${ID_BYTES}`);
  }
  return bytesToHex(bytes);
}

function idOrNone(bytes: Uint8Array): string {
  return bytes.length === 0 ? '' : idFromWire(bytes);
}

function checkLength(what: string, length: number, max: number): void {
  if (length > max) throw malformed(`${length} ${what} are over the bound of ${max}`);
}

function checkNumber(what: string, value: number, max: number): void {
  if (Number.isSafeInteger(value) && value >= 0 && value <= max) return;
  throw malformed(`The ${what} is ${value}; it must be a whole number from 0 to ${max}`);
}

function undecodable(bytes: Uint8Array, cause: unknown): CoterieError {
  return new CoterieError(
    'MALFORMED_MESSAGE',
    `${bytes.length} bytes that should be gossip cannot be decoded`,
    { cause },
  );
}

function malformed(message: string): CoterieError {
  return new CoterieError('MALFORMED_MESSAGE', message);
}
