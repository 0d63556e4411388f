/** What a greeting says of a store and of the memory of the other side's, byte for byte. */
import { expect, test } from 'vitest';
import { bytesToHex } from '../../../src/core/bytes.ts';
import {
  COMMITS_UNKNOWN,
  type OpenedStore,
  type Remembered,
} from '../../../src/core/membership/standing.ts';
import { makeHello, openedOf, rememberedOf } from '../../../src/node/link/handshake.ts';
import { Hello } from '../../../src/wire/generated/coterie/v1/peer.ts';

const A = 'a'.repeat(32);
const B = 'b'.repeat(32);
const C = 'c'.repeat(32);
const D = 'd'.repeat(32);
const OPENED: OpenedStore = {
  storeId: A,
  run: 2,
  runs: [
    { id: B, commitSeq: 0 },
    { id: C, commitSeq: 40 },
  ],
  previousRun: 1,
  ceiling: 7,
  madeGood: [D],
  isRebuilding: true,
  statement: 3,
};
const REMEMBERED: Remembered = {
  storeId: D,
  run: 9,
  runId: A,
  ceiling: 5,
  commitSeq: 8,
  successors: [
    { runId: B, commitSeq: 6 },
    { runId: C, commitSeq: 11 },
  ],
};

function hello(): Hello {
  const speaker = { name: 'n', address: 'h:1', opened: OPENED, place: undefined };
  return Hello.decode(Hello.encode(makeHello(speaker, REMEMBERED)).finish());
}

test('it is read as it was said', () => {
  expect(openedOf(hello())).toEqual(OPENED);
  expect(rememberedOf(hello())).toEqual(REMEMBERED);
});

test('golden greeting', () => {
  const bytes = [
    '08011a016e2203683a31',
    '4210aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa',
    '49000000000000004051000000000000f03f',
    '590000000000001c40610000000000004440',
    '7a10bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb',
    '7a10cccccccccccccccccccccccccccccccc',
    'a2011000000000000000000000000000004440',
    '72750a10dddddddddddddddddddddddddddddddd',
    '110000000000002240190000000000001440210000000000002040',
    '2a10aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa',
    '3210bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb',
    '3210cccccccccccccccccccccccccccccccc',
    '3a1000000000000018400000000000002640',
    '8a0110dddddddddddddddddddddddddddddddd',
    '900101980103',
  ];
  expect(bytesToHex(Hello.encode(hello()).finish())).toBe(bytes.join(''));
});

test('without commits of runs the one found holds; of successors none is known', () => {
  const earlier: Hello = { ...hello(), runCommits: [] };
  if (earlier.remembered === undefined) throw new Error('It was said');
  earlier.remembered.successorCommits = [];
  expect(openedOf(earlier).runs.map(({ commitSeq }) => commitSeq)).toEqual([40, 40]);
  const successors = rememberedOf(earlier)?.successors ?? [];
  expect(successors.map(({ commitSeq }) => commitSeq)).toEqual([COMMITS_UNKNOWN, COMMITS_UNKNOWN]);
});

test.each([
  ['half a commit', { commitSeq: 0.5, runCommits: [] }],
  ['a run below 0', { run: -1 }],
  ['an endless ceiling', { ceiling: Number.POSITIVE_INFINITY }],
  ['no number', { runCommits: [0, Number.NaN] }],
  ['commits for other runs', { runCommits: [0, 1, 2] }],
])('a greeting with %s is refused', (_, changes) => {
  const malformed = expect.objectContaining({ code: 'MALFORMED_MESSAGE' });
  expect(() => openedOf({ ...hello(), ...changes })).toThrow(malformed);
});

test.each([
  ['half a commit', { commitSeq: 0.5 }],
  ['a commit below what is not known', { successorCommits: [0, -2] }],
  ['commits for other runs', { successorCommits: [0] }],
])('a memory with %s is refused', (_, changes) => {
  const { remembered } = hello();
  const bad = { ...hello(), remembered: remembered && { ...remembered, ...changes } };
  const malformed = expect.objectContaining({ code: 'MALFORMED_MESSAGE' });
  expect(() => rememberedOf(bad)).toThrow(malformed);
});

test('a store that is known by its name alone is passed on as that', () => {
  const successors = [{ runId: B, commitSeq: COMMITS_UNKNOWN }];
  const speaker = { name: 'n', address: 'h:1', opened: OPENED, place: undefined };
  const said = makeHello(speaker, { ...REMEMBERED, successors });
  expect(rememberedOf(said)?.successors).toEqual(successors);
});
