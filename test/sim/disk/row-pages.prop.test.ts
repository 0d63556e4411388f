import fc from 'fast-check';
import { expect, test } from 'vitest';
import { RowPages, rowsAt } from '../../../src/sim/disk/row-pages.ts';

const rowArbitrary = fc.record({
  key: fc.uint8Array({ maxLength: 40 }),
  previous: fc.option(fc.uint8Array({ maxLength: 300 }), { nil: undefined }),
});

test('whatever batches replaced is read back as it was, from every place', () => {
  fc.assert(
    fc.property(fc.array(fc.array(rowArbitrary, { maxLength: 8 }), { maxLength: 8 }), (batches) => {
      const pages = new RowPages();
      const places = batches.map((rows) =>
        pages.keep(
          rows,
          rows.map(({ previous }) => previous),
        ),
      );
      expect(places.map(rowsAt)).toEqual(batches);
    }),
  );
});
