/** Are predictions from the legs that nodes count those of the true ones? The truth is the profile
 *  that the simulation runs on. */
import { expect, it } from 'vitest';
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

/** `r` and `w`: of the requests that are counted. */
async function countedFrom(
  profile: LatencyProfile,
  { r, w }: { readonly r: number; readonly w: number },
): Promise<LatencyProfile> {
  let counted: LatencyProfile | undefined;
  await measureFreshness({
    profile,
    nodes: REPLICAS,
    cells: [{ r, w, t: 0 }],
    trials: 1_500,
    seed: 3,
    onLegs: (legs) => {
      counted = legs.profile('counted');
    },
  });
  if (counted === undefined) throw new Error('no legs');
  return counted;
}

function predictions(profile: LatencyProfile, settings = SETTINGS): Prediction[] {
  return predict({
    model: 'coterie',
    profile,
    replicas: REPLICAS,
    nodes: REPLICAS,
    readsAll: false,
    trials: 100_000,
    seed: 1,
    settings,
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
  { profile: SLOW_DISK, load: { r: 3, w: 3 }, freshWithin: 0.02 },
  // No read goes over the network, so only settings of which none does can be predicted.
  { profile: SLOW_DISK, load: { r: 1, w: 1 }, freshWithin: 0.02 },
  // A way there takes far longer than the way back, which no clock of one node sees.
  { profile: FAR, load: { r: 3, w: 3 }, freshWithin: 0.06 },
])(
  'of $load on a $profile.name latencies are predicted within 15 %, freshness within $freshWithin',
  async ({ profile, load, freshWithin }) => {
    const settings = SETTINGS.filter(({ r }) => load.r > 1 || r === 1);
    const truth = predictions(profile, settings);
    const counted = predictions(await countedFrom(profile, load), settings);
    expect(Math.max(...freshErrors(truth, counted))).toBeLessThan(freshWithin);
    expect(Math.max(...latencyErrors(truth, counted))).toBeLessThan(0.15);
  },
  TIMEOUT_MS,
);
