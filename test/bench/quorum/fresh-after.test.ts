import { describe, expect, it } from 'vitest';
import { freshAfter, tooFewReadsNotes } from '../../../src/bench/quorum/fresh-after.ts';

const point = (tMs: number, fresh: number, reads = 5_000) => ({ tMs, fresh, reads });

describe('the time from which reads are fresh', () => {
  it('is the earliest by which the reads show the share', () => {
    const points = [point(0, 2_500), point(1, 4_990), point(5, 5_000), point(9, 5_000)];
    expect(freshAfter(points, 0.999)).toEqual({ verdict: 'measured', ms: 5 });
    expect(freshAfter([point(0, 5_000)], 0.999)).toEqual({ verdict: 'measured', ms: 0 });
  });

  it('is not told by nine reads that were all fresh', () => {
    const points = [point(0, 6, 9), point(40, 9, 9)];
    expect(freshAfter(points, 0.999)).toEqual({ verdict: 'too few reads' });
    expect(freshAfter([], 0.999)).toEqual({ verdict: 'too few reads' });
  });

  it('is shown by reads of several times together, at the last of them', () => {
    const points = [point(0, 900, 1_000), ...[1, 2, 3, 4].map((tMs) => point(tMs, 1_000, 1_000))];
    expect(freshAfter(points, 0.999)).toEqual({ verdict: 'measured', ms: 4 });
    expect(freshAfter(points.slice(0, 4), 0.999)).toEqual({ verdict: 'too few reads' });
  });

  it('is not one after which reads are stale again', () => {
    const points = [point(0, 5_000), point(5, 4_950), point(9, 5_000)];
    expect(freshAfter(points, 0.999)).toEqual({ verdict: 'measured', ms: 9 });
  });

  it('is not reached where the last reads say so', () => {
    expect(freshAfter([point(0, 100), point(50, 4_900)], 0.999)).toEqual({
      verdict: 'not reached',
    });
  });

  it('names some of the settings of which it cannot be told', () => {
    expect(tooFewReadsNotes([])).toEqual([]);
    const [note] = tooFewReadsNotes(['A', 'B', 'C', 'D', 'E']);
    expect(note).toContain('fresh at A; B; C and 2 more: it takes some 4,000');
  });
});
