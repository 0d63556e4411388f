/** What is noted of readings, and the bytes of a note. */
import { readFileSync } from 'node:fs';
import { readFile, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { bytesToHex } from '../../../src/core/bytes.ts';
import { STORE_ITERATORS_MAX, STORE_KEY_BYTES_MAX } from '../../../src/core/store-gate.ts';
import {
  decodeNotes,
  ReadingNotes,
  readNotes,
} from '../../../src/platform/rocksdb/reading-notes.ts';
import { RocksdbStore } from '../../../src/platform/rocksdb/rocksdb-store.ts';
import { type TemporaryFolder, temporaryFolder } from '../../support/processes.ts';
import { EVERYTHING, fillTable, ROW_COUNT, rowKey } from './damaged-table.ts';

const RANGE = { from: Uint8Array.of(0x44, 0), to: Uint8Array.of(0x45), reverse: false };

let temporary: TemporaryFolder;
let location: string;
let notes: ReadingNotes;

beforeEach(async () => {
  temporary = await temporaryFolder();
  location = temporary.path;
  notes = new ReadingNotes();
});

afterEach(async () => {
  notes.close();
  await temporary[Symbol.asyncDispose]();
});

const file = (): string => join(location, 'reading-notes');

test('a note is these bytes, and comes back as it was', async () => {
  notes.open(location);
  notes.take()?.note({ from: Uint8Array.of(0x44), to: Uint8Array.of(0x45), reverse: true });
  notes.take()?.note(RANGE);
  const bytes = await readFile(file());
  expect(bytes.length).toBe(2 * 8_192 + 12);
  expect(bytesToHex(bytes.subarray(0, 1))).toBe('01');
  expect(bytesToHex(bytes.subarray(8_192, 8_203))).toBe('021fc3dd3a000100014445');
  expect(bytesToHex(bytes.subarray(16_384))).toBe('01193d891300020001440045');
  expect(await readNotes(location)).toEqual([
    { from: Uint8Array.of(0x44), to: Uint8Array.of(0x45), reverse: true },
    RANGE,
  ]);
});

test('what is cleared is noted no longer, and its slot is used again', async () => {
  notes.open(location);
  for (let round = 0; round < 3; round += 1) {
    const slots = Array.from({ length: STORE_ITERATORS_MAX }, () => notes.take());
    expect(slots).not.toContain(undefined);
    expect(notes.take()).toBeUndefined();
    for (const slot of slots) slot?.note(RANGE);
    expect(await readNotes(location)).toHaveLength(STORE_ITERATORS_MAX);
    for (const slot of slots) {
      slot?.clear();
      slot?.release();
    }
    expect(await readNotes(location)).toEqual([]);
  }
});

test('the longest keys are noted whole; bounds that are none go unnoted', async () => {
  notes.open(location);
  const longest = {
    from: new Uint8Array(STORE_KEY_BYTES_MAX + 1).fill(0x44),
    to: new Uint8Array(STORE_KEY_BYTES_MAX).fill(0x45),
    reverse: false,
  };
  notes.take()?.note(longest);
  notes.take()?.note({ ...longest, to: new Uint8Array(8_000) });
  expect(await readNotes(location)).toEqual([longest]);
});

test('no file, one of later software, and torn notes say nothing', async () => {
  expect(await readNotes(location)).toEqual([]);
  notes.open(location);
  notes.take()?.note(RANGE);
  const bytes = await readFile(file());
  for (const at of [0, 8_192, 8_193, 8_197, 8_202]) {
    const damaged = Buffer.from(bytes);
    damaged[at] = 0x77;
    await writeFile(file(), damaged);
    expect(await readNotes(location), `byte ${at}`).toEqual([]);
  }
  await writeFile(file(), bytes);
  for (const length of [bytes.length - 1, 8_196, 8_192, 1, 0]) {
    await truncate(file(), length);
    expect(await readNotes(location), `${length} bytes`).toEqual([]);
  }
});

/** At this very moment. */
const noted = () => decodeNotes(readFileSync(file()));

test('an iterator notes what is left of its range while the engine reads, and nothing after', async () => {
  await fillTable(location);
  const store = new RocksdbStore({ location }, notes);
  await store.open();
  notes.open(location);
  for (const reverse of [false, true]) {
    const rows = store.iterate({ ...EVERYTHING, reverse });
    const first = rows.next(1);
    expect(noted()).toEqual([{ ...EVERYTHING, reverse }]);
    const [entry] = await first;
    // What is handed out belongs to its new owner.
    entry?.key.fill(0);
    expect(noted()).toEqual([]);
    const rest = rows.next(ROW_COUNT);
    const edge = rowKey(reverse ? ROW_COUNT - 1 : 0);
    const left = reverse ? { from: EVERYTHING.from, to: edge } : { from: edge, to: EVERYTHING.to };
    expect(noted()).toEqual([{ ...left, reverse }]);
    expect(await rest).toHaveLength(ROW_COUNT - 1);
    await rows.close();
    expect(noted()).toEqual([]);
  }
  await store.close();
});

test('a file that takes no notes stops no reading', async () => {
  await fillTable(location);
  const store = new RocksdbStore({ location }, notes);
  await store.open();
  const rows = store.iterate(EVERYTHING);
  expect(await rows.next(ROW_COUNT + 1)).toHaveLength(ROW_COUNT);
  await store.close();
});
