import { expect, it } from 'vitest';
import type { LatencyProfile } from '../../../src/core/pbs/profile.ts';
import { ProfileDiskTimes, UsualDiskTimes } from '../../../src/sim/disk/disk-times.ts';
import { Kernel } from '../../../src/sim/kernel/kernel.ts';

const WAY = { kind: 'constant', ms: 1 } as const;
const PROFILE: LatencyProfile = {
  name: 'a disk',
  remoteMs: 0,
  legs: { write: WAY, ack: WAY, read: WAY, response: WAY },
};

it('takes what a commit takes in the profile, and nothing where it says nothing', () => {
  const commit = { kind: 'constant', ms: 2.5 } as const;
  const profile = { ...PROFILE, legs: { ...PROFILE.legs, commit } };
  const times = new ProfileDiskTimes(new Kernel(1), 'n0', profile);
  expect([times.batchUs(), times.syncUs(), times.readUs()]).toEqual([2_500, 0, 0]);
  const without = new ProfileDiskTimes(new Kernel(1), 'n0', PROFILE);
  expect([without.batchUs(), without.syncUs(), without.readUs()]).toEqual([0, 0, 0]);
});

it('is slower to sync than to write, and once in a while much slower', () => {
  const times = new UsualDiskTimes(new Kernel(1).stream('disk'));
  const syncs = Array.from({ length: 2_000 }, () => times.syncUs());
  const long = syncs.filter((us) => us > 5_000);
  expect(Math.min(...syncs)).toBeGreaterThanOrEqual(500);
  expect(long.length).toBeGreaterThan(0);
  expect(long.length).toBeLessThan(40);
  expect(times.batchUs()).toBeLessThanOrEqual(300);
  expect(times.readUs()).toBeLessThanOrEqual(200);
});
