import fc from 'fast-check';
import { expect, test } from 'vitest';
import { encodeText } from '../../src/client/text-bytes.ts';

const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
const text = fc.string({ unit: 'grapheme', maxLength: 1_500 });

test('what is encoded reads back as it was, whatever is encoded after it', () => {
  fc.assert(
    fc.property(fc.array(text, { maxLength: 30 }), (texts) => {
      const encoded = texts.map(encodeText);
      expect(encoded.map((bytes) => decoder.decode(bytes))).toEqual(texts);
    }),
  );
});
