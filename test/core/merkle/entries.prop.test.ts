import fc from 'fast-check';
import { expect, test } from 'vitest';
import {
  compareEntries,
  endOf,
  packMarks,
  through,
  unpackEntries,
} from '../../../src/core/merkle/entries.ts';
import { entryOf, isSorted, keyOfRow, type Replica } from './model.ts';

const replica = fc
  .array(fc.tuple(fc.nat(60), fc.integer({ min: 1, max: 4 })), { maxLength: 40 })
  .map((pairs): Replica => new Map(pairs));

function entriesOf(side: Replica) {
  return [...side].sort(([a], [b]) => a - b).map(([key, version]) => entryOf(key, version));
}

test('a difference names each key that differs once, and goes to the side that is behind', () => {
  fc.assert(
    fc.property(replica, replica, (own, theirs) => {
      const { fetch, push } = compareEntries(entriesOf(own), entriesOf(theirs));
      expect(isSorted(fetch)).toBe(true);
      expect(isSorted(push)).toBe(true);
      const keys = new Set([...own.keys(), ...theirs.keys()]);
      const fetched = new Set(fetch.map(({ key }) => keyOfRow(key)));
      const pushed = new Set(push.map(({ key }) => keyOfRow(key)));
      for (const key of keys) {
        const ours = own.get(key) ?? 0;
        const other = theirs.get(key) ?? 0;
        expect([fetched.has(key), pushed.has(key)]).toEqual([other > ours, ours > other]);
      }
    }),
  );
});

test('pages of both sides, cut where both go on, find what the whole lists find', () => {
  const sizes = fc.integer({ min: 1, max: 7 });
  fc.assert(
    fc.property(replica, replica, sizes, sizes, (own, theirs, ownMax, theirMax) => {
      const whole = compareEntries(entriesOf(own), entriesOf(theirs));
      const found: number[] = [];
      let after = -1;
      for (;;) {
        const cut = (side: Replica, max: number) => {
          const rest = entriesOf(side).filter(({ key }) => keyOfRow(key) > after);
          return { entries: rest.slice(0, max), isMore: rest.length > max };
        };
        const pages = [cut(own, ownMax), cut(theirs, theirMax)] as const;
        const end = endOf(...pages);
        const part = compareEntries(through(pages[0].entries, end), through(pages[1].entries, end));
        found.push(...[...part.fetch, ...part.push].map(({ key }) => keyOfRow(key)));
        if (end === undefined) break;
        expect(keyOfRow(end)).toBeGreaterThan(after);
        after = keyOfRow(end);
      }
      const all = [...whole.fetch, ...whole.push].map(({ key }) => keyOfRow(key));
      expect(found.sort((a, b) => a - b)).toEqual(all.sort((a, b) => a - b));
    }),
  );
});

test('entries come out of a message as they went in', () => {
  fc.assert(
    fc.property(replica, (side) => {
      const entries = entriesOf(side);
      const keys = entries.map(({ key }) => key);
      expect(unpackEntries(keys, packMarks(entries), new Uint8Array(0))).toEqual(entries);
    }),
  );
});
