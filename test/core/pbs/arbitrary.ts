/** Latency distributions and profiles as tests draw them. */
import fc from 'fast-check';
import type { LatencyDistribution, PlainLatency } from '../../../src/core/pbs/latency.ts';
import type { LatencyProfile, Legs } from '../../../src/core/pbs/profile.ts';

const positive = (max: number) => fc.double({ min: 0.01, max, noNaN: true });
const times = fc.double({ min: 0, max: 1_000, noNaN: true });

const points = fc
  .tuple(fc.array(fc.tuple(fc.double({ min: 0, max: 1, noNaN: true }), times)), times, times)
  .map(([inner, first, last]): [number, number][] => {
    const shares = [0, ...inner.map(([share]) => share).sort((a, b) => a - b), 1];
    const ms = [first, last, ...inner.map(([, each]) => each)].sort((a, b) => a - b);
    return shares.map((share, index) => [share, ms[index] ?? 0]);
  });

export const plainLatency: fc.Arbitrary<PlainLatency> = fc.oneof(
  fc.record({ kind: fc.constant('constant' as const), ms: times }),
  fc.record({ kind: fc.constant('exponential' as const), rate: positive(10) }),
  fc.record({
    kind: fc.constant('pareto' as const),
    minMs: times,
    shape: fc.double({ min: 0.5, max: 20, noNaN: true }),
  }),
  fc.record({ kind: fc.constant('quantiles' as const), points }),
  fc.record({
    kind: fc.constant('samples' as const),
    ms: fc.array(times, { minLength: 1, maxLength: 20 }),
  }),
);

export const latency: fc.Arbitrary<LatencyDistribution> = fc.oneof(
  plainLatency,
  fc.record({
    kind: fc.constant('mixture' as const),
    parts: fc.array(fc.record({ weight: positive(100), of: plainLatency }), {
      minLength: 1,
      maxLength: 4,
    }),
  }),
);

const legs: fc.Arbitrary<Legs> = fc.record(
  {
    write: latency,
    ack: latency,
    read: latency,
    response: latency,
    commit: latency,
    lookup: latency,
    client: latency,
  },
  { requiredKeys: ['write', 'ack', 'read', 'response'] },
);

export const profile: fc.Arbitrary<LatencyProfile> = fc.record(
  {
    name: fc.string({ minLength: 1, maxLength: 20 }),
    remoteMs: fc.oneof(fc.constant(0), times),
    roundTrips: fc.boolean(),
    copiesTogether: fc.double({ min: 0, max: 1, noNaN: true }),
    legs,
  },
  { requiredKeys: ['name', 'remoteMs', 'legs'] },
);

/** Uniform numbers as the generator draws them. */
export const uniform: fc.Arbitrary<number> = fc.nat(2 ** 31 - 1).map((whole) => whole / 2 ** 31);
