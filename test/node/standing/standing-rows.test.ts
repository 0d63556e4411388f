/** Rows of the standing, byte for byte (docs/protocol.md, meta rows). */
import { expect, test } from 'vitest';
import { bytesToHex, hexToBytes } from '../../../src/core/bytes.ts';
import { COMMITS_UNKNOWN } from '../../../src/core/membership/standing.ts';
import {
  decodeAcceptedLoss,
  decodeLives,
  decodePeer,
  decodeText,
  encodeAcceptedLoss,
  encodeLives,
  encodePeer,
  encodeText,
} from '../../../src/node/standing/standing-rows.ts';

const REMEMBERED = {
  storeId: 'aa',
  run: 3,
  runId: 'bb',
  ceiling: 70,
  commitSeq: 9,
  successors: [{ runId: 'cc', commitSeq: 4 }],
};
const LIVES = ['00112233445566778899aabbccddeeff', 'ffeeddccbbaa99887766554433221100'];

test('golden rows', () => {
  expect(bytesToHex(encodeText('why'))).toBe('01776879');
  expect(bytesToHex(encodeLives(LIVES))).toBe(`01${LIVES.join('')}`);
  const peer =
    '{"storeId":"aa","run":3,"runId":"bb","ceiling":70,"commitSeq":9,' +
    '"successorIds":["cc"],"successorCommits":[4]}';
  expect(decodeText(encodePeer(REMEMBERED))).toBe(peer);
  const earlier = [{ atMs: 2, reason: 'a folder was lost' }];
  const accepted = { atMs: 5, reason: 'two were lost', isOver: false, earlier };
  expect(decodeText(encodeAcceptedLoss(accepted))).toBe(
    '{"atMs":5,"reason":"two were lost","isOver":false,' +
      '"earlier":[{"atMs":2,"reason":"a folder was lost"}]}',
  );
});

test('every row is read as it was written', () => {
  expect(decodePeer(encodePeer(REMEMBERED))).toEqual(REMEMBERED);
  expect(decodeLives(encodeLives(LIVES))).toEqual(LIVES);
  const earlier = [{ atMs: 2, reason: 'y' }];
  const accepted = { atMs: 5, reason: 'x', isOver: true, earlier };
  expect(decodeAcceptedLoss(encodeAcceptedLoss(accepted))).toEqual(accepted);
});

test('a row about a member from before there were successors, or their commits, has none', () => {
  const { successors: _, ...earlier } = REMEMBERED;
  const row = encodeText(JSON.stringify(earlier));
  expect(decodePeer(row)).toEqual({ ...earlier, successors: [] });
  const named = encodeText(JSON.stringify({ ...earlier, successorIds: ['cc'] }));
  const successors = [{ runId: 'cc', commitSeq: COMMITS_UNKNOWN }];
  expect(decodePeer(named)).toEqual({ ...earlier, successors });
});

test('a row about an accepted loss from before earlier ones were kept has none', () => {
  const row = encodeText('{"atMs":5,"reason":"x","isOver":true}');
  expect(decodeAcceptedLoss(row)).toEqual({ atMs: 5, reason: 'x', isOver: true, earlier: [] });
});

test('of too many lives the oldest go', () => {
  const many = Array.from({ length: 70 }, (_, index) => index.toString(16).padStart(32, '0'));
  expect(decodeLives(encodeLives(many))).toEqual(many.slice(-64));
});

test.each([
  ['a later format', () => decodeLives(Uint8Array.of(2)), 'VERSION_UNSUPPORTED'],
  ['half a life', () => decodeLives(Uint8Array.of(1, 2)), 'MALFORMED_MESSAGE'],
  ['no accepted loss', () => decodeAcceptedLoss(encodeText('{}')), 'MALFORMED_MESSAGE'],
  [
    'no earlier loss',
    () => decodeAcceptedLoss(encodeText('{"atMs":5,"reason":"x","isOver":true,"earlier":[3]}')),
    'MALFORMED_MESSAGE',
  ],
  ['no member', () => decodePeer(encodeText('3')), 'MALFORMED_MESSAGE'],
])('%s is refused', (_, decode, code) => {
  expect(decode).toThrow(expect.objectContaining({ code }));
});

test('names of runs survive bytes and back', () => {
  for (const life of LIVES) expect(bytesToHex(hexToBytes(life))).toBe(life);
});
