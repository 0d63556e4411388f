import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { headText, readHead, valueBytes } from '../../../src/sim/clients/values.ts';
import { WriteBook } from '../../../src/sim/clients/write-book.ts';

const ids = fc.integer({ min: 1, max: 1_000_000 });
const contents = fc.option(fc.string({ unit: 'grapheme', maxLength: 60 }), { nil: undefined });

describe('values of writes', () => {
  it('are told back to write and content, whatever text it is', () => {
    fc.assert(
      fc.property(ids, contents, (write, content) => {
        const text = headText(valueBytes(write, content));
        expect(readHead(text)).toEqual({ write, content });
      }),
    );
  });

  it('have the form that reports show', () => {
    expect(headText(valueBytes(17, '3,9,17'))).toBe('w17:3,9,17');
    expect(headText(valueBytes(17))).toBe('w17');
    expect(headText(valueBytes(17, ''))).toBe('w17:');
  });

  it('are small mostly, some up to 2 KiB, few up to 64 KiB', () => {
    const sizes = Array.from({ length: 4_000 }, (_, id) => valueBytes(id + 1).length);
    const share = (isSo: (bytes: number) => boolean) => sizes.filter(isSo).length / sizes.length;
    expect(share((bytes) => bytes < 80)).toBeGreaterThan(0.5);
    expect(share((bytes) => bytes > 2_100)).toBeGreaterThan(0.001);
    expect(share((bytes) => bytes > 2_100)).toBeLessThan(0.02);
    expect(Math.max(...sizes)).toBeLessThan(66_000);
  });

  it.each(['', 'w', 'x17', 'w17,1', 'w17 ', 'w-1'])('do not include %j', (text) => {
    expect(readHead(text)).toBeUndefined();
  });
});

describe('the book of writes', () => {
  const book = new WriteBook();
  book.note(17, 'k1', valueBytes(17, '3'));

  it('recognises a value that was asked for', () => {
    expect(book.recognise('k1', valueBytes(17, '3'), '0.1.2')).toEqual({
      write: 17,
      text: 'w17:3',
      dot: '0.1.2',
    });
  });

  it('recognises nothing else: another key, other elements, one flipped bit, a number never used', () => {
    const flipped = valueBytes(17, '3');
    flipped[flipped.length - 1] = (flipped.at(-1) ?? 0) ^ 1;
    expect(book.recognise('k2', valueBytes(17, '3'), '').write).toBeUndefined();
    expect(book.recognise('k1', valueBytes(17), '').write).toBeUndefined();
    expect(book.recognise('k1', valueBytes(18), '').write).toBeUndefined();
    expect(book.recognise('k1', flipped, '').write).toBeUndefined();
  });
});
