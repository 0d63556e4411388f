import { expect, it } from 'vitest';
import { bytesEqual, bytesToHex, hexToBytes, unshared } from '../../src/core/bytes.ts';

it('compares contents, not objects', () => {
  expect(bytesEqual(Uint8Array.of(1, 2), Uint8Array.of(1, 2))).toBe(true);
  expect(bytesEqual(Uint8Array.of(1, 2), Uint8Array.of(1, 3))).toBe(false);
  expect(bytesEqual(Uint8Array.of(1), Uint8Array.of(1, 0))).toBe(false);
});

it('writes and reads hexadecimal digits', () => {
  expect(bytesToHex(Uint8Array.of(0, 15, 255))).toBe('000fff');
  expect(hexToBytes('000FfF')).toEqual(Uint8Array.of(0, 15, 255));
  expect(() => hexToBytes('abc')).toThrow(expect.objectContaining({ code: 'MALFORMED_MESSAGE' }));
  expect(() => hexToBytes('zz')).toThrow(expect.objectContaining({ code: 'MALFORMED_MESSAGE' }));
});

it('gives a view into a larger buffer memory of its own, and keeps what owns its memory', () => {
  const view = new Uint8Array(100).fill(7).subarray(3, 6);
  expect(unshared(view)).toEqual(Uint8Array.of(7, 7, 7));
  expect(unshared(view).buffer.byteLength).toBe(3);
  const own = Uint8Array.of(1, 2);
  expect(unshared(own)).toBe(own);
});
