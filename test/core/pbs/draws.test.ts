import { expect, it } from 'vitest';
import { BATCH, clientWays, DrawSource } from '../../../src/core/pbs/draws.ts';
import type { LatencyProfile } from '../../../src/core/pbs/profile.ts';

const UP_TO_1 = {
  kind: 'quantiles',
  points: [
    [0, 0],
    [1, 1],
  ],
} as const;
const LEGS = { write: UP_TO_1, ack: UP_TO_1, read: UP_TO_1, response: UP_TO_1, commit: UP_TO_1 };
const PROFILE: LatencyProfile = { name: 'p', remoteMs: 0, legs: LEGS };
const OPTIONS = { seed: 1, replicas: 3, firstCopy: 1 };

function drawn(profile: Partial<LatencyProfile>, options = OPTIONS) {
  const source = new DrawSource({ ...PROFILE, ...profile }, options);
  source.draw();
  return source.draws;
}

it('draws every leg of every replica of a batch, and zeros for legs that there are not', () => {
  const { write, lookup, chance } = drawn({});
  expect(write).toHaveLength(3 * BATCH);
  expect(new Set(write).size).toBe(3 * BATCH);
  expect(new Set(lookup)).toEqual(new Set([0]));
  expect(chance).toHaveLength(4 * BATCH);
});

it('draws legs each on its own, or those of one round trip together', () => {
  const alone = drawn({});
  expect(alone.write).not.toEqual(alone.ack);
  expect(alone.read).not.toEqual(alone.response);
  const together = drawn({ roundTrips: true });
  expect(together.write).toEqual(together.ack);
  expect(together.write).toEqual(together.commit);
  expect(together.read).toEqual(together.response);
  expect(together.write).not.toEqual(together.read);
});

it('draws all copies of a write alike in a share of the trials, in each leg the same trials', () => {
  const { write, commit, read } = drawn({ copiesTogether: 0.4 });
  const alike = (leg: Float64Array) =>
    Array.from({ length: BATCH }, (_, trial) => leg[3 * trial + 1] === leg[3 * trial + 2]);
  const share = alike(write).filter((isAlike) => isAlike).length / BATCH;
  expect(Math.abs(share - 0.4)).toBeLessThan(0.08);
  expect(alike(commit)).toEqual(alike(write));
  expect(alike(read)).not.toContain(true);
  const first = Array.from(
    { length: BATCH },
    (_, trial) => write[3 * trial] === write[3 * trial + 1],
  );
  expect(first).not.toContain(true);
});

it('draws the ways of a client one by one, or each way back like the way there', () => {
  expect(clientWays(PROFILE, 1, 4)).toBeUndefined();
  const profile = { ...PROFILE, legs: { ...LEGS, client: UP_TO_1 } };
  const [there, back] = clientWays(profile, 1, 4) ?? [];
  expect(there).not.toBe(back);
  const ways = clientWays({ ...profile, roundTrips: true }, 1, 4) ?? new Float64Array(0);
  expect([ways[1], ways[3]]).toEqual([ways[0], ways[2]]);
  expect(ways[0]).toBe(there);
});
