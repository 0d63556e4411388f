import fc from 'fast-check';
import { expect, test } from 'vitest';
import {
  addDot,
  type CausalContext,
  contextsEqual,
  covers,
  coversContext,
  joinContexts,
  vectorCovers,
} from '../../../src/core/version/causal-context.ts';
import type { Dot } from '../../../src/core/version/dot.ts';
import { contexts, smallDots } from './arbitraries.ts';

const some = contexts(smallDots);

/** Every event that small dots can name. */
const EVENTS: readonly Dot[] = [0, 1, 2].flatMap((nodeIndex) =>
  [0, 1, 2].flatMap((epoch) =>
    [0, 1, 2, 3, 4].map((step) => ({ nodeIndex, epoch, seq: epoch + step })),
  ),
);
const seenBy = (context: CausalContext) => EVENTS.map((event) => covers(context, event));

test('a join has seen what either has seen, and nothing else', () => {
  fc.assert(
    fc.property(some, some, (a, b) => {
      const [inA, inB] = [seenBy(a), seenBy(b)];
      expect(seenBy(joinContexts(a, b))).toEqual(inA.map((seen, at) => seen || inB[at]!));
    }),
    { numRuns: 500 },
  );
});

test('joining is commutative, associative and idempotent, down to the form', () => {
  fc.assert(
    fc.property(some, some, some, (a, b, c) => {
      const joined = joinContexts(a, b);
      expect(joined).toEqual(joinContexts(b, a));
      expect(joinContexts(joined, c)).toEqual(joinContexts(a, joinContexts(b, c)));
      expect(joinContexts(a, a)).toBe(a);
      expect(joined.dots.some((dot) => vectorCovers(joined.vector, dot))).toBe(false);
      expect(coversContext(joined, a) && coversContext(joined, b)).toBe(true);
      if (coversContext(a, b)) expect(joined).toBe(a);
      else if (contextsEqual(joined, b)) expect(joined).toBe(b);
    }),
    { numRuns: 500 },
  );
});

test('adding an event adds this one only', () => {
  fc.assert(
    fc.property(some, smallDots, (context, dot) => {
      const added = addDot(context, dot);
      const expected = EVENTS.map((event) => covers(context, event) || covers(only(dot), event));
      expect(seenBy(added)).toEqual(expected);
    }),
    { numRuns: 500 },
  );
});

function only(dot: Dot): CausalContext {
  return { vector: [], dots: [dot] };
}
