/** Random vectors, contexts and records that keep the invariants of their types. */
import fc from 'fast-check';
import { type CausalContext, vectorCovers } from '../../../src/core/version/causal-context.ts';
import { compareActors, compareDots, type Dot, formatDot } from '../../../src/core/version/dot.ts';
import {
  contentHashOf,
  EMPTY_BYTES,
  type Sibling,
  type VersionedRecord,
} from '../../../src/core/version/record.ts';
import type { VersionVector } from '../../../src/core/version/version-vector.ts';
import { bytesOf, checksum } from './replicas.ts';

const TICK_MAX = Number.MAX_SAFE_INTEGER;

/** Few actors and events, so that random dots meet. */
export const smallDots: fc.Arbitrary<Dot> = fc
  .tuple(fc.nat(2), fc.nat(2), fc.nat(4))
  .map(([nodeIndex, epoch, step]) => ({ nodeIndex, epoch, seq: epoch + step }));

/** The whole range of each number. */
export const wideDots: fc.Arbitrary<Dot> = fc
  .tuple(fc.nat(65_535), fc.bigInt(0n, BigInt(TICK_MAX)), fc.bigInt(0n, BigInt(TICK_MAX)))
  .map(([nodeIndex, a, b]) => {
    const [epoch, seq] = a < b ? [a, b] : [b, a];
    return { nodeIndex, epoch: Number(epoch), seq: Number(seq) };
  });

export function vectors(dots: fc.Arbitrary<Dot>): fc.Arbitrary<VersionVector> {
  return fc
    .uniqueArray(dots, { maxLength: 6, comparator: (a, b) => compareActors(a, b) === 0 })
    .map((entries) => entries.sort(compareDots));
}

export function contexts(dots: fc.Arbitrary<Dot>): fc.Arbitrary<CausalContext> {
  const singles = fc.uniqueArray(dots, {
    maxLength: 5,
    comparator: (a, b) => compareDots(a, b) === 0,
  });
  return fc.tuple(vectors(dots), singles).map(([vector, all]) => ({
    vector,
    dots: all.filter((dot) => !vectorCovers(vector, dot)).sort(compareDots),
  }));
}

/** Content follows from the dot alone, as it does when a dot is minted once. */
export function siblingAt(dot: Dot): Sibling {
  const kind = (dot.seq + dot.nodeIndex) % 4;
  const isTombstone = kind === 0;
  const content = {
    meta: kind === 1 ? bytesOf('m') : EMPTY_BYTES,
    value: isTombstone ? EMPTY_BYTES : bytesOf(formatDot(dot)),
    ...(kind === 2
      ? { expiresAtMs: 1_800_000_000_000 + dot.seq / 2 ** 20 - ((dot.seq / 2 ** 20) % 1) }
      : {}),
  };
  const requestId = kind === 3 ? { requestId: new Uint8Array(16).fill(dot.nodeIndex % 256) } : {};
  return {
    dot,
    isTombstone,
    contentHash: contentHashOf(checksum, content),
    ...requestId,
    ...content,
  };
}

export function records(dots: fc.Arbitrary<Dot>): fc.Arbitrary<VersionedRecord> {
  return fc
    .tuple(contexts(dots), fc.array(fc.tuple(fc.nat(5), fc.nat(2)), { maxLength: 6 }))
    .map(([context, picks]) => {
      const found = new Map<string, Dot>();
      for (const [index, back] of picks) {
        const entry = context.vector[index];
        if (entry === undefined) continue;
        const dot = { ...entry, seq: Math.max(entry.epoch, entry.seq - back) };
        found.set(formatDot(dot), dot);
      }
      return { ...context, siblings: [...found.values()].sort(compareDots).map(siblingAt) };
    });
}
