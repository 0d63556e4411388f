/** A folder whose rows are in a table file, and one byte of that file flipped. */
import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { RocksdbStore } from '../../../src/platform/rocksdb/rocksdb-store.ts';

export const ROW_COUNT = 400;
/** Compresses well: a flipped byte then scrambles much of its block. */
const VALUE = new TextEncoder().encode('some words that come again '.repeat(40));

export function rowKey(index: number): Uint8Array {
  return new TextEncoder().encode(`row-${String(index).padStart(5, '0')}`);
}

export const EVERYTHING = { from: Uint8Array.of(0), to: Uint8Array.of(0xff) };

/** Opening once more moves what is in the log to a table file. */
export async function fillTable(location: string): Promise<void> {
  for (const isFirst of [true, false]) {
    const store = new RocksdbStore({ location });
    await store.open();
    const rows = Array.from({ length: ROW_COUNT }, (_, index) => {
      return { type: 'put' as const, key: rowKey(index), value: VALUE };
    });
    if (isFirst) await store.batch(rows, { sync: true });
    await store.close();
  }
}

export async function tableFile(location: string): Promise<string> {
  const tables = (await readdir(location)).filter((name) => name.endsWith('.sst'));
  return join(location, tables.at(-1) ?? 'no table file');
}

/** The same again mends it. `at`: of its length, 0 to 1. */
export async function flipByte(file: string, at: number): Promise<void> {
  const bytes = await readFile(file);
  const offset = Math.floor(bytes.length * at);
  bytes[offset] = (bytes[offset] ?? 0) ^ 0x40;
  await writeFile(file, bytes);
}
