import { expect, it } from 'vitest';
import { DiskFaults } from '../../../src/sim/disk/disk-faults.ts';

it('of faults at the same time the worst counts, and stalls add up', () => {
  const faults = new DiskFaults();
  const ends = [
    faults.failReads(0.1),
    faults.failReads(0.3),
    faults.stall(2),
    faults.stall(5),
    faults.fill(0.2),
    faults.fill(0.1),
  ];
  expect(faults).toMatchObject({ readFailureShare: 0.3, stallUs: 7_000, freeShare: 0.1 });
  for (const at of [1, 3, 5]) ends[at]?.();
  expect(faults).toMatchObject({ readFailureShare: 0.1, stallUs: 2_000, freeShare: 0.2 });
});

it('a disk is well again once every fault was ended, however often', () => {
  const faults = new DiskFaults();
  const ends = [faults.failReads(1), faults.stall(9), faults.fill(0), faults.failNextSync()];
  for (const end of [...ends, ...ends]) end();
  expect(faults).toMatchObject({ readFailureShare: 0, stallUs: 0, freeShare: 1 });
  expect(faults.takeSyncFailure()).toBe(false);
});

it('each failed sync that was asked for happens once', () => {
  const faults = new DiskFaults();
  faults.failNextSync();
  faults.failNextSync();
  expect([1, 2, 3].map(() => faults.takeSyncFailure())).toEqual([true, true, false]);
});
