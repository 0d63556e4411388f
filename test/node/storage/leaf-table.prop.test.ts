import fc from 'fast-check';
import { expect, it } from 'vitest';
import type { StoreOperation } from '../../../src/env/store.ts';
import { CHANGES_PER_PAGE, LeafTable } from '../../../src/node/storage/leaf-table.ts';
import { readLeaves } from '../../../src/node/storage/opening.ts';
import { StoredRecord } from '../../../src/node/storage/stored-record.ts';
import { tableRange } from '../../../src/node/storage/table-keys.ts';
import { MemoryStore } from '../../../src/platform/memory/memory-store.ts';
import { codec, filledLeaves, PARTITIONING, RigClock, recordBytes } from './storage-rig.ts';

/** A batch is so many first records, of tokens that begin anywhere and lie so far apart; after some
 *  of them the table is read back. */
const batches = fc.array(
  fc.record({
    count: fc.oneof(fc.integer({ min: 1, max: 3 }), fc.integer({ min: 100, max: 900 })),
    firstToken: fc.nat(2 ** 32 - 1),
    stride: fc.constantFrom(1, 2 ** 20 + 1, 2 ** 30 + 7),
    isReopened: fc.boolean(),
  }),
  { minLength: 5, maxLength: 15 },
);

const record = new StoredRecord(codec, recordBytes(1));

async function rowCounts(store: MemoryStore): Promise<{ pages: number; changes: number }> {
  await using pages = store.iterate(tableRange('leaves'));
  await using changes = store.iterate(tableRange('changes'));
  return {
    pages: (await pages.next(1_000)).length,
    changes: (await changes.next(10_000)).length,
  };
}

it('leaves read back after any batch are those in memory', async () => {
  await fc.assert(
    fc.asyncProperty(batches, async (script) => {
      const store = new MemoryStore({ clock: new RigClock() });
      await store.open();
      let table = new LeafTable(PARTITIONING);
      for (const [index, { count, firstToken, stride, isReopened }] of script.entries()) {
        for (let number = 0; number < count; number += 1) {
          table.replace((firstToken + number * stride) % 2 ** 32, undefined, record);
        }
        const rows: StoreOperation[] = [];
        table.takeRows(index + 1, rows);
        await store.batch(rows, { sync: true });
        const read = await readLeaves(store, PARTITIONING, PARTITIONING);
        expect(filledLeaves(read)).toEqual(filledLeaves(table));
        expect(read.keyCount).toBe(table.keyCount);
        if (isReopened) table = read;
      }
      await store.close();
    }),
    { numRuns: 20 },
  );
}, 20_000);

it('as many rows of changes are kept as pages are behind, whatever came before', async () => {
  const store = new MemoryStore({ clock: new RigClock() });
  await store.open();
  let table = new LeafTable(PARTITIONING);
  const batchMax = 20 * CHANGES_PER_PAGE;
  for (let commitSeq = 1; commitSeq <= batchMax; commitSeq += 1) {
    table.replace(Math.imul(commitSeq, 0x9e3779b1) >>> 0, undefined, record);
    const rows: StoreOperation[] = [];
    table.takeRows(commitSeq, rows);
    await store.batch(rows, { sync: true });
    // A start forgets nothing of what is still to be written to pages.
    if (commitSeq % 100 === 0) table = await readLeaves(store, PARTITIONING, PARTITIONING);
  }
  const { pages, changes } = await rowCounts(store);
  expect(pages).toBe(PARTITIONING.partitions);
  expect(changes).toBeLessThan((PARTITIONING.partitions + 1) * CHANGES_PER_PAGE);
  await store.close();
}, 20_000);
