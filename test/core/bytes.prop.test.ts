import fc from 'fast-check';
import { expect, it } from 'vitest';
import { bytesEqual, bytesToHex, hexToBytes } from '../../src/core/bytes.ts';

it('hexadecimal digits are undone exactly', () => {
  fc.assert(
    fc.property(fc.uint8Array(), (bytes) => {
      expect(hexToBytes(bytesToHex(bytes))).toEqual(bytes);
    }),
  );
});

it('equality is that of the contents', () => {
  fc.assert(
    fc.property(fc.uint8Array(), fc.uint8Array(), (a, b) => {
      expect(bytesEqual(a, b)).toBe(bytesToHex(a) === bytesToHex(b));
      expect(bytesEqual(a, a.slice())).toBe(true);
    }),
  );
});
