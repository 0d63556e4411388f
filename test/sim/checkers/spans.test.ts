import { describe, expect, it } from 'vitest';
import { changesOfRunning, restOf } from '../../../src/sim/checkers/running.ts';
import { firstUncovered } from '../../../src/sim/checkers/spans.ts';
import { history } from './history-dsl.ts';

const span = (fromUs: number, toUs: number) => ({ fromUs, toUs });

describe('the first moment that nothing covers', () => {
  it.each([
    ['is the first of all without others', [], 10],
    ['is undefined when one covers all', [span(0, 30)], undefined],
    ['is undefined when two cover it, in any order', [span(15, 20), span(0, 14)], undefined],
    ['is undefined when the ends are just met', [span(10, 20)], undefined],
    ['is found in a hole', [span(0, 12), span(14, 30)], 13],
    ['is found behind all', [span(0, 12), span(11, 18)], 19],
    ['is found before all', [span(11, 30)], 10],
    ['is not moved by what is inside of another', [span(0, 15), span(11, 12)], 16],
  ])('%s', (_title, others, first) => {
    expect(firstUncovered(span(10, 20), others)).toBe(first);
  });
});

describe('a node', () => {
  const told = history(`state n0 SERVING at 5; state n0 RECOVERING at 7; state n0 DOWN at 9;
    state n1 SERVING at 10; state n0 UNVERIFIED at 20; state n0 SERVING at 21;
    state n0 FAILED at 30`);
  const states = told.states ?? [];

  it('begins and ends', () => {
    expect(changesOfRunning(states, 'n0')).toEqual([5, 9, 20, 30]);
    expect(changesOfRunning(states, 'n1')).toEqual([10]);
  });

  it('rests before, between and after; one of which nothing is told never does', () => {
    const ends = [Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY] as const;
    expect(restOf(states, 'n0')).toEqual([span(ends[0], 5), span(9, 20), span(30, ends[1])]);
    expect(restOf(states, 'n1')).toEqual([span(ends[0], 10)]);
    expect(restOf(states, 'n9')).toEqual([]);
  });
});
