/** A folder with damaged files is kept, and the store begins anew beside it. */
import { mkdir, readdir, readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { expect, test } from 'vitest';
import { ReadingNotes, readNotes } from '../../../src/platform/rocksdb/reading-notes.ts';
import { RocksdbFolder } from '../../../src/platform/rocksdb/rocksdb-folder.ts';
import { RocksdbStore } from '../../../src/platform/rocksdb/rocksdb-store.ts';
import { describeStore } from '../../conformance/store.ts';
import { runNode, temporaryFolder } from '../../support/processes.ts';
import {
  EVERYTHING,
  fillTable,
  makeDeadly,
  ROW_COUNT,
  rowKey,
  tableFile,
} from './damaged-table.ts';

/** What `npm run build` made: a child process runs JavaScript. */
const BUILT = join(import.meta.dirname, '../../../dist/platform/rocksdb/rocksdb-folder.js');
const SCANNER = join(import.meta.dirname, 'scanner.mjs');

const KEY = Uint8Array.of(1);
const VALUE = Uint8Array.of(2);

async function filled(location: string): Promise<void> {
  const store = new RocksdbStore({ location });
  await store.open();
  await store.batch([{ type: 'put', key: KEY, value: VALUE }], { sync: true });
  await store.close();
}

interface Aside {
  readonly kept: string;
  readonly reason: string;
}

/** `told`: what else was logged. */
function folderOf(location: string, asides: Aside[] = [], told: unknown[] = []): RocksdbFolder {
  const log = {
    warn: (event: string, fields = {}) => told.push([event, fields]),
    error: (_: string, fields = {}) => asides.push(fields as Aside),
  };
  return new RocksdbFolder({ log, clock: { wallMs: () => 1_000 + asides.length } }, { location });
}

async function flip(file: string): Promise<void> {
  const bytes = await readFile(file);
  const at = Math.floor(bytes.length / 2);
  bytes[at] = (bytes[at] ?? 0) ^ 0x40;
  await writeFile(file, bytes);
}

test.each(['MANIFEST', 'CURRENT'])(
  'a damaged %s is found at opening; all files are kept',
  async (kind) => {
    await using temporary = await temporaryFolder();
    const location = join(temporary.path, 'data');
    await filled(location);
    const before = await readdir(location);
    const name = before.find((file) => file.startsWith(kind)) ?? '';
    await flip(join(location, name));
    const asides: Aside[] = [];
    const folder = folderOf(location, asides);
    await folder.open();
    expect(await folder.getMany([KEY])).toEqual([undefined]);
    await folder.batch([{ type: 'put', key: KEY, value: VALUE }], { sync: true });
    await folder.close();
    expect(asides).toEqual([{ kept: 'damaged-1000', reason: expect.stringMatching(/orrupt/) }]);
    const kept = await readdir(join(location, 'damaged-1000'));
    // The opening that failed began a new LOG.
    expect(kept.filter((name) => !name.startsWith('LOG.old')).sort()).toEqual(before.sort());

    const again = folderOf(location, asides);
    await again.open();
    expect(await again.getMany([KEY])).toEqual([VALUE]);
    await again.close();
    expect(asides).toHaveLength(1);
  },
);

describeStore('the rocksdb engine in a folder that may be damaged', async () => {
  const temporary = await temporaryFolder();
  return {
    make: () => folderOf(join(temporary.path, 'data')),
    dispose: async () => temporary[Symbol.asyncDispose](),
  };
});

/** Reads all of the folder in a process of its own. */
async function scan(location: string, end = ''): Promise<number | null> {
  return (await runNode([SCANNER, pathToFileURL(BUILT).href, location, end])).code;
}

async function countRows(folder: RocksdbFolder): Promise<number> {
  await using rows = folder.iterate(EVERYTHING);
  return (await rows.next(10 * ROW_COUNT)).length;
}

test('a process that dies reading a damaged block dies once: its files are then set aside', async () => {
  await using temporary = await temporaryFolder();
  const location = join(temporary.path, 'data');
  await fillTable(location);
  await makeDeadly(location, rowKey(ROW_COUNT / 2));
  const table = await readFile(await tableFile(location));
  expect(await scan(location)).toBeNull();
  expect(await readNotes(location)).toHaveLength(1);
  const left = await readdir(location);
  const asides: Aside[] = [];
  const told: unknown[] = [];
  const folder = folderOf(location, asides, told);
  await folder.open();
  expect(asides).toEqual([
    { kept: 'damaged-1000', reason: expect.stringMatching(/RocksDB ends a process.*SIG/) },
  ]);
  expect(told).toEqual([]);
  expect(await countRows(folder)).toBe(0);
  await folder.close();
  const kept = await readdir(join(location, 'damaged-1000'));
  // The engine adds files of its own when it is opened to get the lock, and drops its empty log.
  const isLost = (name: string): boolean => !kept.includes(name) && /sst$|^CURRENT$/.test(name);
  expect(left.filter(isLost)).toEqual([]);
  expect(await readFile(await tableFile(join(location, 'damaged-1000')))).toEqual(table);

  expect(await scan(location)).toBe(0);
  const again = folderOf(location, asides, told);
  await again.open();
  await again.close();
  expect([asides.length, told]).toEqual([1, []]);
});

test('a process that was killed while it read has harmed nothing', async () => {
  await using temporary = await temporaryFolder();
  const location = join(temporary.path, 'data');
  await fillTable(location);
  expect(await scan(location, 'killed')).toBeNull();
  expect(await readNotes(location)).toHaveLength(1);
  const asides: Aside[] = [];
  const told: unknown[] = [];
  const folder = folderOf(location, asides, told);
  await folder.open();
  expect(await readNotes(location)).toEqual([]);
  expect(await countRows(folder)).toBe(ROW_COUNT);
  await folder.close();
  expect([asides, told]).toEqual([[], []]);
  expect(await readNotes(location)).toEqual([]);
});

test('nothing is moved of a folder that another process reads', async () => {
  await using temporary = await temporaryFolder();
  const location = join(temporary.path, 'data');
  await fillTable(location);
  const first = folderOf(location);
  await first.open();
  const notes = new ReadingNotes();
  notes.open(location);
  notes.take()?.note({ ...EVERYTHING, reverse: false });
  notes.close();
  const asides: Aside[] = [];
  const log = { warn: () => {}, error: () => asides.push() };
  const damaged = async () => ({ kind: 'damaged', reason: 'it says so' }) as const;
  const second = new RocksdbFolder({ log, clock: { wallMs: () => 1 } }, { location }, damaged);
  await expect(second.open()).rejects.toMatchObject({ code: 'CONFLICT' });
  expect(await readNotes(location)).toHaveLength(1);
  await first.close();
  expect((await readdir(location)).filter((name) => name.startsWith('damaged'))).toEqual([]);
});

test('a folder of which nothing can be learned is opened, and that is told', async () => {
  await using temporary = await temporaryFolder();
  const location = join(temporary.path, 'data');
  await fillTable(location);
  expect(await scan(location, 'killed')).toBeNull();
  const told: unknown[] = [];
  const log = {
    warn: (event: string, fields = {}) => told.push([event, fields]),
    error: (event: string) => told.push(event),
  };
  const unknown = async () => ({ kind: 'unknown', reason: 'no process' }) as const;
  const folder = new RocksdbFolder({ log, clock: { wallMs: () => 1 } }, { location }, unknown);
  await folder.open();
  expect(await countRows(folder)).toBe(ROW_COUNT);
  await folder.close();
  expect(told).toEqual([['folder-not-probed', { reason: 'no process' }]]);
});

test('notes that can be neither read nor made keep nobody from the rows', async () => {
  await using temporary = await temporaryFolder();
  const location = join(temporary.path, 'data');
  await fillTable(location);
  await mkdir(join(location, 'reading-notes'));
  const told: unknown[] = [];
  const folder = folderOf(location, [], told);
  await folder.open();
  expect(await countRows(folder)).toBe(ROW_COUNT);
  await folder.close();
  expect(told).toEqual([
    ['folder-not-probed', { reason: expect.stringContaining('EISDIR') }],
    ['readings-not-noted', { reason: expect.stringContaining('EISDIR') }],
  ]);
});

test('a folder that is open elsewhere is not touched', async () => {
  await using temporary = await temporaryFolder();
  const location = join(temporary.path, 'data');
  const first = folderOf(location);
  await first.open();
  await expect(folderOf(location).open()).rejects.toMatchObject({ code: 'CONFLICT' });
  await first.close();
  expect((await readdir(location)).filter((name) => name.startsWith('damaged'))).toEqual([]);
});

test('a move that was interrupted is finished before anything is opened', async () => {
  await using temporary = await temporaryFolder();
  const location = join(temporary.path, 'data');
  await filled(location);
  const before = await readdir(location);
  await mkdir(join(location, 'damaged-7.moving'));
  await rename(join(location, 'CURRENT'), join(location, 'damaged-7.moving', 'CURRENT'));
  const folder = folderOf(location);
  await folder.open();
  expect(await folder.getMany([KEY])).toEqual([undefined]);
  await folder.close();
  expect((await readdir(join(location, 'damaged-7'))).sort()).toEqual(before.sort());
});
