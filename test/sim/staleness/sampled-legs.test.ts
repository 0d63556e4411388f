/** Are predictions from sampled legs those of the true ones? Requests to simulated nodes are
 *  explained, as `bench quorum` has them explained; the truth is the profile that the simulation
 *  runs on. */
import { expect, it } from 'vitest';
import { LegSamples } from '../../../src/bench/quorum/leg-samples.ts';
import { type Percentiles, type Prediction, predict } from '../../../src/core/pbs/predict.ts';
import type { LatencyProfile } from '../../../src/core/pbs/profile.ts';
import { measureFreshness, REPLICAS } from './measured-freshness.ts';
import { FAR, SLOW_DISK } from './profiles.ts';

const TIMEOUT_MS = 300_000;
const SETTINGS = [
  { r: 1, w: 1 },
  { r: 1, w: 2 },
  { r: 2, w: 1 },
  { r: 3, w: 3 },
];

async function sampledFrom(profile: LatencyProfile): Promise<LatencyProfile> {
  const legs = new LegSamples();
  await measureFreshness({
    profile,
    nodes: REPLICAS,
    cells: [{ r: REPLICAS, w: REPLICAS, t: 0 }],
    trials: 1_500,
    seed: 3,
    onWrite: (written) => legs.addWrite(written),
    onRead: (read) => legs.addRead(read),
  });
  const sampled = legs.profile('sampled');
  if (sampled === undefined) throw new Error('no legs');
  return sampled;
}

function predictions(profile: LatencyProfile): Prediction[] {
  return predict({
    model: 'coterie',
    profile,
    replicas: REPLICAS,
    nodes: REPLICAS,
    readsAll: false,
    trials: 100_000,
    seed: 1,
    settings: SETTINGS,
    atMs: [0, 1, 2, 5, 10],
    writesPerRead: 1,
  });
}

function freshErrors(truth: readonly Prediction[], others: readonly Prediction[]): number[] {
  return truth.flatMap(({ freshAtMs }, at) =>
    freshAtMs.map(([, share], time) => Math.abs(share - (others[at]?.freshAtMs[time]?.[1] ?? 0))),
  );
}

/** Of medians and 99th percentiles, of a round trip or longer. */
function latencyErrors(truth: readonly Prediction[], others: readonly Prediction[]): number[] {
  const errorsOf = (real: Percentiles, found: Percentiles | undefined): number[] =>
    (['p50', 'p99'] as const)
      .filter((percentile) => real[percentile] > 0)
      .map((percentile) => Math.abs((found?.[percentile] ?? 0) / real[percentile] - 1));
  return truth.flatMap(({ readMs, writeMs }, at) => [
    ...errorsOf(readMs, others[at]?.readMs),
    ...errorsOf(writeMs, others[at]?.writeMs),
  ]);
}

it.each([
  { profile: SLOW_DISK, freshWithin: 0.02 },
  // A way there takes far longer than the way back, which no clock of one node sees.
  { profile: FAR, freshWithin: 0.06 },
])(
  'on a $profile.name latencies are predicted within 15 %, freshness within $freshWithin',
  async ({ profile, freshWithin }) => {
    const truth = predictions(profile);
    const sampled = predictions(await sampledFrom(profile));
    expect(Math.max(...freshErrors(truth, sampled))).toBeLessThan(freshWithin);
    expect(Math.max(...latencyErrors(truth, sampled))).toBeLessThan(0.15);
  },
  TIMEOUT_MS,
);
