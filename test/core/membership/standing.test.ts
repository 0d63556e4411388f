import { describe, expect, it } from 'vitest';
import type { OpenedStore, Remembered } from '../../../src/core/membership/standing.ts';
import {
  findLoss,
  judgeStanding,
  remember,
  VERIFY_WAIT_MS,
} from '../../../src/core/membership/standing.ts';

const opened: OpenedStore = {
  storeId: 'aa',
  run: 8,
  runIds: ['r6', 'r7', 'r8'],
  previousRun: 7,
  ceiling: 1_000,
  commitSeq: 500,
};
const known: Remembered = {
  storeId: 'aa',
  run: 7,
  runId: 'r7',
  ceiling: 900,
  commitSeq: 480,
};

function judge(change: Partial<Parameters<typeof judgeStanding>[0]> = {}) {
  return judgeStanding({
    opened,
    damage: undefined,
    peerCount: 2,
    answers: [known, undefined],
    unreachableCount: 0,
    waitedMs: 0,
    ...change,
  }).state;
}

describe('what is lost', () => {
  it.each([
    ['an empty folder under a known name', { storeId: 'bb', previousRun: 0 }, /empty/],
    ['another folder', { storeId: 'bb' }, /not the one/],
    ['a copy from an earlier run', { previousRun: 5, run: 6 }, /old copy/],
    ['a copy that repeats a run', { previousRun: 6, run: 7, runIds: ['r6', 'x'] }, /old copy/],
    ['a copy restarted past every number', { runIds: ['r6', 'x', 'y', 'z'] }, /old copy/],
    ['a clock ceiling below what was seen', { ceiling: 899 }, /ceiling/],
    ['a log that ends too early', { commitSeq: 479 }, /log ends/],
  ])('is noticed: %s', (_, change, reason) => {
    expect(findLoss({ ...opened, ...change }, known)).toMatch(reason);
  });

  it('is nothing after a clean stop or kill -9, nor for the same run that greets again', () => {
    expect(findLoss(opened, known)).toBeUndefined();
    expect(findLoss(opened, undefined)).toBeUndefined();
    const seenNow = remember(known, opened);
    expect(findLoss(opened, { ...seenNow, commitSeq: 9_999 })).toBeUndefined();
  });
});

describe('memory', () => {
  it('does not let a store that came back below it take its place', () => {
    const wiped: OpenedStore = {
      ...opened,
      storeId: 'bb',
      run: 1,
      previousRun: 0,
      runIds: ['w'],
    };
    const after = remember(known, wiped);
    expect(after).toBe(known);
    const again: OpenedStore = { ...wiped, run: 2, previousRun: 1, runIds: ['w', 'w2'] };
    expect(findLoss(again, after)).toMatch(/not the one/);
  });

  it('lets the whole store serve again after a start with an empty folder in its place', () => {
    const wiped: OpenedStore = { ...opened, storeId: 'bb', run: 1, previousRun: 0, runIds: ['w'] };
    expect(findLoss(opened, remember(known, wiped))).toBeUndefined();
  });

  it('knows a restored copy, however far the copy goes on committing', () => {
    const restored: OpenedStore = {
      ...opened,
      run: 6,
      previousRun: 5,
      runIds: ['r5', 'c'],
      commitSeq: 300,
    };
    const after = remember(known, restored);
    const later: OpenedStore = {
      ...opened,
      run: 90,
      previousRun: 89,
      runIds: ['r5', 'c', 'z'],
      ceiling: 99_999,
      commitSeq: 99_999,
    };
    expect(findLoss(later, after)).toMatch(/old copy/);
  });

  it('stays the same object when nothing is new', () => {
    const once = remember(known, opened);
    expect(remember(once, opened)).toBe(once);
  });
});

describe('standing', () => {
  it('is SERVING for a cluster of one at once', () => {
    expect(judge({ peerCount: 0, answers: [] })).toBe('SERVING');
  });

  it('is UNVERIFIED until a peer has answered, however long that takes', () => {
    expect(judge({ answers: [], waitedMs: 10 * VERIFY_WAIT_MS })).toBe('UNVERIFIED');
  });

  it('is SERVING when every reachable member has answered, or after the wait if one has', () => {
    expect(judge({ answers: [known] })).toBe('UNVERIFIED');
    expect(judge({ answers: [known], unreachableCount: 1 })).toBe('SERVING');
    expect(judge({ answers: [known], waitedMs: VERIFY_WAIT_MS })).toBe('SERVING');
    expect(judge()).toBe('SERVING');
  });

  it('is RECOVERING when one peer knew more, or the folder itself is damaged', () => {
    expect(judge({ answers: [{ ...known, run: 9 }, undefined] })).toBe('RECOVERING');
    expect(judge({ damage: 'a gap' })).toBe('RECOVERING');
  });
});
