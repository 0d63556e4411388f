import fc from 'fast-check';
import { expect, it } from 'vitest';
import { systemCrc32 } from '../../../src/platform/system/crc32.ts';
import { tableCrc32 } from '../../../src/platform/system/crc32-table.ts';

const bytes = fc.uint8Array({ maxLength: 200, size: 'max' });

it('both implementations agree, and the checksum of two parts continues from the first', () => {
  fc.assert(
    fc.property(bytes, bytes, (head, tail) => {
      const whole = new Uint8Array([...head, ...tail]);
      const expected = systemCrc32(whole);
      expect(tableCrc32(whole)).toBe(expected);
      expect(systemCrc32(tail, systemCrc32(head))).toBe(expected);
      expect(tableCrc32(tail, tableCrc32(head))).toBe(expected);
    }),
  );
});
