/** The runs of a folder, byte for byte. */
import { expect, test } from 'vitest';
import { bytesToHex, hexToBytes } from '../../../src/core/bytes.ts';
import { decodeRuns, encodeRuns, withRun } from '../../../src/node/storage/folder-runs.ts';

const RUNS = [
  { id: '00112233445566778899aabbccddeeff', commitSeq: 0 },
  { id: 'ffeeddccbbaa99887766554433221100', commitSeq: 2 ** 32 + 1 },
];

test('golden row', () => {
  const row = encodeRuns(RUNS);
  expect(bytesToHex(row)).toBe(
    '0200112233445566778899aabbccddeeff0000000000000000' +
      'ffeeddccbbaa998877665544332211000000000100000001',
  );
  expect(decodeRuns(row, 7)).toEqual(RUNS);
});

test('a row of names only, as it was before, takes the commit that was found', () => {
  const row = hexToBytes(`01${RUNS.map(({ id }) => id).join('')}`);
  expect(decodeRuns(row, 7)).toEqual(RUNS.map(({ id }) => ({ id, commitSeq: 7 })));
});

test('of more than 64 the oldest go', () => {
  const many = Array.from({ length: 64 }, (_, index) => ({ id: `${index}`, commitSeq: index }));
  const kept = withRun(many, { id: 'new', commitSeq: 64 });
  expect([kept.length, kept[0]?.id, kept.at(-1)?.id]).toEqual([64, '1', 'new']);
});

test.each([
  ['a later format', Uint8Array.of(3), 'VERSION_UNSUPPORTED'],
  ['nothing', new Uint8Array(0), 'VERSION_UNSUPPORTED'],
  ['half a run', encodeRuns(RUNS).subarray(0, 40), 'MALFORMED_MESSAGE'],
  ['half a name', hexToBytes('010011'), 'MALFORMED_MESSAGE'],
])('%s is refused', (_, row, code) => {
  expect(() => decodeRuns(row, 0)).toThrow(expect.objectContaining({ code }));
});
