import { expect, it } from 'vitest';
import { TrialOutcome } from '../../../src/core/pbs/trial.ts';

it('puts acknowledgements in the order of their times', () => {
  const outcome = new TrialOutcome(3);
  outcome.begin();
  for (const ms of [5, 2, 9]) outcome.acknowledged(ms);
  expect([...outcome.ackMs]).toEqual([2, 5, 9]);
});

it('counts the fastest answers of a race and returns the freshest of them', () => {
  const outcome = new TrialOutcome(3);
  outcome.begin();
  outcome.raced(8, -1);
  outcome.raced(3, 4);
  outcome.raced(6, 7);
  outcome.settle();
  expect([...outcome.replyMs]).toEqual([3, 6, 8]);
  expect([...outcome.freshFromMs]).toEqual([4, 4, -1]);
});

it('waits for the slowest of those that were asked', () => {
  const outcome = new TrialOutcome(3);
  outcome.begin();
  outcome.asked(0, 9);
  outcome.asked(8, 2);
  outcome.asked(5, 3);
  outcome.settle();
  expect([...outcome.replyMs]).toEqual([0, 8, 8]);
  expect([...outcome.freshFromMs]).toEqual([9, 2, 2]);
});

it('begins each trial afresh', () => {
  const outcome = new TrialOutcome(1);
  for (const ms of [7, 4]) {
    outcome.begin();
    outcome.acknowledged(ms);
    outcome.asked(ms, ms);
    outcome.settle();
  }
  expect([outcome.ackMs[0], outcome.replyMs[0], outcome.freshFromMs[0]]).toEqual([4, 4, 4]);
});
