import { expect, it } from 'vitest';
import type { Requirement } from '../../../src/core/quorum/level.ts';
import { ReadTally } from '../../../src/core/quorum/read-tally.ts';

function requirement(label: string, need: number, members = [0, 1, 2]): Requirement {
  return { label, groups: [{ members, need }], durable: 0, isStrict: need > 1 };
}

/** Of a record of one byte, its digest is that byte twice. */
function tallyOf(label: string, need: number, members?: number[]): ReadTally {
  return new ReadTally(requirement(label, need, members), ([byte = 0]) => digest(byte));
}

const empty = (nodeIndex: number) => ({ nodeIndex, bytes: undefined });
const record = (byte: number) => Uint8Array.of(byte);
const digest = (byte: number) => ({ high: byte, low: byte });
const nodesOf = (tally: ReadTally) => tally.answers.map(({ nodeIndex }) => nodeIndex);

it('counts "no record" as an answer', () => {
  const tally = tallyOf('quorum', 2);
  tally.answer(empty(0), true);
  expect(tally.answer(empty(1), true)).toBe('satisfied');
});

it('counts an unverified replica for one and local_one only', () => {
  const one = tallyOf('one', 1);
  expect(one.answer(empty(0), false)).toBe('satisfied');
  const quorum = tallyOf('quorum', 2);
  quorum.answer(empty(0), false);
  expect(quorum.answer(empty(1), true)).toBe('pending');
  expect(quorum.answers.map((answer) => answer.nodeIndex)).toEqual([1]);
  const raw = tallyOf('r=1', 1);
  expect(raw.answer(empty(0), false)).toBe('pending');
});

it('fails as soon as too few replicas are left', () => {
  const tally = tallyOf('quorum', 2);
  tally.fail(0);
  expect(tally.verdict).toBe('pending');
  expect(tally.fail(1)).toBe('failed');
});

it('says how many more must be asked', () => {
  const tally = tallyOf('quorum', 2);
  expect(tally.missing).toBe(2);
  tally.answer(empty(2), true);
  expect(tally.missing).toBe(1);
});

it('counts a digest as the record that has it, whichever comes first', () => {
  const recordFirst = tallyOf('quorum', 2);
  const bytes = record(7);
  recordFirst.answer({ nodeIndex: 0, bytes }, true);
  expect(recordFirst.answerDigest(1, digest(7), true)).toBe('satisfied');
  expect(recordFirst.answers[1]).toEqual({ nodeIndex: 1, bytes });
  const digestFirst = tallyOf('quorum', 2);
  expect(digestFirst.answerDigest(1, digest(7), true)).toBe('pending');
  expect(digestFirst.answer({ nodeIndex: 0, bytes }, true)).toBe('satisfied');
  expect(nodesOf(digestFirst)).toEqual([0, 1]);
});

it('counts no digest for which there is no record, and wants the record of one that has it', () => {
  const tally = tallyOf('all', 3);
  tally.answer({ nodeIndex: 0, bytes: record(1) }, true);
  tally.answerDigest(1, digest(2), true);
  expect(tally.answerDigest(2, digest(2), true)).toBe('pending');
  expect(nodesOf(tally)).toEqual([0]);
  expect(tally.recordsWanted).toEqual([1]);
  expect(tally.answer({ nodeIndex: 1, bytes: record(2) }, true)).toBe('satisfied');
  expect(nodesOf(tally)).toEqual([0, 1, 2]);
  expect(tally.recordsWanted).toEqual([]);
});

it('wants the record of the next replica when the first one with the digest fails or has moved on', () => {
  const failed = tallyOf('r=2', 2, [0, 1, 2, 3]);
  const moved = tallyOf('r=4', 4, [0, 1, 2, 3]);
  for (const tally of [failed, moved]) {
    tally.answer({ nodeIndex: 0, bytes: record(1) }, true);
    tally.answerDigest(1, digest(2), true);
    tally.answerDigest(2, digest(2), true);
  }
  failed.fail(1);
  expect(failed.recordsWanted).toEqual([2]);
  moved.answer({ nodeIndex: 1, bytes: record(3) }, true);
  expect(moved.recordsWanted).toEqual([2]);
  expect(nodesOf(moved)).toEqual([0, 1]);
});

it('keeps the first digest of a replica until its record comes', () => {
  const tally = tallyOf('quorum', 2);
  tally.answerDigest(1, digest(1), true);
  tally.answer({ nodeIndex: 0, bytes: record(2) }, true);
  expect(tally.answerDigest(1, digest(2), true)).toBe('pending');
  expect(tally.recordsWanted).toEqual([1]);
  expect(tally.answer({ nodeIndex: 1, bytes: record(3) }, true)).toBe('satisfied');
  expect(tally.answers[1]).toEqual({ nodeIndex: 1, bytes: record(3) });
});

it('never takes a digest for "no record"', () => {
  const tally = tallyOf('quorum', 2);
  tally.answer(empty(0), true);
  expect(tally.answerDigest(1, digest(0), true)).toBe('pending');
  expect(tally.recordsWanted).toEqual([1]);
});

it('counts a digest once, and one of an unverified replica for nothing', () => {
  const tally = tallyOf('quorum', 2);
  tally.answer({ nodeIndex: 0, bytes: record(1) }, true);
  expect(tally.answerDigest(0, digest(1), true)).toBe('pending');
  expect(tally.answerDigest(1, digest(1), false)).toBe('pending');
  expect(tally.answerDigest(1, digest(1), true)).toBe('pending');
  expect(tally.answerDigest(2, digest(1), true)).toBe('satisfied');
});

it('holds bytes that are no record for equal to none', () => {
  const tally = new ReadTally(requirement('quorum', 2), () => undefined);
  tally.answer({ nodeIndex: 0, bytes: record(1) }, true);
  expect(tally.answerDigest(1, digest(1), true)).toBe('pending');
  expect(tally.recordsWanted).toEqual([1]);
});
