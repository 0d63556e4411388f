import { describe, expect, it } from 'vitest';
import { RowPages, rowsAt } from '../../../src/sim/disk/row-pages.ts';

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);

describe('pages of replaced rows', () => {
  it('tell an empty value from an absent key', () => {
    const place = new RowPages().keep(
      [{ key: bytes('a') }, { key: bytes('b') }],
      [undefined, bytes('')],
    );
    expect(rowsAt(place)).toEqual([
      { key: bytes('a'), previous: undefined },
      { key: bytes('b'), previous: bytes('') },
    ]);
  });

  it('keep what follows apart, also when the page is full and when one batch is larger', () => {
    const pages = new RowPages();
    const sizes = [200_000, 100_000, 10, 600_000, 20];
    const places = sizes.map((size, at) =>
      pages.keep([{ key: bytes(`k${at}`) }], [new Uint8Array(size).fill(at)]),
    );
    for (const [at, size] of sizes.entries()) {
      const [row] = rowsAt(places[at] ?? { page: bytes(''), from: 0, to: 0 });
      expect(row?.key).toEqual(bytes(`k${at}`));
      expect(row?.previous).toHaveLength(size);
      expect(row?.previous?.every((byte) => byte === at)).toBe(true);
    }
  });

  it('give copies: who changes what was read back changes nothing', () => {
    const place = new RowPages().keep([{ key: bytes('a') }], [bytes('v')]);
    rowsAt(place)[0]?.previous?.fill(0);
    expect(rowsAt(place)[0]?.previous).toEqual(bytes('v'));
  });
});
