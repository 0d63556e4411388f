/** What does a node keep of its own standing and of its peers', byte for byte?
 *
 *      peer|<node index>    the highest state seen of a member            1, JSON
 *      recovering           why this node is behind, until it is rebuilt  1, text
 *      madeGood             lives whose loss was made good here           1, 16 bytes each
 *      lossAccepted         what operators gave up, and when              1, JSON
 *      rebuilt              how far a rebuild has come                    1, u16 lives, 16 bytes
 *                                                                         each, partitions u32
 *      served               this folder has been SERVING                  1
 *
 *  Invariants: every value begins with its format byte; a value of a later format is refused, never
 *  guessed at; `peer` rows of before there were successors are read as having none, and of before
 *  their commits were kept as not knowing them, `lossAccepted` rows of before earlier losses were
 *  kept as having none.
 *  Not here: when they are written (standing-keeper.ts). */
import { bytesToHex, hexToBytes } from '../../core/bytes.ts';
import { CoterieError } from '../../core/errors.ts';
import { COMMITS_UNKNOWN, MADE_GOOD_MAX, type Remembered } from '../../core/membership/standing.ts';

export const RECOVERING_ROW = 'recovering';
export const MADE_GOOD_ROW = 'madeGood';
export const LOSS_ACCEPTED_ROW = 'lossAccepted';
export const SERVED_ROW = 'served';

export function peerRow(nodeIndex: number): string {
  return `peer|${nodeIndex}`;
}

interface NotedLoss {
  /** Unix time. */
  readonly atMs: number;
  /** Why the node was behind, or what was unreadable. */
  readonly reason: string;
}

/** An operator let this node serve with what could be got, though others had more. */
export interface AcceptedLoss extends NotedLoss {
  /** The rebuild that it was said of is over. */
  readonly isOver: boolean;
  /** What was given up before, the newest last; with this one LOSSES_MAX at most. */
  readonly earlier: readonly NotedLoss[];
}

/** A small loss must not take the note of a large one before it away. */
export const LOSSES_MAX = 8;

/** How far a rebuild has come. */
export interface StoredProgress {
  /** Runs whose loss it makes good. */
  readonly lives: readonly string[];
  readonly partitions: readonly number[];
}

const ROW_FORMAT = 1;
const LIFE_BYTES = 16;
const encoder = new TextEncoder();

export function encodeText(text: string): Uint8Array {
  return withFormat(encoder.encode(text));
}

/** Errors: VERSION_UNSUPPORTED, as for every decoder here. */
export function decodeText(row: Uint8Array): string {
  return new TextDecoder().decode(content(row));
}

export function encodePeer(remembered: Remembered): Uint8Array {
  const { storeId, run, runId, ceiling, commitSeq, successors } = remembered;
  const successorIds = successors.map((successor) => successor.runId);
  const successorCommits = successors.map((successor) => successor.commitSeq);
  const row = { storeId, run, runId, ceiling, commitSeq, successorIds, successorCommits };
  return encodeText(JSON.stringify(row));
}

/** Errors: also MALFORMED_MESSAGE. */
export function decodePeer(row: Uint8Array): Remembered {
  const value: unknown = JSON.parse(decodeText(row));
  if (!isStoredPeer(value)) throw malformed('about a member');
  const { storeId, run, runId, ceiling, commitSeq } = value;
  const { successorIds = [], successorCommits = [] } = value;
  const successors = successorIds.map((id, index) => ({
    runId: id,
    commitSeq: successorCommits[index] ?? COMMITS_UNKNOWN,
  }));
  return { storeId, run, runId, ceiling, commitSeq, successors };
}

/** The newest last; of too many the oldest go. */
export function encodeLives(runIds: readonly string[]): Uint8Array {
  const kept = runIds.slice(-MADE_GOOD_MAX);
  const bytes = new Uint8Array(kept.length * LIFE_BYTES);
  for (const [index, id] of kept.entries()) bytes.set(hexToBytes(id), index * LIFE_BYTES);
  return withFormat(bytes);
}

export function decodeLives(row: Uint8Array): readonly string[] {
  const bytes = content(row);
  if (bytes.length % LIFE_BYTES !== 0) throw malformed('about made good losses');
  const runIds: string[] = [];
  for (let at = 0; at < bytes.length; at += LIFE_BYTES) {
    runIds.push(bytesToHex(bytes.subarray(at, at + LIFE_BYTES)));
  }
  return runIds;
}

export function encodeAcceptedLoss({ atMs, reason, isOver, earlier }: AcceptedLoss): Uint8Array {
  const before = earlier.map((loss) => ({ atMs: loss.atMs, reason: loss.reason }));
  return encodeText(JSON.stringify({ atMs, reason, isOver, earlier: before }));
}

export function decodeAcceptedLoss(row: Uint8Array): AcceptedLoss {
  const value: unknown = JSON.parse(decodeText(row));
  if (isAcceptedLoss(value)) return { ...value, earlier: value.earlier ?? [] };
  throw malformed('about an accepted loss');
}

export function encodeProgress({ lives, partitions }: StoredProgress): Uint8Array {
  const kept = lives.slice(-MADE_GOOD_MAX);
  const bytes = new Uint8Array(2 + kept.length * LIFE_BYTES + partitions.length * 4);
  const view = new DataView(bytes.buffer);
  view.setUint16(0, kept.length);
  for (const [index, id] of kept.entries()) bytes.set(hexToBytes(id), 2 + index * LIFE_BYTES);
  const partitionsAt = 2 + kept.length * LIFE_BYTES;
  for (const [index, partition] of partitions.entries()) {
    view.setUint32(partitionsAt + index * 4, partition);
  }
  return withFormat(bytes);
}

export function decodeProgress(row: Uint8Array): StoredProgress {
  const bytes = content(row);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const count = bytes.length < 2 ? 0 : view.getUint16(0);
  const partitionsAt = 2 + count * LIFE_BYTES;
  if (bytes.length < partitionsAt || (bytes.length - partitionsAt) % 4 !== 0) {
    throw malformed('about a rebuild');
  }
  const lives: string[] = [];
  for (let at = 2; at < partitionsAt; at += LIFE_BYTES) {
    lives.push(bytesToHex(bytes.subarray(at, at + LIFE_BYTES)));
  }
  const partitions: number[] = [];
  for (let at = partitionsAt; at < bytes.length; at += 4) partitions.push(view.getUint32(at));
  return { lives, partitions };
}

function withFormat(bytes: Uint8Array): Uint8Array {
  const row = new Uint8Array(1 + bytes.length);
  row[0] = ROW_FORMAT;
  row.set(bytes, 1);
  return row;
}

function content(row: Uint8Array): Uint8Array {
  if (row[0] === ROW_FORMAT) return row.subarray(1);
  throw new CoterieError(
    'VERSION_UNSUPPORTED',
    `A row about the standing of a node has format ${row[0]}; this software reads ${ROW_FORMAT}`,
  );
}

function malformed(which: string): CoterieError {
  return new CoterieError('MALFORMED_MESSAGE', `A row ${which} cannot be read`);
}

interface StoredPeer extends Omit<Remembered, 'successors'> {
  readonly successorIds?: readonly string[];
  readonly successorCommits?: readonly number[];
}

function isStoredPeer(value: unknown): value is StoredPeer {
  if (typeof value !== 'object' || value === null) return false;
  const fields = value as Record<string, unknown>;
  const { successorIds, successorCommits } = fields;
  return (
    typeof fields['storeId'] === 'string' &&
    typeof fields['runId'] === 'string' &&
    (successorIds === undefined || isTexts(successorIds)) &&
    (successorCommits === undefined || isNumbers(successorCommits)) &&
    Number.isSafeInteger(fields['run']) &&
    Number.isSafeInteger(fields['ceiling']) &&
    Number.isSafeInteger(fields['commitSeq'])
  );
}

function isTexts(value: unknown): boolean {
  return Array.isArray(value) && value.every((text) => typeof text === 'string');
}

function isNumbers(value: unknown): boolean {
  return Array.isArray(value) && value.every(Number.isSafeInteger);
}

function isAcceptedLoss(value: unknown): value is Omit<AcceptedLoss, 'earlier'> & {
  readonly earlier?: readonly NotedLoss[];
} {
  if (!isNotedLoss(value)) return false;
  const fields: Record<string, unknown> = { ...value };
  const { earlier } = fields;
  return (
    typeof fields['isOver'] === 'boolean' &&
    (earlier === undefined || (Array.isArray(earlier) && earlier.every(isNotedLoss)))
  );
}

function isNotedLoss(value: unknown): value is NotedLoss {
  if (typeof value !== 'object' || value === null) return false;
  const fields = value as Record<string, unknown>;
  return Number.isSafeInteger(fields['atMs']) && typeof fields['reason'] === 'string';
}
