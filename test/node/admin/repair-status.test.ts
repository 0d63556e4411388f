/** What a node says of repairs. */
import { expect, test } from 'vitest';
import { repairStatus } from '../../../src/node/admin/repair-status.ts';
import type { HintStatus, PairStatus, Repairs } from '../../../src/node/contracts.ts';

const HINT: HintStatus = {
  target: 2,
  count: 4,
  bytes: 100,
  oldestMs: 1_700_000_000_000,
  phase: 'paused',
  lastError: 'late',
};
const PAIR: PairStatus = {
  partition: 3,
  peer: 1,
  lastEqualMs: 8,
  differing: 2,
  found: 6,
  sentBytes: 10,
  receivedBytes: 20,
  differingBytes: 30,
  failure: 'late',
};

function repairs(more: Partial<Repairs> = {}): Repairs {
  return {
    hints: () => [],
    dirty: () => [],
    pairs: () => [],
    rebuild: () => undefined,
    scrub: () => undefined,
    hurry: () => 0,
    acceptLoss: async () => {},
    ...more,
  };
}

const FACTS = {
  node: 'n0',
  nowMs: 77,
  wallMs: 1_700_000_000_250,
  unreadableKeys: 0,
  nameOf: (index: number) => `n${index}`,
};

test('a node that knows of nothing to repair has no debt', () => {
  expect(repairStatus(repairs(), FACTS)).toMatchObject({ node: 'n0', nowMs: 77, debt: 0 });
});

test('the debt is the hints, the keys that differ, the unreadable ones and those to be rebuilt', () => {
  const rebuild = { partitions: 9, done: 1, keys: 5, bytes: 50, keysLeft: 1_000, waitingFor: '' };
  const reply = repairStatus(
    repairs({ hints: () => [HINT, HINT], pairs: () => [PAIR], rebuild: () => rebuild }),
    { ...FACTS, unreadableKeys: 30 },
  );
  expect(reply.debt).toBe(4 + 4 + 2 + 30 + 1_000);
});

test('members are named', () => {
  const reply = repairStatus(repairs({ hints: () => [HINT], pairs: () => [PAIR] }), FACTS);
  expect(reply.hints).toMatchObject([{ target: 'n2', count: 4, bytes: 100 }]);
  expect(reply.pairs).toEqual([{ ...PAIR, peer: 'n1' }]);
});

test('hints tell their age and why they wait', () => {
  const [queue] = repairStatus(repairs({ hints: () => [HINT] }), FACTS).hints;
  expect(queue).toMatchObject({ oldestMs: 250, state: 'paused', detail: 'late' });
});

test('a clock set back makes no hint younger than nothing', () => {
  const [queue] = repairStatus(repairs({ hints: () => [HINT] }), { ...FACTS, wallMs: 5 }).hints;
  expect(queue).toMatchObject({ oldestMs: 0 });
});

test('partitions beyond the hints are counted, also for a member that is owed no hint', () => {
  const dirty = [2, 2, 1].map((target, partition) => ({ target, partition }));
  const { debt, hints } = repairStatus(repairs({ hints: () => [HINT], dirty: () => dirty }), FACTS);
  expect(hints).toMatchObject([
    { target: 'n2', count: 4, dirtyPartitions: 2 },
    { target: 'n1', count: 0, dirtyPartitions: 1 },
  ]);
  expect(debt).toBe(HINT.count + dirty.length);
});
