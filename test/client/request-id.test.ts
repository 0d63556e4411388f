import { expect, test } from 'vitest';
import { drawOf, formatId, newId, parseId } from '../../src/client/request-id.ts';
import { seededRandom } from './scripted-node.ts';

const HEX = '00112233445566778899aabbccddeeff';

test('bytes, hex digits and a UUID are one id', () => {
  const bytes = parseId(HEX, 'request id');
  expect(formatId(bytes)).toBe(HEX);
  expect(parseId('00112233-4455-6677-8899-AABBCCDDEEFF', 'request id')).toEqual(bytes);
  expect(parseId(bytes, 'request id')).toBe(bytes);
});

test.each(['', HEX.slice(1), `${HEX}0`, 'g'.repeat(32), HEX.replace('44', '4-')])(
  '%j is no id, and the error names what it was for',
  (id) => {
    expect(() => parseId(id, 'cluster id')).toThrow(
      /cluster id .*16 bytes, 32 hex digits or a UUID/,
    );
    expect(() => parseId(new Uint8Array(15), 'cluster id')).toThrow(/has 15 bytes/);
  },
);

test('ids that differ in one byte draw evenly among three', () => {
  const counts = [0, 0, 0];
  const id = newId(seededRandom());
  for (let value = 0; value < 256; value += 1) {
    id[15] = value;
    const slot = drawOf(id) % 3;
    counts[slot] = (counts[slot] ?? 0) + 1;
  }
  expect(Math.min(...counts)).toBeGreaterThan(70);
});
