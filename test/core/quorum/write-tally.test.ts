import { describe, expect, it } from 'vitest';
import type { Requirement } from '../../../src/core/quorum/level.ts';
import { WriteTally } from '../../../src/core/quorum/write-tally.ts';

function requirement(need: number, durable = 0, members = [0, 1, 2]): Requirement {
  return { label: `w=${need}`, groups: [{ members, need }], durable, isStrict: true };
}

describe('the write tally', () => {
  it('is satisfied by W acknowledgements of distinct replicas', () => {
    const tally = new WriteTally({ requirements: [requirement(2)], countsOnlyDurable: true });
    expect(tally.acknowledge(0, true)).toBe('pending');
    expect(tally.acknowledge(0, true)).toBe('pending');
    expect(tally.acknowledge(2, true)).toBe('satisfied');
    expect(tally.acknowledged).toEqual([0, 2]);
  });

  it('never counts an acknowledgement that is not durable when durability is fsync', () => {
    const tally = new WriteTally({ requirements: [requirement(2)], countsOnlyDurable: true });
    tally.acknowledge(0, true);
    expect(tally.acknowledge(1, false)).toBe('pending');
    expect(tally.acknowledge(2, false)).toBe('failed');
    expect(tally.acknowledged).toEqual([0]);
  });

  it('needs W in every live layout version; a node in both counts in both', () => {
    const tally = new WriteTally({
      requirements: [requirement(2, 0, [0, 1, 2]), requirement(2, 0, [0, 1, 3])],
      countsOnlyDurable: false,
    });
    tally.acknowledge(0, false);
    expect(tally.acknowledge(2, false)).toBe('pending');
    expect(tally.acknowledge(3, false)).toBe('satisfied');
  });

  it('waits for DW durable ones among W when durability is memory', () => {
    const tally = new WriteTally({ requirements: [requirement(2, 2)], countsOnlyDurable: false });
    tally.acknowledge(0, true);
    expect(tally.acknowledge(1, false)).toBe('pending');
    expect(tally.durable).toBe(1);
    expect(tally.acknowledge(2, true)).toBe('satisfied');
  });

  it('fails at once when DW can no longer be reached', () => {
    const tally = new WriteTally({ requirements: [requirement(2, 2)], countsOnlyDurable: false });
    tally.acknowledge(0, false);
    tally.acknowledge(1, true);
    expect(tally.verdict).toBe('pending');
    expect(tally.fail(2)).toBe('failed');
  });

  it('keeps its verdict whatever comes later', () => {
    const tally = new WriteTally({ requirements: [requirement(1)], countsOnlyDurable: false });
    tally.acknowledge(0, false);
    expect(tally.fail(1)).toBe('satisfied');
    expect(tally.fail(2)).toBe('satisfied');
    expect(tally.acknowledged).toEqual([0]);
  });
});
