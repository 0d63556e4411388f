import fc from 'fast-check';
import { expect, it } from 'vitest';
import { BytePages } from '../../src/core/byte-pages.ts';

it('what is taken is zero, has its length, and shares no byte with anything else', () => {
  fc.assert(
    fc.property(fc.array(fc.nat(40), { maxLength: 100 }), (lengths) => {
      const pages = new BytePages(256);
      const taken = lengths.map((length, index) => {
        const bytes = pages.take(length);
        expect(bytes).toEqual(new Uint8Array(length));
        return bytes.fill(index + 1);
      });
      for (const [index, bytes] of taken.entries()) {
        expect(bytes).toEqual(new Uint8Array(lengths[index] ?? 0).fill(index + 1));
      }
    }),
  );
});
