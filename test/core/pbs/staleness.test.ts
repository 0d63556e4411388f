/** The figures are those of Bailis et al., "Quantifying Eventual Consistency with PBS", CACM 2014,
 *  section 4.1, and of the VLDB paper, section 3.1. */
import { expect, it } from 'vitest';
import {
  missOfRandomQuorums,
  monotonicReads,
  withinVersions,
} from '../../../src/core/pbs/staleness.ts';

it('misses as often as the paper says', () => {
  expect(missOfRandomQuorums(3, 1, 1)).toBeCloseTo(2 / 3, 15);
  expect(missOfRandomQuorums(100, 30, 30) * 1e6).toBeCloseTo(1.88, 2);
});

it('is within k versions as often as the paper says', () => {
  const one = withinVersions(missOfRandomQuorums(3, 1, 1), 10);
  expect(one[1]).toBeCloseTo(5 / 9, 12);
  expect(one[2]).toBeCloseTo(19 / 27, 12);
  expect(one[4]).toBeGreaterThan(0.868);
  expect(one[9]).toBeGreaterThan(0.98);
  for (const [r, w] of [
    [1, 2],
    [2, 1],
  ] as const) {
    const two = withinVersions(missOfRandomQuorums(3, r, w), 5);
    expect(two[0]).toBeCloseTo(2 / 3, 12);
    expect(two[1]).toBeCloseTo(8 / 9, 12);
    expect(two[4]).toBeGreaterThan(0.995);
  }
});

it('never misses where R + W > N', () => {
  expect(missOfRandomQuorums(3, 2, 2)).toBe(0);
  expect(withinVersions(0, 2)).toEqual([1, 1]);
  expect(monotonicReads(0, 0)).toBe(1);
});

it('goes back less often the more versions lie between', () => {
  expect(monotonicReads(0.5, 0)).toBe(0.5);
  expect(monotonicReads(0.5, 1)).toBe(0.75);
});

it('refuses what are no quorums', () => {
  expect(() => missOfRandomQuorums(3, 4, 1)).toThrow('no quorums');
});
