import { describe, expect, it } from 'vitest';
import type {
  FolderRun,
  OpenedStore,
  Remembered,
  StandingInput,
} from '../../../src/core/membership/standing.ts';
import {
  COMMITS_UNKNOWN,
  findLoss,
  isContinuation,
  judgeStanding,
  knowsCommits,
  livesLost,
  RUNS_MAX,
  remember,
  rememberCommit,
  servesAlone,
  VERIFY_WAIT_MS,
} from '../../../src/core/membership/standing.ts';

/** Each began a hundred commits after the one before it, the last one at 500 or as given. */
function runs(names: string, lastCommitSeq = 500): readonly FolderRun[] {
  const ids = names.split(' ');
  return ids.map((id, index) => ({
    id,
    commitSeq: lastCommitSeq - 100 * (ids.length - 1 - index),
  }));
}

const opened: OpenedStore = {
  storeId: 'aa',
  run: 8,
  runs: runs('r6 r7 r8'),
  previousRun: 7,
  ceiling: 1_000,
  madeGood: [],
  isRebuilding: false,
  statement: 0,
};
const known: Remembered = {
  storeId: 'aa',
  run: 7,
  runId: 'r7',
  ceiling: 900,
  commitSeq: 480,
  successors: [],
};

function judge(change: Partial<Parameters<typeof judgeStanding>[0]> = {}) {
  return judgeStanding({
    opened,
    damage: undefined,
    peerCount: 2,
    answers: [known, undefined],
    unreachableCount: 0,
    waitedMs: 0,
    hasServed: true,
    ...change,
  }).state;
}

describe('what is lost', () => {
  it.each([
    ['an empty folder under a known name', { storeId: 'bb', previousRun: 0 }, /empty/],
    ['another folder', { storeId: 'bb' }, /not the one/],
    ['a copy from an earlier run', { previousRun: 5, run: 6 }, /old copy/],
    ['a copy that repeats a run', { previousRun: 6, run: 7, runs: runs('r6 x') }, /old copy/],
    ['a copy restarted past every number', { runs: runs('r6 x y z') }, /old copy/],
    ['a clock ceiling below what was seen', { ceiling: 899 }, /ceiling/],
    ['a log that ends too early', { runs: runs('r6 r7 r8', 479) }, /log ends/],
    ['one that went on since', { runs: runs('r6 r7 x y', 570) }, /log ends at commit 470/],
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
  const wiped: OpenedStore = {
    ...opened,
    storeId: 'bb',
    run: 1,
    previousRun: 0,
    runs: runs('w', 0),
  };

  it('does not let a store that came back below it take its place', () => {
    const after = remember(known, wiped);
    expect(after).toEqual({ ...known, successors: [{ runId: 'w', commitSeq: 0 }] });
    const again: OpenedStore = { ...wiped, run: 2, previousRun: 1, runs: runs('w w2') };
    expect(findLoss(again, after)).toMatch(/not the one/);
  });

  it('lets a rebuilt store take the place of what it has made good, and of nothing else', () => {
    const after = remember(known, wiped);
    const rebuilt: OpenedStore = { ...wiped, madeGood: ['r7'] };
    expect(findLoss(rebuilt, after)).toBeUndefined();
    expect(remember(after, rebuilt)).toEqual({
      storeId: 'bb',
      run: 1,
      runId: 'w',
      ceiling: 1_000,
      commitSeq: 0,
      successors: [],
    });
    expect(findLoss(rebuilt, { ...after, runId: 'r8' })).toMatch(/empty/);
  });

  it('knows copies of both folders after a rebuild for behind', () => {
    const rebuilt: OpenedStore = { ...wiped, madeGood: ['r7'] };
    const after = { ...remember(remember(known, wiped), rebuilt), commitSeq: 90 };
    expect(findLoss(opened, after)).toMatch(/not the one/);
    const copy = { ...rebuilt, run: 2, previousRun: 1, runs: runs('w c', 80) };
    expect(findLoss({ ...copy, ceiling: 1_000 }, after)).toMatch(/log ends/);
    const next = { ...copy, runs: runs('w w2', 95), ceiling: 2_000 };
    expect(findLoss(next, after)).toBeUndefined();
  });

  it('holds the whole store for behind after another folder took part in its place', () => {
    const after = remember(known, wiped);
    expect(findLoss(opened, after)).toMatch(/another folder/);
    expect(findLoss({ ...opened, madeGood: ['w'] }, after)).toBeUndefined();
    expect(remember(after, { ...opened, madeGood: ['w'] })).toMatchObject({
      runId: 'r8',
      commitSeq: 500,
      successors: [],
    });
  });

  it('goes on knowing the other folder after the whole store has come back behind it', () => {
    const once = remember(remember(known, wiped), opened);
    expect(once.successors.map(({ runId }) => runId)).toEqual(['w', 'r8']);
    expect(findLoss(opened, once)).toMatch(/another folder/);
    const later: OpenedStore = { ...opened, run: 9, previousRun: 8, runs: runs('r7 r8 r9', 600) };
    expect(remember(once, later).successors.map(({ runId }) => runId)).toEqual(['w', 'r9']);
    expect([...livesLost(opened, [once])].toSorted()).toEqual(['r7', 'w']);
  });

  it('knows a copy of the middle of a rebuild, also when that has gone on since', () => {
    const rebuilding = { ...wiped, isRebuilding: true };
    const after = rememberCommit(remember(known, rebuilding), 'w', 40);
    expect(after).toMatchObject({ commitSeq: 480, successors: [{ runId: 'w', commitSeq: 40 }] });
    const copy: OpenedStore = { ...rebuilding, run: 2, previousRun: 1, runs: runs('w c', 39) };
    expect([...livesLost(copy, [after])].toSorted()).toEqual(['r7', 'w']);
    const later: OpenedStore = {
      ...copy,
      runs: [...copy.runs, { id: 'd', commitSeq: 900 }],
      madeGood: ['r7'],
    };
    expect(findLoss(later, after)).toMatch(/ends at commit 39 of a rebuild .* commit 40/);
    const both = remember(after, copy).successors;
    expect(both.map(({ runId, commitSeq }) => `${runId} ${commitSeq}`)).toEqual(['w 40', 'c 39']);
    const restarted: OpenedStore = { ...copy, runs: runs('w w2', 40) };
    expect([...livesLost(restarted, [after])]).toEqual(['r7']);
    expect(remember(after, restarted).successors).toEqual([{ runId: 'w2', commitSeq: 40 }]);
  });

  it('keeps the commits that it has seen of a rebuild when that is over', () => {
    const rebuilding = { ...wiped, isRebuilding: true };
    const after = rememberCommit(remember(known, rebuilding), 'w', 40);
    const rebuilt: OpenedStore = { ...wiped, madeGood: ['r7'] };
    expect(remember(after, rebuilt)).toMatchObject({ runId: 'w', commitSeq: 40, successors: [] });
  });

  it('holds commits against the run they are of', () => {
    expect(rememberCommit(known, 'r7', 481)).toEqual({ ...known, commitSeq: 481 });
    expect(rememberCommit(known, 'r7', 480)).toBe(known);
    expect(rememberCommit(known, 'r8', 481)).toBe(known);
    const after = remember(known, wiped);
    expect(rememberCommit(after, 'w', 0)).toBe(after);
    expect(rememberCommit(after, 'w', 1).successors).toEqual([{ runId: 'w', commitSeq: 1 }]);
  });

  it('goes by the name alone of a successor of which it does not know the commits', () => {
    const after = { ...known, successors: [{ runId: 'w', commitSeq: COMMITS_UNKNOWN }] };
    const restarted: OpenedStore = { ...wiped, runs: runs('w w2') };
    expect([...livesLost(restarted, [after])]).toEqual(['r7']);
    const later = remember(after, restarted);
    expect(later.successors.map(({ runId }) => runId)).toEqual(['w', 'w2']);
    expect(knowsCommits(later)).toBe(false);
    expect([knowsCommits(after), knowsCommits(known), knowsCommits(undefined)]).toEqual([
      false,
      true,
      true,
    ]);
    expect(rememberCommit(after, 'w', 40).successors).toEqual([{ runId: 'w', commitSeq: 40 }]);
    const rebuilt: OpenedStore = { ...wiped, runs: runs('w', 7), madeGood: ['r7'] };
    expect(remember(after, rebuilt)).toMatchObject({ runId: 'w', commitSeq: 7 });
  });

  it('knows a store that goes on with the newest it has seen of the member', () => {
    const after = rememberCommit(remember(known, wiped), 'w', 40);
    const goesOn = (names: string, lastCommitSeq: number) =>
      isContinuation(after, { ...wiped, runs: runs(names, lastCommitSeq) });
    expect([goesOn('w', 0), goesOn('w w2', 40)]).toEqual([true, true]);
    expect([goesOn('w w2', 39), goesOn('v', 90)]).toEqual([false, false]);
    expect([isContinuation(after, opened), isContinuation(known, opened)]).toEqual([false, true]);
    expect(isContinuation(undefined, opened)).toBe(false);
  });

  it('takes a run that a folder has long forgotten by the numbers', () => {
    const many = Array.from({ length: RUNS_MAX }, (_, index) => `s${index}`).join(' ');
    const later: OpenedStore = { ...opened, run: 90, previousRun: 89, runs: runs(many, 9_000) };
    expect(findLoss(later, known)).toBeUndefined();
    expect(findLoss({ ...later, runs: runs(many, 479) }, known)).toMatch(/log ends/);
  });

  it('knows a restored copy, however far the copy goes on committing', () => {
    const restored: OpenedStore = {
      ...opened,
      run: 6,
      previousRun: 5,
      runs: runs('r5 c', 300),
    };
    const after = remember(known, restored);
    const later: OpenedStore = {
      ...opened,
      run: 90,
      previousRun: 89,
      runs: runs('r5 c z', 99_999),
      ceiling: 99_999,
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

  it('lets a node serve alone that has served before, after the wait, while nobody answers', () => {
    const input: StandingInput = {
      ...{ opened, damage: undefined, peerCount: 2, answers: [], unreachableCount: 2 },
      ...{ waitedMs: VERIFY_WAIT_MS, hasServed: true },
    };
    expect(servesAlone(input)).toBe(true);
    expect(servesAlone({ ...input, waitedMs: VERIFY_WAIT_MS - 1 })).toBe(false);
    expect(servesAlone({ ...input, hasServed: false, waitedMs: 1e9 })).toBe(false);
    expect(servesAlone({ ...input, answers: [undefined] })).toBe(false);
    expect(judgeStanding({ ...input, hasServed: false }).reason).toMatch(/never served/);
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
