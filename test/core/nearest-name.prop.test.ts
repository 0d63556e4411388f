import fc from 'fast-check';
import { expect, test } from 'vitest';
import { editDistance, nearestName } from '../../src/core/nearest-name.ts';

const word = fc.string({ maxLength: 12 });

test('the edit distance is a metric, and at most the longer length', () => {
  fc.assert(
    fc.property(word, word, word, (a, b, c) => {
      const ab = editDistance(a, b);
      expect(ab === 0).toBe(a === b);
      expect(ab).toBe(editDistance(b, a));
      expect(ab).toBeLessThanOrEqual(Math.max(a.length, b.length));
      expect(ab).toBeGreaterThanOrEqual(Math.abs(a.length - b.length));
      expect(editDistance(a, c)).toBeLessThanOrEqual(ab + editDistance(b, c));
    }),
  );
});

test('what is offered is a candidate, and none is nearer', () => {
  fc.assert(
    fc.property(word, fc.array(word, { maxLength: 6 }), (name, candidates) => {
      const nearest = nearestName(name, candidates);
      if (nearest === undefined) return;
      expect(candidates).toContain(nearest);
      const to = (other: string): number => editDistance(name.toLowerCase(), other.toLowerCase());
      const isNearEnough = (other: string): boolean =>
        to(other) <= 2 && to(other) + 2 <= Math.min(name.length, other.length);
      for (const other of candidates.filter(isNearEnough)) {
        expect(to(nearest)).toBeLessThanOrEqual(to(other));
      }
    }),
  );
});

test('one letter left out of a name of four or more finds it', () => {
  const names = fc.stringMatching(/^[a-z]{4,12}$/);
  fc.assert(
    fc.property(names, fc.nat(), (name, at) => {
      const index = at % name.length;
      expect(nearestName(name.slice(0, index) + name.slice(index + 1), [name])).toBe(name);
    }),
  );
});
