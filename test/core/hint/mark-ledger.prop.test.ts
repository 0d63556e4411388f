import fc from 'fast-check';
import { expect, test } from 'vitest';
import { type Mark, MarkLedger } from '../../../src/core/hint/mark-ledger.ts';

const steps = fc.array(
  fc.record({
    id: fc.constantFrom('a', 'b', 'c'),
    what: fc.constantFrom('miss', 'arrive', 'begin', 'end', 'lose'),
  }),
  { maxLength: 80 },
);

/** One replica and one key at a time: what it holds, what it should hold, and the row between. */
test('whenever the replica lacks a write there is a row, whatever the order of things', () => {
  fc.assert(
    fc.property(steps, fc.integer({ min: 1, max: 3 }), (all, entriesMax) => {
      const ledger = new MarkLedger(entriesMax);
      const rows = new Set<string>();
      const version = new Map<string, number>();
      const held = new Map<string, number>();
      const sent = new Map<string, number>();
      const marks = new Map<string, { mark: Mark; version: number }>();
      for (const { id, what } of all) {
        const present = version.get(id) ?? 0;
        const mine = marks.get(id);
        if (what === 'miss') {
          version.set(id, present + 1);
          const mark = ledger.missed(id);
          if (mark !== undefined) {
            mark.isOld = rows.has(id);
            rows.add(id);
            marks.set(id, { mark, version: present + 1 });
          }
        } else if (what === 'arrive' && mine !== undefined) {
          held.set(id, Math.max(held.get(id) ?? 0, mine.version));
          if (ledger.arrived(id, mine.mark) && !mine.mark.isOld) rows.delete(id);
          marks.delete(id);
        } else if (what === 'begin' && rows.has(id)) {
          ledger.begin(id);
          sent.set(id, present);
        } else if ((what === 'end' || what === 'lose') && sent.has(id)) {
          if (what === 'end') held.set(id, Math.max(held.get(id) ?? 0, sent.get(id) ?? 0));
          if (ledger.end(id, what === 'end')) rows.delete(id);
          sent.delete(id);
        }
        if ((held.get(id) ?? 0) < (version.get(id) ?? 0)) expect(rows.has(id)).toBe(true);
        expect(ledger.size).toBeLessThanOrEqual(entriesMax);
      }
    }),
    { numRuns: 2_000 },
  );
});
