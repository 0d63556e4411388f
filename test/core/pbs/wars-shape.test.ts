import { expect, it } from 'vitest';
import { TrialOutcome } from '../../../src/core/pbs/trial.ts';
import { playWars } from '../../../src/core/pbs/wars-shape.ts';
import { legDraws } from './leg-draws.ts';

function play(remoteMs: number, draws: ReturnType<typeof legDraws>, replicas = 3, trial = 0) {
  const outcome = new TrialOutcome(replicas);
  playWars({ replicas, remoteMs }, draws, trial, outcome);
  const { ackMs, replyMs, freshFromMs } = outcome;
  return { ack: [...ackMs], reply: [...replyMs], freshFrom: [...freshFromMs] };
}

it('acknowledges after W + A and answers after R + S, the fastest first', () => {
  const draws = legDraws(3, {
    write: [9, 1, 5],
    ack: [1, 1, 1],
    read: [1, 2, 3],
    response: [1, 4, 1],
  });
  const played = play(0, draws);
  expect(played.ack).toEqual([2, 6, 10]);
  expect(played.reply).toEqual([2, 4, 6]);
  // The fastest answer comes from the replica that has the write last: at 9, read after 1.
  expect(played.freshFrom).toEqual([8, 2, -1]);
});

it('stores within the way of the write unless storing has a time of its own', () => {
  const played = play(0, legDraws(1, { write: [4], commit: [10], lookup: [3], read: [1] }), 1);
  expect(played).toEqual({ ack: [14], reply: [4], freshFrom: [13] });
});

it('adds the distance on each way, but not to the replica beside the sender', () => {
  const draws = legDraws(3, { write: [1, 1, 1], chance: [0.5, 0.9, 0, 0] });
  const played = play(75, draws);
  // Written beside replica 1, read beside replica 2.
  expect(played.ack).toEqual([1, 151, 151]);
  expect(played.reply).toEqual([0, 150, 150]);
  expect(played.freshFrom[0]).toBe(76);
  expect(played.freshFrom[2]).toBe(1 - 75);
});

it('finds the draws of the trial that is asked for', () => {
  const draws = legDraws(2, { write: [1, 2, 3, 4] });
  expect(play(0, draws, 2, 1).ack).toEqual([3, 4]);
});
