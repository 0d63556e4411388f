/** How a version vector and single events stand in bytes; records and context tokens share it.
 *
 *      context := list of the vector's entries, list of the single dots
 *      list    := count varint, then the dots in order, each:
 *        node    varint  nodeIndex less that of the dot before it (first dot: as it is)
 *        epoch   varint  less the epoch before it, if of the same node; otherwise as it is
 *        seq     varint  less the seq before it, if of the same actor; otherwise less the epoch
 *
 *  Invariants: one context has one form. Order needs no check of its own, because differences are
 *  not negative; a difference of zero is refused where it would repeat an actor (vector) or a dot,
 *  and so is a single dot that the vector covers. seq >= epoch holds for all dots, since an epoch
 *  is the seq of its first dot. */
import { assert } from '../errors.ts';
import { type CausalContext, vectorCovers } from './causal-context.ts';
import { type Dot, isSameActor } from './dot.ts';
import { type ByteReader, malformed, varintByteLength, writeVarint } from './varint.ts';

const NODE_INDEX_MAX = 65_535;

export function contextByteLength(context: CausalContext): number {
  return listByteLength(context.vector) + listByteLength(context.dots);
}

/** Returns the offset behind the context. */
export function writeContext(bytes: Uint8Array, offset: number, context: CausalContext): number {
  return writeList(bytes, writeList(bytes, offset, context.vector), context.dots);
}

/** Errors: MALFORMED_MESSAGE. */
export function readContext(reader: ByteReader): CausalContext {
  const vector = readList(reader, true);
  const dots = readList(reader, false);
  for (const dot of dots) {
    if (vectorCovers(vector, dot)) throw malformed('A single dot is covered by the vector');
  }
  return { vector, dots };
}

function listByteLength(dots: readonly Dot[]): number {
  let length = varintByteLength(dots.length);
  let previous: Dot | undefined;
  // By index, here and below: lists are frozen or not, and an iterator over both is a slow one.
  for (let index = 0; index < dots.length; index += 1) {
    const dot = dots[index];
    if (dot === undefined) break;
    assert(dot.seq >= dot.epoch, 'a dot is below its epoch');
    length +=
      varintByteLength(dot.nodeIndex - nodeBaseOf(previous)) +
      varintByteLength(dot.epoch - epochBaseOf(dot, previous)) +
      varintByteLength(dot.seq - seqBaseOf(dot, previous));
    previous = dot;
  }
  return length;
}

function writeList(bytes: Uint8Array, offset: number, dots: readonly Dot[]): number {
  let at = writeVarint(bytes, offset, dots.length);
  let previous: Dot | undefined;
  for (let index = 0; index < dots.length; index += 1) {
    const dot = dots[index];
    if (dot === undefined) break;
    at = writeVarint(bytes, at, dot.nodeIndex - nodeBaseOf(previous));
    at = writeVarint(bytes, at, dot.epoch - epochBaseOf(dot, previous));
    at = writeVarint(bytes, at, dot.seq - seqBaseOf(dot, previous));
    previous = dot;
  }
  return at;
}

function nodeBaseOf(previous: Dot | undefined): number {
  return previous === undefined ? 0 : previous.nodeIndex;
}

function epochBaseOf(dot: Dot, previous: Dot | undefined): number {
  return previous !== undefined && previous.nodeIndex === dot.nodeIndex ? previous.epoch : 0;
}

function seqBaseOf(dot: Dot, previous: Dot | undefined): number {
  return previous !== undefined && isSameActor(previous, dot) ? previous.seq : dot.epoch;
}

function readList(reader: ByteReader, isVector: boolean): Dot[] {
  const count = reader.varint();
  // Three bytes is the least that a dot takes: a count beyond that is refused before anything is
  // built.
  if (count * 3 > reader.remaining) throw malformed(`${count} dots cannot fit`);
  const dots: Dot[] = [];
  let nodeIndex = 0;
  let epoch = 0;
  let seq = 0;
  for (let index = 0; index < count; index += 1) {
    const nodeStep = reader.varint();
    const epochStep = reader.varint();
    const seqStep = reader.varint();
    const isSameNode = index > 0 && nodeStep === 0;
    const isSameActor = isSameNode && epochStep === 0;
    if (isSameActor && (isVector || seqStep === 0)) throw malformed('A dot or actor is repeated');
    nodeIndex += nodeStep;
    epoch = isSameNode ? epoch + epochStep : epochStep;
    seq = isSameActor ? seq + seqStep : epoch + seqStep;
    if (nodeIndex > NODE_INDEX_MAX) {
      throw malformed(`Node index ${nodeIndex} is above ${NODE_INDEX_MAX}`);
    }
    if (seq > Number.MAX_SAFE_INTEGER) throw malformed('A dot is above 2^53 - 1');
    dots.push({ nodeIndex, epoch, seq });
  }
  return dots;
}
