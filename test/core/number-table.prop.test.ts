import fc from 'fast-check';
import { expect, it } from 'vitest';
import { NumberTable } from '../../src/core/number-table.ts';

interface Item {
  readonly serial: number;
}

/** Few numbers, which begin at the same slots; ids in a row; and any. */
const key = fc.oneof(
  fc.nat(3).map((step) => 15 + 16 * step),
  fc.nat(40),
  fc.integer({ min: -(2 ** 31), max: 2 ** 31 - 1 }),
);
const step = fc.record({ kind: fc.constantFrom('set', 'set', 'take', 'clear' as const), key });

it('whatever goes in and out, it holds what a map holds', () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 120, size: 'max' }), (steps) => {
      const table = new NumberTable<Item>();
      const model = new Map<number, Item>();
      for (const [serial, { kind, key: at }] of steps.entries()) {
        if (kind === 'set') {
          table.set(at, { serial });
          model.set(at, { serial });
        } else if (kind === 'take') {
          expect(table.take(at)?.serial).toBe(model.get(at)?.serial);
          model.delete(at);
        } else if (serial % 7 === 0) {
          table.clear();
          model.clear();
        }
        expect(table.size).toBe(model.size);
        expect(table.get(at)?.serial).toBe(model.get(at)?.serial);
      }
      for (const [known, item] of model) expect(table.get(known)).toEqual(item);
      const bySerial = (a: Item, b: Item): number => a.serial - b.serial;
      expect(table.items().sort(bySerial)).toEqual([...model.values()].sort(bySerial));
    }),
  );
});

it('of ids that pass through one after the other each is found, also over the end of all ids', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 64 }),
      fc.integer({ min: 2 ** 32 - 3_000, max: 2 ** 32 + 10 }),
      (atOnce, first) => {
        const table = new NumberTable<Item>();
        for (let serial = 0; serial < 2_000; serial += 1) {
          table.set((first + serial) >>> 0, { serial });
          const over = serial - atOnce;
          if (over >= 0) expect(table.take((first + over) >>> 0)).toEqual({ serial: over });
        }
        expect(table.size).toBe(atOnce);
      },
    ),
    { numRuns: 20 },
  );
});
