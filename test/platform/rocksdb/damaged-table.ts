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

/** Flips a byte of the block that holds this row, so that an iterator ends the process that walks
 *  over it: that which says how the block is compressed. Reads of single rows fail there as they
 *  do for any other byte. */
export async function makeDeadly(location: string, key: Uint8Array): Promise<void> {
  for (const name of (await readdir(location)).filter((file) => file.endsWith('.sst'))) {
    const file = join(location, name);
    const sound = await readFile(file);
    const found = await blockOf(location, file, sound, key);
    if (found === undefined) {
      await writeFile(file, sound);
      continue;
    }
    const at = found.offset + found.size;
    const deadly = Uint8Array.from(sound);
    deadly[at] = (deadly[at] ?? 0) ^ 0x40;
    await writeFile(file, deadly);
    return;
  }
  throw new Error(`no table file of ${location} has the row`);
}

/** Where the block is within the file: the engine says it of one that is damaged, so more and more
 *  are. */
async function blockOf(
  location: string,
  file: string,
  sound: Uint8Array,
  key: Uint8Array,
): Promise<{ offset: number; size: number } | undefined> {
  const damaged = Uint8Array.from(sound);
  const step = Math.ceil(damaged.length / 20);
  for (let end = step; end < damaged.length; end += step) {
    for (let at = end - step; at < end; at += 50) damaged[at] = (damaged[at] ?? 0) ^ 0x40;
    await writeFile(file, damaged);
    const [, offset, size] = /offset (\d+) size (\d+)/.exec(await saidOf(location, key)) ?? [];
    if (offset !== undefined) return { offset: Number(offset), size: Number(size) };
  }
  return undefined;
}

/** What the engine says when it cannot read the row. */
async function saidOf(location: string, key: Uint8Array): Promise<string> {
  const store = new RocksdbStore({ location, readOnly: true });
  await store.open();
  const said = await store.getMany([key]).then(
    () => '',
    (error: Error) => error.message,
  );
  await store.close();
  return said;
}
