import fc from 'fast-check';
import { expect, it } from 'vitest';
import {
  FindingList,
  isLaterStart,
  RISE_MAX,
} from '../../../src/core/membership/member-finding.ts';

it('each is told exactly once, at the first taking after it was found', () => {
  const ids = fc.array(fc.array(fc.constantFrom('a', 'b', 'c', 'd')));
  fc.assert(
    fc.property(ids, (rounds) => {
      const list = new FindingList();
      const told = new Set<string>();
      for (const round of rounds) {
        for (const id of round) list.add({ kind: 'removed', id, name: id });
        const expected = [...new Set(round)].filter((id) => !told.has(id));
        expect(list.take().map(({ id }) => id)).toEqual(expected);
        for (const id of expected) told.add(id);
      }
    }),
  );
});

it('of two generations exactly one is the later start, also when the earlier one has risen', () => {
  const generation = fc.nat({ max: 2 ** 40 });
  const rise = fc.integer({ min: 1, max: RISE_MAX });
  fc.assert(
    fc.property(generation, generation, (a, b) => {
      expect(isLaterStart(a, b)).toBe(a !== b && !isLaterStart(b, a));
    }),
  );
  fc.assert(
    fc.property(generation, rise, (later, ahead) => {
      expect(isLaterStart(later, later + ahead)).toBe(true);
    }),
  );
});
