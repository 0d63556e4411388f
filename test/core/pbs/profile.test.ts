import { expect, it } from 'vitest';
import { PROFILE_NAMES, PUBLISHED_PROFILES } from '../../../src/core/pbs/profile.ts';

const mixture = (share: number, minMs: number, shape: number, rate: number) => ({
  kind: 'mixture',
  parts: [
    { weight: share, of: { kind: 'pareto', minMs, shape } },
    { weight: 1 - share, of: { kind: 'exponential', rate } },
  ],
});
const SSD = mixture(0.9122, 0.235, 10, 1.66);
const DISK = mixture(0.38, 1.05, 1.51, 0.183);

it('has the fits of table 3, and the shape of the code for the writes of YMMR', () => {
  const { legs, remoteMs } = PUBLISHED_PROFILES['lnkd-ssd'];
  expect({ legs, remoteMs }).toEqual({
    legs: { write: SSD, ack: SSD, read: SSD, response: SSD },
    remoteMs: 0,
  });
  const disk = PUBLISHED_PROFILES['lnkd-disk'].legs;
  expect(disk).toEqual({ write: DISK, ack: SSD, read: SSD, response: SSD });
  const yammer = PUBLISHED_PROFILES.ymmr.legs;
  const others = mixture(0.982, 1.5, 3.8, 0.0217);
  expect(yammer).toEqual({
    write: mixture(0.939, 3, 3.5, 0.0028),
    ack: others,
    read: others,
    response: others,
  });
});

it('has the WAN as LNKD-DISK with 75 ms on each way to another datacentre', () => {
  const { legs, remoteMs } = PUBLISHED_PROFILES.wan;
  expect(legs).toEqual(PUBLISHED_PROFILES['lnkd-disk'].legs);
  expect(remoteMs).toBe(75);
});

it('finds each profile under its own name', () => {
  for (const name of PROFILE_NAMES) expect(PUBLISHED_PROFILES[name].name).toBe(name);
});
