import { expect, test } from 'vitest';
import { HintCounts } from '../../../src/core/hint/hint-counts.ts';
import { markRow } from '../../../src/node/handoff/hint-rows.ts';
import { type HintChange, HintWriter } from '../../../src/node/handoff/hint-writer.ts';
import { makeRecordKey } from '../../../src/node/storage/record-key.ts';
import type { ServiceRows } from '../../../src/node/storage/service-rows.ts';
import { hintRowKey } from '../../../src/node/storage/table-keys.ts';
import { ManualClock } from '../../client/manual-clock.ts';
import { NodeClock } from '../node-clock.ts';
import { checksum } from '../rig.ts';

const TARGET = 3;
const ROW_KEY = hintRowKey(TARGET, makeRecordKey(1, 'default', Uint8Array.of(1)).storageKey);

function change(): HintChange {
  return {
    rowKeys: [ROW_KEY],
    bytes: ROW_KEY.length,
    decide: (rows) => rows.set(ROW_KEY, markRow(1, 1)),
    settled: () => {},
    failed: () => {},
  };
}

test('whoever looks at the counts is told when a slow disk has the rows, and not before', async () => {
  const clock = new ManualClock();
  const counts = new HintCounts();
  const told: number[] = [];
  let answer = (): void => {};
  const rows: Pick<ServiceRows, 'read' | 'write'> = {
    read: (keys) =>
      new Promise((resolve) => {
        answer = () => resolve(keys.map(() => undefined));
      }),
    write: async () => {},
  };
  const writer = new HintWriter({
    ...{ rows, counts, checksum, clock: new NodeClock(clock) },
    rotten: () => {},
    written: () => told.push(counts.of(TARGET).count),
  });
  writer.open();
  expect(writer.add(change())).toBe(true);
  await clock.advance(5_000);
  expect(told).toEqual([]);
  answer();
  await clock.settle();
  expect(told).toEqual([1]);
});
