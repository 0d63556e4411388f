import { describe, expect, it } from 'vitest';
import { LegSamples } from '../../../src/bench/quorum/leg-samples.ts';
import type { GetResult, PutResult, RequestTraceStep } from '../../../src/client/types.ts';
import type { LatencyDistribution } from '../../../src/core/pbs/latency.ts';
import { predict } from '../../../src/core/pbs/predict.ts';
import { decodeProfile, encodeProfile } from '../../../src/core/pbs/profile-file.ts';
import { SeededRandom } from '../../../src/core/seeded-random.ts';

function step(node: string, action: string, sentAtMs: number, answeredAtMs: number) {
  const counted = answeredAtMs > 0;
  return { node, action, sentAtMs, answeredAtMs, outcome: '', counted };
}

function result<Result>(elapsedMs: number, ms: number, steps: readonly RequestTraceStep[]) {
  const trace = { coordinator: 'a', minter: 'a', partition: 0, layoutVersion: 1, steps };
  return { elapsedMs, trace: { ...trace, elapsedMs: ms } } as Result;
}

interface Times {
  readonly client: number;
  readonly commit: number;
  readonly way: number;
  readonly lookup: number;
}

function write({ client, commit, way }: Times, other = commit): PutResult {
  const end = commit + 2 * way + other;
  return result(end + client, end, [
    step('a', 'mint', 0, commit),
    step('b', 'replicate', commit, end),
    step('c', 'replicate', commit, end),
  ]);
}

function read({ client, way, lookup }: Times): GetResult {
  const end = 2 * way + lookup;
  return result(end + client, end, [
    step('a', 'read', 0, lookup),
    step('b', 'digest', 0, end),
    step('c', 'digest', 0, end),
  ]);
}

function timesOf(distribution: LatencyDistribution | undefined): readonly number[] {
  if (distribution?.kind !== 'quantiles') throw new Error('no quantiles');
  return distribution.points.map(([, ms]) => ms);
}

describe('legs from traces', () => {
  it('are what they are when every request takes equally long', () => {
    const samples = new LegSamples();
    const times = { client: 1, commit: 5, way: 0.25, lookup: 0.125 };
    for (let request = 0; request < 10; request += 1) {
      samples.addWrite(write(times));
      samples.addRead(read(times));
    }
    const legs = samples.profile('p')?.legs;
    const wanted = {
      write: 0.25,
      ack: 0.25,
      read: 0.25,
      response: 0.25,
      commit: 5,
      lookup: 0.125,
      client: 0.5,
    };
    for (const [name, ms] of Object.entries(wanted)) {
      const found = timesOf(legs?.[name as keyof typeof wanted]);
      expect({ name, least: Math.min(...found) }).toEqual({ name, least: ms });
      expect({ name, most: Math.max(...found) }).toEqual({ name, most: ms });
    }
  });

  it('make a profile that a file can hold, and predictions that are near the truth', () => {
    const random = new SeededRandom(7, 'legs');
    const exponential = (mean: number): number => -Math.log(1 - random.float()) * mean;
    const samples = new LegSamples();
    const draw = () => ({
      client: 0.2 + exponential(0.1),
      commit: 3 + exponential(1),
      way: 0.1 + exponential(0.2),
      lookup: 0.05,
    });
    const replicated: number[] = [];
    for (let request = 0; request < 8_000; request += 1) {
      const times = draw();
      const other = draw().commit;
      samples.addWrite(write(times, other));
      samples.addRead(read(draw()));
      replicated.push(times.client + times.commit + 2 * times.way + other);
    }
    const profile = samples.profile('p');
    if (profile === undefined) throw new Error('no profile');
    expect(decodeProfile(JSON.parse(JSON.stringify(encodeProfile(profile))))).toEqual(profile);
    const [prediction] = predict({
      model: 'coterie',
      profile,
      replicas: 2,
      nodes: 2,
      readsAll: false,
      trials: 50_000,
      seed: 1,
      settings: [{ r: 1, w: 2 }],
      atMs: [0],
      writesPerRead: 1,
    });
    const sorted = replicated.sort((a, b) => a - b);
    for (const [share, predicted] of [
      [0.5, prediction?.writeMs.p50],
      [0.99, prediction?.writeMs.p99],
    ] as const) {
      const measured = sorted[Math.floor(share * sorted.length)] ?? 0;
      expect((predicted ?? 0) / measured).toBeGreaterThan(0.9);
      expect((predicted ?? 0) / measured).toBeLessThan(1.1);
    }
  });

  it('say in which share of the writes copies are slow together', () => {
    const random = new SeededRandom(3, 'copies');
    const togetherOf = (share: number): number => {
      const samples = new LegSamples();
      for (let request = 0; request < 4_000; request += 1) {
        const one = 1 / (1 - random.float());
        const other = random.float() < share ? one : 1 / (1 - random.float());
        const steps = [
          step('a', 'mint', 0, 1),
          step('b', 'replicate', 1, 1 + one),
          step('c', 'replicate', 1, 1 + other),
        ];
        samples.addWrite(result(2, 1, steps));
        samples.addRead(result(2, 1, [step('a', 'read', 0, 1)]));
      }
      const merged = new LegSamples();
      merged.merge(samples.encode());
      return merged.profile('p')?.copiesTogether ?? Number.NaN;
    };
    for (const share of [0, 0.4, 1]) expect(Math.abs(togetherOf(share) - share)).toBeLessThan(0.05);
  });

  it('of one replica have no ways between nodes', () => {
    const samples = new LegSamples();
    samples.addWrite(result(2, 1, [step('a', 'mint', 0, 1)]));
    samples.addRead(result(2, 1, [step('a', 'read', 0, 1)]));
    const legs = samples.profile('p')?.legs;
    expect(Math.max(...timesOf(legs?.write), ...timesOf(legs?.read))).toBe(0);
  });

  it('come from answers only, and are none before there are any', () => {
    const samples = new LegSamples();
    samples.addWrite(result(2, 1, [step('a', 'mint', 0, 0), step('b', 'replicate', 1, 0)]));
    samples.addRead({ elapsedMs: 1 } as GetResult);
    expect(samples.profile('p')).toBeUndefined();
    expect([samples.count('mint'), samples.count('copy')]).toEqual([0, 0]);
  });

  it('take no more room than they may', () => {
    const samples = new LegSamples();
    const times = { client: 1, commit: 5, way: 1, lookup: 1 };
    for (let request = 0; request < 45_000; request += 1) samples.addWrite(write(times));
    expect(samples.count('copy')).toBeLessThan(40_000);
    expect(samples.count('mint')).toBeGreaterThanOrEqual(20_000);
  });
});
