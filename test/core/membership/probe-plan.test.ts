import { expect, it } from 'vitest';
import { DEFAULT_DETECTOR_OPTIONS } from '../../../src/core/membership/detector-options.ts';
import { chooseAsked, ProbeRound } from '../../../src/core/membership/probe-plan.ts';

const options = DEFAULT_DETECTOR_OPTIONS.probe;
const random = { float: () => 0 };
const start = { number: 1, startMs: 0, localHealth: 0 };

it('asks members of other zones first, and those of the own only when there are too few', () => {
  const candidates = [
    { id: 'near1', zone: 'a' },
    { id: 'far1', zone: 'b' },
    { id: 'near2', zone: 'a' },
    { id: 'far2', zone: 'c' },
  ];
  const asked = chooseAsked({ candidates, ownZone: 'a', count: 3, random });
  expect(asked).toEqual(['far1', 'far2', 'near1']);
  expect(chooseAsked({ candidates: [], ownZone: 'a', count: 3, random })).toEqual([]);
});

it('gives the member 500 ms, and more when this node doubts itself', () => {
  const round = new ProbeRound(options, start);
  expect(round.isDirectOver(499)).toBe(false);
  expect(round.isDirectOver(500)).toBe(true);
  expect(new ProbeRound(options, { ...start, localHealth: 3 }).isDirectOver(1_999)).toBe(false);
});

it('ends when all have answered, and tells a no from silence', () => {
  const round = new ProbeRound(options, start);
  expect(round.result(10_000, false)).toBeUndefined();
  round.ask(['a', 'b', 'c'], 500);
  expect(round.answer('a', 'nack')).toBe(true);
  expect(round.answer('b', 'refused')).toBe(true);
  expect(round.result(1_499, false)).toBeUndefined();
  expect(round.result(1_500, false)).toMatchObject({
    nackCount: 1,
    refusedCount: 1,
    silentCount: 1,
  });
  expect(round.answer('c', 'ack')).toBe(true);
  expect(round.result(600, false)).toMatchObject({ askedCount: 3, ackCount: 1, silentCount: 0 });
});

it('ends at once when what was answered is enough, or nobody can be asked', () => {
  const round = new ProbeRound(options, start);
  round.ask(['a', 'b', 'c'], 0);
  round.answer('a', 'refused');
  expect(round.result(1, false)).toBeUndefined();
  round.answer('b', 'refused');
  expect(round.result(1, true)).toMatchObject({ refusedCount: 2, silentCount: 1 });
  const alone = new ProbeRound(options, start);
  alone.ask([], 0);
  expect(alone.result(0, false)).toMatchObject({ askedCount: 0 });
});

it('does not take answers of those who were not asked, nor a second one', () => {
  const round = new ProbeRound(options, start);
  expect(round.answer('a', 'ack')).toBe(false);
  round.ask(['a'], 0);
  expect(round.answer('b', 'ack')).toBe(false);
  expect(round.answer('a', 'nack')).toBe(true);
  expect(round.answer('a', 'ack')).toBe(false);
});
