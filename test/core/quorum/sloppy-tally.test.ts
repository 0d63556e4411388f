import { expect, test } from 'vitest';
import type { Requirement } from '../../../src/core/quorum/level.ts';
import { SloppyTally } from '../../../src/core/quorum/sloppy-tally.ts';

function tallyOf(need: number, more: Partial<Requirement> = {}): SloppyTally {
  const groups = [{ members: [0, 1, 2], need }];
  const requirement = { label: 'quorum', groups, durable: 0, isStrict: true, ...more };
  return new SloppyTally({ requirement, countsOnlyDurable: true });
}

test('a member that stands in counts toward the level', () => {
  const tally = tallyOf(2);
  expect(tally.acknowledge(0, true)).toBe('pending');
  expect(tally.fail(1)).toBe('pending');
  expect(tally.stoodIn(1, 7)).toBe('satisfied');
  expect(tally.acknowledged).toEqual([0]);
  expect(tally.standIns).toEqual([7]);
  expect(tally.durable).toBe(1);
});

test('a replica that is heard after all counts once, and in its own name', () => {
  const tally = tallyOf(3);
  tally.acknowledge(0, true);
  tally.stoodIn(1, 7);
  expect(tally.acknowledge(1, true)).toBe('pending');
  expect(tally.standIns).toEqual([]);
  expect(tally.acknowledge(2, true)).toBe('satisfied');
  expect(tally.acknowledged).toEqual([0, 1, 2]);
});

test('nobody stands in for pw or dw', () => {
  for (const more of [{ primaries: 2 }, { durable: 2 }]) {
    const tally = tallyOf(2, more);
    tally.acknowledge(0, true);
    expect(tally.stoodIn(1, 7)).toBe('pending');
    expect(tally.fail(1)).toBe('pending');
    expect(tally.fail(2)).toBe('failed');
  }
});

test('it fails when neither replicas nor stand-ins are left, and not before', () => {
  const tally = tallyOf(2);
  tally.acknowledge(0, true);
  tally.fail(1);
  tally.fail(2);
  expect(tally.noStandIn(1)).toBe('pending');
  expect(tally.noStandIn(2)).toBe('failed');
  expect(tally.stoodIn(2, 7)).toBe('failed');
});

test('what is not durable is no acknowledgement where only durable ones count', () => {
  const tally = tallyOf(1);
  expect(tally.acknowledge(0, false)).toBe('pending');
  expect(tally.acknowledged).toEqual([]);
});
