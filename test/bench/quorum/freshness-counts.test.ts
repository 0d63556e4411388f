import { describe, expect, it } from 'vitest';
import { FreshnessCounts } from '../../../src/bench/quorum/freshness-counts.ts';

function counts(reads: readonly (readonly [number, number])[]): FreshnessCounts {
  const all = new FreshnessCounts();
  for (const [tMs, behind] of reads) all.add(tMs, behind);
  return all;
}

describe('counts of fresh reads', () => {
  it('are by when the read began, with the mean of these times', () => {
    const all = counts([
      [0.1, 0],
      [0.3, 2],
      [1, 0],
      [500, 0],
      [900, 1],
    ]);
    expect(all.points).toEqual([
      { tMs: 0.2, fresh: 1, reads: 2 },
      { tMs: 1, fresh: 1, reads: 1 },
      { tMs: 700, fresh: 1, reads: 2 },
    ]);
    expect([all.reads, all.stale]).toEqual([5, 2]);
  });

  it('say within how many versions a read at once is, and count the rest nowhere', () => {
    const all = counts([
      [0, 0],
      [0, 1],
      [0, 1],
      [0, 40],
      [9, 3],
    ]);
    expect(all.kStale.slice(0, 3)).toEqual([0.25, 0.75, 0.75]);
    expect(all.kStale).toHaveLength(10);
    expect(new FreshnessCounts().kStale).toEqual([]);
  });

  it('of two clients are their sum, however they travelled', () => {
    const one = counts([
      [0.2, 0],
      [3, 1],
    ]);
    const both = counts([[0.4, 5]]);
    both.merge(JSON.parse(JSON.stringify(one.encode())));
    const whole = counts([
      [0.2, 0],
      [3, 1],
      [0.4, 5],
    ]);
    expect(both.encode()).toEqual(whole.encode());
  });
});
