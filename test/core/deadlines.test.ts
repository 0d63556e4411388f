import { expect, it } from 'vitest';
import { Deadlines } from '../../src/core/deadlines.ts';
import { StepClock } from './step-clock.ts';

it('calls back at the time asked for, in order, with one timer for all', () => {
  const clock = new StepClock();
  const deadlines = new Deadlines(clock);
  const called: string[] = [];
  deadlines.add(30, () => called.push('late'));
  deadlines.add(10, () => called.push('early'));
  expect(clock.timerCount).toBe(1);
  clock.advanceTo(9);
  expect(called).toEqual([]);
  clock.advanceTo(10);
  expect(called).toEqual(['early']);
  clock.advanceTo(100);
  expect(called).toEqual(['early', 'late']);
  expect(clock.timerCount).toBe(0);
});

it('never calls back what was cancelled or what waits when it stops', () => {
  const clock = new StepClock();
  const deadlines = new Deadlines(clock);
  const called: string[] = [];
  deadlines.cancel(deadlines.add(5, () => called.push('cancelled')));
  deadlines.add(6, () => called.push('stopped'));
  expect(deadlines.size).toBe(1);
  deadlines.stop();
  deadlines.add(7, () => called.push('after the stop'));
  clock.advanceTo(100);
  expect(called).toEqual([]);
  expect(clock.timerCount).toBe(0);
});

it('lets a callback add another wait and stop the rest', () => {
  const clock = new StepClock();
  const deadlines = new Deadlines(clock);
  const called: string[] = [];
  deadlines.add(5, () => {
    called.push('first');
    deadlines.add(8, () => {
      called.push('second');
      deadlines.stop();
    });
    deadlines.add(9, () => called.push('never'));
  });
  clock.advanceTo(50);
  expect(called).toEqual(['first', 'second']);
});
