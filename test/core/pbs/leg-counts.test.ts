import { describe, expect, it } from 'vitest';
import type { LatencyDistribution } from '../../../src/core/pbs/latency.ts';
import { LegCounts } from '../../../src/core/pbs/leg-counts.ts';
import { predict } from '../../../src/core/pbs/predict.ts';
import type { LatencyProfile } from '../../../src/core/pbs/profile.ts';
import { decodeProfile, encodeProfile } from '../../../src/core/pbs/profile-file.ts';
import { SeededRandom } from '../../../src/core/seeded-random.ts';

interface Times {
  readonly client: number;
  readonly commit: number;
  readonly way: number;
  readonly lookup: number;
}

/** A write and a read of everything, at a minter with one other replica. */
function count(legs: LegCounts, { client, commit, way, lookup }: Times, other = commit): void {
  legs.minted(commit);
  legs.copied(other + 2 * way, other);
  legs.lookedUp(lookup);
  legs.read(lookup + 2 * way, lookup);
  legs.reached(client);
}

function timesOf(distribution: LatencyDistribution | undefined): readonly number[] {
  if (distribution?.kind !== 'quantiles') throw new Error('no quantiles');
  return distribution.points.map(([, ms]) => ms);
}

function profileOf(legs: LegCounts): LatencyProfile {
  const profile = legs.profile('p');
  if (profile === undefined) throw new Error('no profile');
  return profile;
}

describe('a profile of what was counted', () => {
  it('has each leg as long as it was, when all requests take equally long', () => {
    const legs = new LegCounts();
    const times = { client: 1, commit: 5, way: 0.25, lookup: 0.125 };
    for (let request = 0; request < 10; request += 1) count(legs, times);
    const wanted = {
      ...{ write: 0.25, ack: 0.25, read: 0.25, response: 0.25 },
      ...{ commit: 5, mint: 5, lookup: 0.125, ownLookup: 0.125, client: 0.5 },
    };
    for (const [name, ms] of Object.entries(wanted)) {
      for (const found of timesOf(profileOf(legs).legs[name as keyof typeof wanted])) {
        expect(Math.abs(found - ms), `${name}: ${found}`).toBeLessThan(0.04 * ms + 0.02);
      }
    }
  });

  it('makes predictions that are near the truth, and fits into a file', () => {
    const random = new SeededRandom(7, 'legs');
    const exponential = (mean: number): number => -Math.log(1 - random.float()) * mean;
    const draw = (): Times => ({
      client: 0.2 + exponential(0.1),
      commit: 3 + exponential(1),
      way: 0.1 + exponential(0.2),
      lookup: 0.05,
    });
    const legs = new LegCounts();
    const replicated: number[] = [];
    for (let request = 0; request < 8_000; request += 1) {
      const times = draw();
      const other = draw().commit;
      count(legs, times, other);
      replicated.push(times.client + times.commit + 2 * times.way + other);
    }
    const profile = profileOf(legs);
    expect(decodeProfile(JSON.parse(JSON.stringify(encodeProfile(profile))))).toEqual(profile);
    const cluster = { replicas: 2, nodes: 2, readsAll: false };
    const draws = { trials: 50_000, seed: 1, settings: [{ r: 1, w: 2 }] };
    const [prediction] = predict({
      ...{ model: 'coterie', profile, atMs: [0], writesPerRead: 1 },
      ...cluster,
      ...draws,
    });
    const sorted = replicated.sort((a, b) => a - b);
    for (const [share, predicted] of [
      [0.5, prediction?.writeMs.p50],
      [0.99, prediction?.writeMs.p99],
    ] as const) {
      const ratio = (predicted ?? 0) / (sorted[Math.floor(share * sorted.length)] ?? 0);
      expect(Math.abs(ratio - 1)).toBeLessThan(0.1);
    }
  });

  it('has reads of others that add up to what was counted, however long they looked', () => {
    const random = new SeededRandom(5, 'reads');
    const legs = new LegCounts();
    legs.minted(1);
    const took: number[] = [];
    for (let read = 0; read < 4_000; read += 1) {
      const far = 2 + 20 * random.float() ** 4;
      const way = 0.2 + 2 * random.float() ** 3;
      legs.read(far + way, far);
      took.push(far + way);
      // Its own copy is in memory.
      legs.lookedUp(0.01);
    }
    const { read, response, lookup, ownLookup } = profileOf(legs).legs;
    const whole = [read, lookup, response].map(timesOf);
    took.sort((a, b) => a - b);
    for (const [at, share] of [0.5, 0.9, 0.99].entries()) {
      const place = [10, 18, 22][at] ?? 0;
      const sum = whole.reduce((ms, times) => ms + (times[place] ?? 0), 0);
      const measured = took[Math.floor(share * took.length)] ?? 0;
      expect(Math.abs(sum / measured - 1), `${share}`).toBeLessThan(0.05);
    }
    expect(Math.max(...timesOf(ownLookup))).toBeLessThan(0.02);
  });

  it('is not made of the one slow request in a million', () => {
    const legs = new LegCounts();
    legs.lookedUp(1);
    for (let mint = 0; mint < 1_000_000; mint += 1) legs.minted(1 + (mint % 100) / 100);
    legs.minted(5_000);
    const { mint } = profileOf(legs).legs;
    if (mint?.kind !== 'quantiles') throw new Error('no quantiles');
    const beyond = mint.points.find(([, ms]) => ms > 100)?.[0] ?? 0;
    expect(beyond).toBe(1);
    expect(mint.points.at(-2)?.[0]).toBeGreaterThan(0.999_99);
  });

  it('holds nothing of a request to be on the way when nobody tells', () => {
    const legs = new LegCounts();
    legs.minted(1);
    legs.lookedUp(1);
    legs.copied(9, undefined);
    legs.read(9, undefined);
    expect([legs.count('copy'), legs.count('copyWay')]).toEqual([1, 0]);
    expect([legs.count('read'), legs.count('readWay')]).toEqual([1, 0]);
    const { write, commit } = profileOf(legs).legs;
    expect(Math.max(...timesOf(write))).toBe(0);
    expect(Math.min(...timesOf(commit))).toBeGreaterThan(8.5);
  });

  it('has the ways of writes for reads that asked nobody else', () => {
    const legs = new LegCounts();
    legs.minted(3);
    legs.copied(4, 3);
    legs.lookedUp(0.1);
    expect(profileOf(legs).legs.read).toEqual(profileOf(legs).legs.write);
    expect(timesOf(profileOf(legs).legs.read)[0]).toBeCloseTo(0.5, 1);
  });

  it('of one replica has no ways between nodes, and no client where none was counted', () => {
    const legs = new LegCounts();
    legs.minted(1);
    legs.lookedUp(1);
    const { write, read, client } = profileOf(legs).legs;
    expect(Math.max(...timesOf(write), ...timesOf(read))).toBe(0);
    expect(client).toBeUndefined();
  });

  it('is none before a write was stored and something was looked up', () => {
    const legs = new LegCounts();
    legs.reached(1);
    legs.lookedUp(1);
    expect(legs.profile('p')).toBeUndefined();
    legs.minted(1);
    expect(legs.profile('p')).toBeDefined();
  });
});

it('what came between two looks is their difference, copies that are slow together included', () => {
  const legs = new LegCounts();
  for (const ms of [1, 2, 4]) legs.together(ms, ms);
  legs.minted(100);
  const before = legs.encode();
  for (const ms of [1, 2, 4]) legs.together(ms, 8 / ms);
  legs.minted(1);
  legs.lookedUp(1);
  const between = new LegCounts();
  between.merge(legs.encode());
  between.merge(before, -1);
  expect(between.count('mint')).toBe(1);
  expect(profileOf(between).copiesTogether).toBe(0);
  expect(profileOf(legs).copiesTogether).toBe(0);
  const first = new LegCounts();
  first.merge(before);
  first.lookedUp(1);
  expect(profileOf(first).copiesTogether).toBe(1);
});
