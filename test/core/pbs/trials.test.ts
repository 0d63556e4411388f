import { expect, it } from 'vitest';
import type { LatencyProfile } from '../../../src/core/pbs/profile.ts';
import { PUBLISHED_PROFILES } from '../../../src/core/pbs/profile.ts';
import { type TrialOptions, Trials } from '../../../src/core/pbs/trials.ts';

const constant = (ms: number) => ({ kind: 'constant', ms }) as const;
const FIXED: LatencyProfile = {
  name: 'fixed',
  remoteMs: 0,
  legs: { write: constant(4), ack: constant(1), read: constant(2), response: constant(3) },
};
const OPTIONS: TrialOptions = {
  model: 'wars',
  profile: FIXED,
  replicas: 3,
  nodes: 3,
  readsAll: false,
  trials: 3,
  seed: 1,
  settings: [{ r: 1, w: 1 }],
};

it('plays the paper: W + A, R + S, and a read that begins before the copies are there', () => {
  const trials = new Trials(OPTIONS);
  expect([...trials.writeMs(1)]).toEqual([5, 5, 5]);
  expect([...trials.readMs(1)]).toEqual([5, 5, 5]);
  // At 5 the write ends, at 4 it is there, a read is there 2 after its begin.
  expect([...trials.lagMs({ r: 1, w: 1 })]).toEqual([-3, -3, -3]);
});

it('plays this database: the minter first, then the others', () => {
  const legs = { ...FIXED.legs, commit: constant(10) };
  const trials = new Trials({
    ...OPTIONS,
    model: 'coterie',
    profile: { ...FIXED, legs },
    trials: 50,
    settings: [
      { r: 1, w: 1 },
      { r: 2, w: 2 },
    ],
  });
  expect(new Set(trials.writeMs(1))).toEqual(new Set([10]));
  expect(new Set(trials.writeMs(2))).toEqual(new Set([10 + 4 + 10 + 1]));
  expect(new Set(trials.readMs(2))).toEqual(new Set([5]));
  // A reader at the minter is fresh at once, one elsewhere when the copy is stored: 14 later.
  expect(new Set(trials.lagMs({ r: 1, w: 1 }))).toEqual(new Set([0, 14]));
});

it('adds the ways of the client to latencies, and to the time that copies have to arrive', () => {
  const legs = { ...FIXED.legs, client: constant(0.5) };
  const trials = new Trials({ ...OPTIONS, profile: { ...FIXED, legs } });
  expect([...trials.writeMs(1)]).toEqual([6, 6, 6]);
  expect([...trials.readMs(1)]).toEqual([6, 6, 6]);
  expect([...trials.lagMs({ r: 1, w: 1 })]).toEqual([-4, -4, -4]);
});

it('plays legs that were measured as one round trip so that they come to it again', () => {
  const upTo = (ms: number) =>
    ({
      kind: 'quantiles',
      points: [
        [0, 0],
        [1, ms],
      ],
    }) as const;
  const legs = {
    write: upTo(4),
    ack: upTo(2),
    read: upTo(3),
    response: upTo(3),
    commit: upTo(10),
    client: upTo(1),
  };
  const options = {
    ...OPTIONS,
    model: 'coterie',
    replicas: 2,
    nodes: 2,
    trials: 4_000,
    settings: [{ r: 2, w: 2 }],
  } as const;
  const deviationOf = (roundTrips: boolean) => {
    const profile = { name: 'x', remoteMs: 0, roundTrips, legs };
    const readMs = new Trials({ ...options, profile }).readMs(2);
    const mean = readMs.reduce((sum, ms) => sum + ms, 0) / readMs.length;
    return Math.sqrt(readMs.reduce((sum, ms) => sum + (ms - mean) ** 2, 0) / readMs.length);
  };
  // Uniform up to 6 and up to 2 when each pair is one, and each two uniform numbers otherwise.
  expect(deviationOf(true)).toBeCloseTo(Math.sqrt((36 + 4) / 12), 1);
  expect(deviationOf(false)).toBeCloseTo(Math.sqrt((2 * 9 + 2 * 1) / 12), 1);

  const profile = { name: 'x', remoteMs: 0, roundTrips: true, legs };
  const { write, ack, commit } = { write: 4, ack: 2, commit: 10 };
  const { client: _client, ...inside } = legs;
  const writeMs = new Trials({ ...options, profile: { ...profile, legs: inside } }).writeMs(2);
  // The minter's commit, and then the whole of a copy, which is uniform too.
  const variance = (commit ** 2 + (write + ack + commit) ** 2) / 12;
  const mean = writeMs.reduce((sum, ms) => sum + ms, 0) / writeMs.length;
  const spread = writeMs.reduce((sum, ms) => sum + (ms - mean) ** 2, 0) / writeMs.length;
  expect(Math.abs(spread / variance - 1)).toBeLessThan(0.05);
});

it('plays copies that are slow together in the share of the writes that the profile says', () => {
  const exponential = { kind: 'exponential', rate: 1 } as const;
  const legs = {
    write: exponential,
    ack: exponential,
    read: constant(0),
    response: constant(0),
    commit: exponential,
  };
  const trials = 4_000;
  const shareEqual = (model: 'wars' | 'coterie', copiesTogether: number) => {
    const profile = { name: 'x', remoteMs: 0, roundTrips: true, copiesTogether, legs };
    const settings = [
      { r: 1, w: 2 },
      { r: 1, w: 3 },
    ];
    const played = new Trials({ ...OPTIONS, model, profile, trials, settings });
    const [second, third] = [played.writeMs(2), played.writeMs(3)];
    return second.filter((ms, at) => ms === third[at]).length / trials;
  };
  for (const model of ['wars', 'coterie'] as const) {
    expect(shareEqual(model, 0)).toBe(0);
    expect(shareEqual(model, 1)).toBe(1);
    expect(Math.abs(shareEqual(model, 0.3) - 0.3)).toBeLessThan(0.03);
  }
});

it('draws the same from the same seed on every machine', () => {
  const profile = PUBLISHED_PROFILES.ymmr;
  const options = { ...OPTIONS, profile, trials: 2, seed: 42, settings: [{ r: 2, w: 2 }] };
  const golden = (model: 'wars' | 'coterie') => {
    const trials = new Trials({ ...options, model });
    return [trials.readMs(2), trials.writeMs(2), trials.lagMs({ r: 2, w: 2 })].map((x) => [...x]);
  };
  expect(golden('wars')).toEqual([
    [4.396264890303568, 3.6040326295356317],
    [5.5604522500324975, 6.384337515641501],
    [-3.8840168505477646, -4.260886059194814],
  ]);
  expect(golden('coterie')).toEqual([
    [5.070709564697755, 5.728522253459771],
    [8.293730795392037, 9.808910737815674],
    [-8.232576289524072, -10.397098559276216],
  ]);
});

it('does not know settings that were not played', () => {
  expect(() => new Trials(OPTIONS).readMs(2)).toThrow(RangeError);
});
