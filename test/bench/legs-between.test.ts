import { expect, it } from 'vitest';
import { legsBetween } from '../../src/bench/legs-between.ts';
import { LegCounts } from '../../src/core/pbs/leg-counts.ts';

function looked(start: string, mints: number) {
  const counts = new LegCounts();
  for (let mint = 0; mint < mints; mint += 1) counts.minted(1);
  return { start, counts: counts.encode() };
}

it('is the sum over nodes of what each has counted since', () => {
  const before = [looked('a 1', 5), looked('b 1', 2)];
  const after = [looked('b 1', 2), looked('a 1', 8)];
  expect(legsBetween(before, after).count('mint')).toBe(3);
});

it('leaves out a node that was started anew or was not there, rather than count what it cannot know', () => {
  const before = [looked('a 1', 5), looked('gone 1', 7)];
  const after = [looked('a 2', 3), looked('new 1', 9)];
  expect(legsBetween(before, after).count('mint')).toBe(0);
});
