/** A damaged block whose rows all have newer versions elsewhere: no read meets it, only compaction
 *  does, again and again, until RocksDB lets no batch through any more. */
import { readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import type { EngineTrouble } from '../../../src/env/store.ts';
import { readBackgroundErrors } from '../../../src/platform/rocksdb/engine-log.ts';
import { isCorruption, rocksdbError } from '../../../src/platform/rocksdb/rocksdb-error.ts';
import { RocksdbStore } from '../../../src/platform/rocksdb/rocksdb-store.ts';
import { temporaryFolder } from '../../support/processes.ts';
import { EVERYTHING, flipByte, ROW_COUNT, rowKey } from './damaged-table.ts';

const WRITE_BUFFER_BYTES = 1 << 20;
/** 20 files of level 0 slow a batch down, 36 stop it; they are compacted from 4 on. */
const ROUNDS_MAX = 50;
const FILLING = 'some words that come again '.repeat(40);

function storeAt(location: string): RocksdbStore {
  return new RocksdbStore({ location, writeBufferBytes: WRITE_BUFFER_BYTES });
}

function writeRound(store: RocksdbStore, round: number): Promise<void> {
  const rows = Array.from({ length: ROW_COUNT }, (_, index) => {
    const value = new TextEncoder().encode(`${round} ${index} ${FILLING}`);
    return { type: 'put' as const, key: rowKey(index), value };
  });
  return store.batch(rows, { sync: true });
}

/** Opening moves what is in the log to a table file, so there are two: every row is in both. */
async function fillTwoTables(location: string): Promise<string> {
  for (const round of [0, 1, undefined]) {
    const store = storeAt(location);
    await store.open();
    if (round !== undefined) await writeRound(store, round);
    await store.close();
  }
  const tables = (await readdir(location)).filter((name) => name.endsWith('.sst')).sort();
  expect(tables).toHaveLength(2);
  return join(location, tables[0] ?? '');
}

/** Writes all rows again and again until the engine is in trouble. */
async function writeUntilTrouble(store: RocksdbStore): Promise<EngineTrouble | undefined> {
  for (let round = 2; round < ROUNDS_MAX; round += 1) {
    await writeRound(store, round);
    const trouble = await store.health();
    if (trouble !== undefined) return trouble;
  }
  return undefined;
}

test('a block that only compaction meets is told before it stops a batch', async () => {
  await using temporary = await temporaryFolder();
  await flipByte(await fillTwoTables(temporary.path), 0.3);
  const store = storeAt(temporary.path);
  await store.open();
  const trouble = await writeUntilTrouble(store);
  expect(trouble).toEqual({
    isDamage: true,
    reason: expect.stringMatching(/failed at compaction: Corruption: .* in \d+\.sst offset \d+/),
  });
  expect(trouble?.reason).not.toContain(temporary.path);
  // Single reads check what they read and go on; a scan might end the process.
  expect(await store.getMany([rowKey(7)])).not.toContain(undefined);
  expect(() => store.iterate(EVERYTHING)).toThrow(/compaction|checksum/);
  await writeRound(store, ROUNDS_MAX);
  await store.close();
}, 60_000);

test('a sound folder under the same load is in no trouble', async () => {
  await using temporary = await temporaryFolder();
  await fillTwoTables(temporary.path);
  const store = storeAt(temporary.path);
  await store.open();
  expect(await writeUntilTrouble(store)).toBeUndefined();
  await store.close();
  // One log of an earlier opening is kept, whatever came before.
  const logs = (await readdir(temporary.path)).filter((name) => name.startsWith('LOG'));
  expect(logs).toHaveLength(2);
}, 60_000);

test.each([
  {
    what: 'a full disk',
    said: 'IO error: No space left on device: While appending to file: /data/000012.sst',
    isDamage: false,
  },
  {
    what: 'a damaged block',
    said: 'Corruption: block checksum mismatch: stored = 1, computed = 2  in /data/000008.sst',
    isDamage: true,
  },
])('the engine says $what: damage is $isDamage', async ({ said, isDamage }) => {
  await using temporary = await temporaryFolder();
  const told = `Waiting after background compaction error: ${said}, Accumulated background error`;
  const earlier = 'Options.error_if_exists: 0\n'.repeat(10_000);
  await writeFile(join(temporary.path, 'LOG'), `${earlier}[ERROR] ${told} counts: 1\n`);
  expect(await readBackgroundErrors(temporary.path)).toEqual([said]);
  expect(isCorruption(rocksdbError('compaction', temporary.path, said))).toBe(isDamage);
});
