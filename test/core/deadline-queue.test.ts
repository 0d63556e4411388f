import { expect, it } from 'vitest';
import { DeadlineQueue } from '../../src/core/deadline-queue.ts';

it('returns what is due in the order of due times, ties in the order of adding', () => {
  const queue = new DeadlineQueue();
  const taken: string[] = [];
  queue.add(30, () => taken.push('c'));
  queue.add(10, () => taken.push('a'));
  queue.add(10, () => taken.push('b'));
  queue.takeDue(20)?.();
  queue.takeDue(20)?.();
  expect(queue.takeDue(20)).toBeUndefined();
  expect(taken).toEqual(['a', 'b']);
  expect(queue.earliestMs).toBe(30);
});

it('never returns a cancelled entry, and cancelling again changes nothing', () => {
  const queue = new DeadlineQueue();
  const entry = queue.add(1, () => {});
  queue.add(2, () => {});
  queue.cancel(entry);
  queue.cancel(entry);
  expect(queue.size).toBe(1);
  expect(queue.earliestMs).toBe(2);
});
