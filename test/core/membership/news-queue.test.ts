import { describe, expect, it } from 'vitest';
import { NewsQueue, tellCount } from '../../../src/core/membership/news-queue.ts';

describe('news', () => {
  it.each([
    [1, 3],
    [3, 6],
    [5, 9],
    [100, 21],
    [1_000, 30],
  ])('of a cluster of %i are told %i times', (members, times) => {
    const queue = new NewsQueue();
    queue.add('a');
    let told = 0;
    while (queue.size > 0) {
      queue.tell(['a'], members);
      told += 1;
    }

    expect(told).toBe(times);
    expect(tellCount(members)).toBe(times);
  });

  it('that were told least come first', () => {
    const queue = new NewsQueue();
    queue.add('a');
    queue.add('b');
    queue.tell(['a'], 5);
    queue.add('c');

    expect(queue.fresh()).toEqual(['b', 'c', 'a']);
  });

  it('that change again start again', () => {
    const queue = new NewsQueue();
    queue.add('a');
    for (let count = 0; count < 8; count += 1) queue.tell(['a'], 5);
    queue.add('a');
    queue.tell(['a', 'unknown'], 5);

    expect(queue.fresh()).toEqual(['a']);
  });
});
