/** Some of a partition's leaves, as ranges: what an exchange walks through, in the order of storage
 *  keys.
 *  Invariants: a list is from, to, from, to, ...: `from` inclusive, `to` exclusive; strictly
 *  increasing, so no two ranges touch and each set of leaves has one list.
 *  Not here: tokens of a leaf (core/ring/token.ts). */
import { CoterieError } from '../errors.ts';
import { LEAVES_PER_PARTITION, TOKENS, type TokenRange } from '../ring/token.ts';

export type LeafRanges = readonly number[];

export const ALL_LEAVES: LeafRanges = Object.freeze([0, LEAVES_PER_PARTITION]);

/** `ids`: increasing. */
export function rangesOf(ids: readonly number[]): LeafRanges {
  const ranges: number[] = [];
  for (const id of ids) {
    if (ranges.length > 0 && ranges.at(-1) === id) ranges[ranges.length - 1] = id + 1;
    else ranges.push(id, id + 1);
  }
  return ranges;
}

/** The tokens of these leaves, a range for each range. Errors: MALFORMED_MESSAGE when the list is
 *  none. */
export function tokenRangesOf(
  ranges: LeafRanges,
  partition: number,
  partitions: number,
): TokenRange[] {
  checkRanges(ranges);
  const width = TOKENS / (partitions * LEAVES_PER_PARTITION);
  const first = partition * LEAVES_PER_PARTITION;
  const tokens: TokenRange[] = [];
  for (let at = 0; at < ranges.length; at += 2) {
    const fromToken = (first + (ranges[at] ?? 0)) * width;
    const toToken = (first + (ranges[at + 1] ?? 0)) * width;
    tokens.push({ fromToken, toToken });
  }
  return tokens;
}

function checkRanges(ranges: LeafRanges): void {
  let previous = -1;
  let isSound = ranges.length > 0 && ranges.length % 2 === 0;
  for (const bound of ranges) {
    isSound &&= Number.isInteger(bound) && bound > previous && bound <= LEAVES_PER_PARTITION;
    previous = bound;
  }
  if (isSound) return;
  throw new CoterieError('MALFORMED_MESSAGE', `${ranges.length} bounds are no ranges of leaves`);
}
