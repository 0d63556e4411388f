import { expect, it } from 'vitest';
import type { Requirement } from '../../../src/core/quorum/level.ts';
import { ReadTally } from '../../../src/core/quorum/read-tally.ts';

function requirement(label: string, need: number): Requirement {
  return { label, groups: [{ members: [0, 1, 2], need }], durable: 0, isStrict: need > 1 };
}

const empty = (nodeIndex: number) => ({ nodeIndex, bytes: undefined });

it('counts "no record" as an answer', () => {
  const tally = new ReadTally(requirement('quorum', 2));
  tally.answer(empty(0), true);
  expect(tally.answer(empty(1), true)).toBe('satisfied');
});

it('counts an unverified replica for one and local_one only', () => {
  const one = new ReadTally(requirement('one', 1));
  expect(one.answer(empty(0), false)).toBe('satisfied');
  const quorum = new ReadTally(requirement('quorum', 2));
  quorum.answer(empty(0), false);
  expect(quorum.answer(empty(1), true)).toBe('pending');
  expect(quorum.answers.map((answer) => answer.nodeIndex)).toEqual([1]);
  const raw = new ReadTally(requirement('r=1', 1));
  expect(raw.answer(empty(0), false)).toBe('pending');
});

it('fails as soon as too few replicas are left', () => {
  const tally = new ReadTally(requirement('quorum', 2));
  tally.fail(0);
  expect(tally.verdict).toBe('pending');
  expect(tally.fail(1)).toBe('failed');
});

it('says how many more must be asked', () => {
  const tally = new ReadTally(requirement('quorum', 2));
  expect(tally.missing).toBe(2);
  tally.answer(empty(2), true);
  expect(tally.missing).toBe(1);
});
