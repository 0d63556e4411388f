/** What a node says of itself. */
import { expect, test } from 'vitest';
import { ClockOffsets } from '../../../src/core/membership/clock-offset.ts';
import { entryOfRecord } from '../../../src/core/membership/member-entry.ts';
import type { MemberRecord } from '../../../src/core/membership/member-record.ts';
import { MemberTable } from '../../../src/core/membership/member-table.ts';
import { OwnLife } from '../../../src/node/gossip/own-life.ts';
import { ManualClock } from '../../client/manual-clock.ts';
import { recordOf } from '../../core/membership/gossip-cluster.ts';
import { Notes } from '../notes.ts';

interface Save {
  readonly generation: number;
  done(): void;
  fail(): void;
}

const OWN = recordOf(1, { generation: 1_000 });

function rig() {
  const clock = new ManualClock();
  const notes = new Notes();
  const table = new MemberTable(OWN);
  const offsets = new ClockOffsets();
  const saves: Save[] = [];
  const outcome = { changes: 0, confirmations: 0 };
  const life = new OwnLife(
    { log: notes, metrics: notes },
    {
      table,
      offsets,
      members: () => [OWN, recordOf(2), recordOf(3), recordOf(4)],
      saveGeneration: (generation) =>
        new Promise<void>((resolve, reject) => {
          saves.push({ generation, done: resolve, fail: () => reject(new Error('disk')) });
        }),
      clockConfirmed: () => {
        outcome.confirmations += 1;
      },
      changed: () => {
        outcome.changes += 1;
      },
    },
  );
  /** Others tell of a later life of this node. */
  const hear = (generation: number, change: Partial<MemberRecord> = {}): void => {
    table.receive([entryOfRecord({ ...OWN, generation, ...change }, 1)], generation);
    life.answer();
  };
  const noteOffset = (index: number, aheadMs: number): void => {
    const sample = { sentMs: 0, receivedMs: 0, ownWallMs: 1e12, peerWallMs: 1e12 + aheadMs };
    offsets.note(recordOf(index).id, sample);
  };
  return { clock, notes, table, life, saves, outcome, hear, noteOffset };
}

test('the record changes, and is told, only when something in it is different', () => {
  const { life, outcome, table } = rig();
  life.update({ diskPercent: OWN.diskPercent });
  expect(outcome.changes).toBe(0);
  life.update({ diskPercent: OWN.diskPercent + 1 });
  expect(outcome.changes).toBe(1);
  expect(table.own).toMatchObject({ diskPercent: OWN.diskPercent + 1, version: OWN.version + 1 });
});

test('an accusation is answered by a higher incarnation', () => {
  const { life, outcome, table } = rig();
  const accusers = [{ by: recordOf(2).id, state: 'SUSPECT' as const }];
  const entry = { id: OWN.id, record: undefined, heartbeat: 0, generation: 1_000, incarnation: 0 };
  table.receive([{ ...entry, accusers }], 1_000);
  life.answer();
  expect(table.own.incarnation).toBe(1);
  expect(outcome.changes).toBe(1);
  life.answer();
  expect(outcome.changes).toBe(1);
});

test('a higher generation is durable before it is in the record', async () => {
  const { clock, outcome, table, saves, hear } = rig();
  hear(5_000);
  expect(saves).toHaveLength(1);
  expect(table.own.generation).toBe(1_000);
  saves[0]?.done();
  await clock.settle();
  expect(table.own.generation).toBe(saves[0]?.generation);
  expect(table.own.generation).toBeGreaterThan(5_000);
  expect(outcome.changes).toBe(1);
});

test('one generation is made durable at a time, the next one when it is not enough', async () => {
  const { clock, table, saves, hear } = rig();
  hear(5_000);
  hear(5_000);
  hear(9_000);
  expect(saves).toHaveLength(1);
  saves[0]?.done();
  await clock.settle();
  expect(table.own.generation).toBe(1_000);
  expect(saves).toHaveLength(2);
  saves[1]?.done();
  await clock.settle();
  expect(table.own.generation).toBeGreaterThan(9_000);
  expect(saves).toHaveLength(2);
});

test('a generation that cannot be made durable is never told, and is tried again', async () => {
  const { clock, notes, table, saves, life, hear } = rig();
  hear(5_000);
  saves[0]?.fail();
  await clock.settle();
  expect(table.own.generation).toBe(1_000);
  expect(notes.events('generation-not-saved')).toHaveLength(1);
  life.answer();
  saves[1]?.done();
  await clock.settle();
  expect(table.own.generation).toBeGreaterThan(5_000);
});

test('a node that has stopped or was removed says nothing more', async () => {
  const stopped = rig();
  stopped.hear(5_000);
  stopped.life.stop();
  stopped.saves[0]?.done();
  await stopped.clock.settle();
  stopped.life.update({ weight: 7 });
  expect(stopped.table.own).toEqual(OWN);
  const failed = rig();
  failed.hear(5_000);
  failed.life.stop();
  failed.saves[0]?.fail();
  await failed.clock.settle();
  expect(failed.notes.log).toEqual([]);
  const removed = rig();
  removed.hear(0, { status: 'LEFT' });
  removed.life.update({ weight: 7 });
  removed.life.weighClock();
  expect(removed.outcome.changes).toBe(0);
});

test('the clock is confirmed when a majority of the others agrees with it', () => {
  const { life, outcome, noteOffset } = rig();
  noteOffset(2, 10);
  life.weighClock();
  expect(outcome.confirmations).toBe(0);
  noteOffset(3, -20);
  life.weighClock();
  expect(outcome.confirmations).toBe(1);
});

test('a clock that the others do not agree with is not confirmed, and is told', () => {
  const { life, notes, outcome, table, noteOffset } = rig();
  for (const index of [2, 3, 4]) noteOffset(index, 30_049);
  life.weighClock();
  expect(outcome.confirmations).toBe(0);
  expect(table.own.clockOffsetMs).toBe(-30_000);
  expect(notes.number('coterie_clock_offset_seconds')).toBe(-30.049);
});

test('an offset that moves by less than 100 ms is not told anew', () => {
  const { life, outcome, table, noteOffset } = rig();
  for (const aheadMs of [0, 99, -99, 50]) {
    for (const index of [2, 3, 4])
      for (let turn = 0; turn < 8; turn += 1) noteOffset(index, aheadMs);
    life.weighClock();
  }
  expect(outcome.changes).toBe(0);
  expect(table.own.clockOffsetMs).toBe(0);
});

test('a dead start of this name at this address that was later by its clock is outlived', async () => {
  const { clock, life, saves, table, outcome } = rig();
  const wiped = recordOf(9, { name: OWN.name, address: OWN.address, generation: 31_000 });
  life.outlive({ ...wiped, address: 'elsewhere:1' });
  life.outlive({ ...wiped, generation: OWN.generation - 1 });
  life.outlive({ ...wiped, status: 'LEFT' });
  life.outlive(undefined);
  expect(saves).toEqual([]);
  life.outlive(wiped);
  expect(saves.map(({ generation }) => generation)).toEqual([31_001]);
  expect(table.own.generation).toBe(OWN.generation);
  saves[0]?.done();
  await clock.settle();
  expect(table.own.generation).toBe(31_001);
  expect(outcome.changes).toBe(1);
});

test('two that were given one name and one address do not outlive each other for ever', async () => {
  const { clock, life, saves } = rig();
  for (let turn = 1; turn < 100; turn += 1) {
    life.outlive(recordOf(9, { name: OWN.name, address: OWN.address, generation: turn * 10_000 }));
    for (const save of saves) save.done();
    await clock.settle();
  }
  expect(saves).toHaveLength(8);
});
