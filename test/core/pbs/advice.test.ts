import { describe, expect, it } from 'vitest';
import {
  type Advised,
  advise,
  type Candidate,
  type Goals,
  levelName,
  predictedCandidates,
} from '../../../src/core/pbs/advice.ts';
import { FRESH_AT_MS, predict } from '../../../src/core/pbs/predict.ts';
import { PUBLISHED_PROFILES } from '../../../src/core/pbs/profile.ts';

const NO_GOALS: Goals = { readMs: {}, writeMs: {}, fresh: [] };

const known = (ms: number, noise = 1) => ({ ms, lowMs: ms / noise, highMs: ms * noise });

function candidate(given: Partial<Candidate> = {}): Candidate {
  return {
    n: 3,
    r: 1,
    w: 1,
    levels: { read: 'one', write: 'one' },
    isStrict: false,
    readMs: { p99: known(2) },
    writeMs: { p99: known(4) },
    counted: [],
    predicted: [],
    ...given,
  };
}

function one(goals: Partial<Goals>, given: Partial<Candidate> = {}): Advised {
  const [advised] = advise({ ...NO_GOALS, ...goals }, [candidate(given)]);
  if (advised === undefined) throw new Error('no advice');
  return advised;
}

describe('a latency goal', () => {
  it('is met by what takes no longer', () => {
    const at = (p99: number) => one({ readMs: { p99 } });
    expect([at(1.9).isMet, at(2).isMet, at(2.1).isMet]).toEqual([false, true, true]);
    expect(at(1.9).latencies).toEqual([
      {
        verb: 'read',
        percentile: 'p99',
        wantedMs: 1.9,
        foundMs: 2,
        verdict: 'missed',
        isClose: false,
      },
    ]);
  });

  it('is said to be close within the noise, on both sides', () => {
    const at = (p99: number) => one({ readMs: { p99 } }, { readMs: { p99: known(2, 1.5) } });
    const close = [1.3, 1.5, 2.5, 3].map((p99) => at(p99).latencies[0]?.isClose);
    expect(close).toEqual([false, true, true, false]);
    expect(at(2.5).isMet).toBe(true);
    expect(at(1.5).isMet).toBe(false);
  });

  it('is not met where nothing is known', () => {
    const { isMet, latencies } = one({ writeMs: { p999: 10 } });
    expect(isMet).toBe(false);
    expect(latencies[0]).toMatchObject({ foundMs: null, verdict: 'unclear' });
  });
});

describe('a goal of freshness', () => {
  const fresh = [{ share: 0.99, afterMs: 10 }];
  const counted = (share: number, reads: number, tMs = 8) => [
    { tMs, fresh: Math.round(share * reads), reads },
  ];
  const found = (given: Partial<Candidate>) => one({ fresh }, given).fresh[0];

  it('is met by a promise, unless a stale read was seen', () => {
    expect(found({ isStrict: true })).toMatchObject({
      source: 'promised',
      verdict: 'met',
      found: 1,
    });
    const broken = found({ isStrict: true, counted: counted(0.9, 1_000) });
    expect(broken).toMatchObject({ source: 'measured', verdict: 'missed' });
    const rarely = counted(0.999, 1_000, 20);
    expect(found({ isStrict: true, counted: rarely })).toMatchObject({ source: 'measured' });
  });

  it('is decided by as many reads as it takes', () => {
    expect(found({ counted: counted(1, 2_000) })).toMatchObject({
      source: 'measured',
      verdict: 'met',
    });
    expect(found({ counted: counted(0.95, 2_000) })).toMatchObject({
      verdict: 'missed',
      found: 0.95,
    });
    expect(found({ counted: counted(1, 100) })).toMatchObject({ verdict: 'unclear' });
  });

  it('is decided by the prediction where too few reads were measured', () => {
    const curve = [
      [0, 0.5],
      [9, 0.992],
      [11, 1],
    ] as const;
    const few = counted(1, 100);
    expect(found({ counted: few, predicted: curve })).toMatchObject({
      source: 'predicted',
      verdict: 'met',
      found: 0.992,
    });
    expect(found({ predicted: [[0, 0.98]] })).toMatchObject({
      source: 'predicted',
      verdict: 'missed',
    });
    expect(found({})).toMatchObject({ source: null, verdict: 'unclear', found: null });
  });

  it('is judged by reads that began no later', () => {
    const points = [
      { tMs: 5, fresh: 900, reads: 1_000 },
      { tMs: 10.5, fresh: 5_000, reads: 5_000 },
    ];
    expect(found({ counted: points })).toMatchObject({ verdict: 'missed', found: 0.9 });
    const early = [{ tMs: 12, fresh: 0, reads: 500 }];
    expect(found({ counted: early })).toMatchObject({ verdict: 'missed', found: 0 });
  });
});

it('counts what a setting survives', () => {
  const { survives } = one({}, { n: 5, r: 2, w: 4 });
  expect(survives).toEqual({ reads: 3, writes: 1, acknowledged: 3 });
  expect(one({ survive: 1 }, { n: 5, r: 2, w: 4 }).isMet).toBe(true);
  expect(one({ survive: 2 }, { n: 5, r: 2, w: 4 }).isMet).toBe(false);
  expect(one({ keep: 3 }, { n: 5, r: 2, w: 4 }).isMet).toBe(true);
  expect(one({ keep: 4 }, { n: 5, r: 2, w: 4 })).toMatchObject({ isMet: false, keeping: 'missed' });
});

it('puts what meets the goals first, the fastest before the others', () => {
  const candidates = [1, 5, 3, 2].map((ms) =>
    candidate({ w: ms === 1 ? 1 : 2, readMs: { p99: known(ms) } }),
  );
  const ordered = advise({ ...NO_GOALS, keep: 1 }, candidates);
  const shown = ordered.map((each) => [each.isMet, each.candidate.readMs.p99?.ms]);
  expect(shown).toEqual([
    [true, 2],
    [true, 3],
    [true, 5],
    [false, 1],
  ]);
});

it('names the levels of any N', () => {
  expect([1, 2, 3].map((count) => levelName(count, 3))).toEqual(['one', 'quorum', 'all']);
  const five = [1, 2, 3, 4, 5].map((count) => levelName(count, 5));
  expect(five).toEqual(['one', 'two', 'quorum', null, 'all']);
});

it('judges predictions: on the slow disks of the paper only strict settings are fresh at once', () => {
  const settings = [1, 2, 3].flatMap((r) => [1, 2, 3].map((w) => ({ r, w })));
  const predictions = predict({
    model: 'coterie',
    profile: PUBLISHED_PROFILES['lnkd-disk'],
    replicas: 3,
    nodes: 3,
    readsAll: false,
    trials: 5_000,
    seed: 1,
    settings,
    atMs: FRESH_AT_MS,
    writesPerRead: 1,
  });
  const goals = { ...NO_GOALS, fresh: [{ share: 0.999, afterMs: 0 }] };
  const met = advise(goals, predictedCandidates(predictions)).filter(({ isMet }) => isMet);
  expect(met).toHaveLength(6);
  expect(met.every(({ candidate: { n, r, w } }) => r + w > n)).toBe(true);
});
