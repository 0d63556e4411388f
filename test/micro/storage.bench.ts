/** What one batch of the storage service costs: 64 records, leaves and chain rows included. Over
 *  the engine in memory it is the service alone, over RocksDB the engine and the fsync too.
 *  `npm run bench:micro`. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, bench, describe } from 'vitest';
import type { Store } from '../../src/env/store.ts';
import { RecordStore } from '../../src/node/storage/record-store.ts';
import { STORAGE_DEFAULTS } from '../../src/node/storage/storage-options.ts';
import { MemoryStore } from '../../src/platform/memory/memory-store.ts';
import { RocksdbStore } from '../../src/platform/rocksdb/rocksdb-store.ts';
import { systemClock } from '../../src/platform/system/system-clock.ts';
import {
  codec,
  keyOf,
  NO_SYNC,
  PARTITIONING,
  put,
  random,
  SYNC,
  silentLog,
  silentMetrics,
} from '../node/storage/storage-rig.ts';

const RECORDS = 64;
const folder = mkdtempSync(join(tmpdir(), 'coterie-micro-'));
const inMemory = await opened(new MemoryStore({ clock: systemClock }));
const onDisk = await opened(new RocksdbStore({ location: join(folder, 'store') }));
const keys = Array.from({ length: RECORDS }, (_, at) => keyOf(`user${at}`, 0x4000_0001 + at));
const text = 'v'.repeat(100);
let seq = 0;

afterAll(async () => {
  await inMemory.stop();
  await onDisk.stop();
  rmSync(folder, { recursive: true, force: true });
});

async function opened(store: Store): Promise<RecordStore> {
  const environment = { store, clock: systemClock, random, log: silentLog, metrics: silentMetrics };
  let tick = 1_000;
  const presentTick = (): number => tick++;
  const records = new RecordStore(environment, { codec, presentTick }, STORAGE_DEFAULTS);
  await records.start();
  await records.usePartitioning(PARTITIONING);
  return records;
}

async function writeAll(records: RecordStore, options: typeof SYNC): Promise<void> {
  seq += 1;
  await Promise.all(keys.map((key) => records.update(key, options, put(seq, text))));
}

describe(`storage, a batch of ${RECORDS} records of 100 bytes`, () => {
  bench('engine in memory', () => writeAll(inMemory, NO_SYNC));
  bench('RocksDB without fsync', () => writeAll(onDisk, NO_SYNC));
  bench('RocksDB with fsync', () => writeAll(onDisk, SYNC));
});
