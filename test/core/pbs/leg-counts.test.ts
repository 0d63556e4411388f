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
      ...{ commit: 5, mint: 5, lookup: 0.125, client: 0.5 },
    };
    for (const [name, ms] of Object.entries(wanted)) {
      for (const found of timesOf(profileOf(legs).legs[name as keyof typeof wanted])) {
        expect(Math.abs(found - ms), `${name}: ${found}`).toBeLessThan(0.04 * ms + 0.002);
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
