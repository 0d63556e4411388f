import { describe, expect, it } from 'vitest';
import { systemCrc32 } from '../../../src/platform/system/crc32.ts';
import { tableCrc32 } from '../../../src/platform/system/crc32-table.ts';

/** The check value of CRC-32/ISO-HDLC, and more of the same algorithm. */
const GOLDEN = [
  ['', 0x00000000],
  ['123456789', 0xcbf43926],
  ['The quick brown fox jumps over the lazy dog', 0x414fa339],
] as const;

for (const [name, checksum] of Object.entries({ systemCrc32, tableCrc32 })) {
  describe(name, () => {
    it('has the golden values of CRC-32', () => {
      for (const [text, value] of GOLDEN) {
        expect(checksum(new TextEncoder().encode(text))).toBe(value);
      }
    });

    it('is an unsigned number', () => {
      expect(checksum(new Uint8Array(4).fill(0xff))).toBe(0xffffffff);
    });
  });
}
