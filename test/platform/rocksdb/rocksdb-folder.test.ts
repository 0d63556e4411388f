/** A folder with damaged files is kept, and the store begins anew beside it. */
import { mkdir, readdir, readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import {
  type FolderSetAside,
  RocksdbFolder,
} from '../../../src/platform/rocksdb/rocksdb-folder.ts';
import { RocksdbStore } from '../../../src/platform/rocksdb/rocksdb-store.ts';
import { temporaryFolder } from '../../support/processes.ts';

const KEY = Uint8Array.of(1);
const VALUE = Uint8Array.of(2);

async function filled(location: string): Promise<void> {
  const store = new RocksdbStore({ location });
  await store.open();
  await store.batch([{ type: 'put', key: KEY, value: VALUE }], { sync: true });
  await store.close();
}

function folderOf(location: string, asides: FolderSetAside[] = []): RocksdbFolder {
  return new RocksdbFolder(
    { location },
    () => 1_000 + asides.length,
    (aside) => asides.push(aside),
  );
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
    const asides: FolderSetAside[] = [];
    const folder = folderOf(location, asides);
    await folder.open();
    expect(await folder.getMany([KEY])).toEqual([undefined]);
    await folder.batch([{ type: 'put', key: KEY, value: VALUE }], { sync: true });
    await folder.close();
    expect(asides).toEqual([{ name: 'damaged-1000', reason: expect.stringMatching(/orrupt/) }]);
    expect((await readdir(join(location, 'damaged-1000'))).sort()).toEqual(before.sort());

    const again = folderOf(location, asides);
    await again.open();
    expect(await again.getMany([KEY])).toEqual([VALUE]);
    await again.close();
    expect(asides).toHaveLength(1);
  },
);

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
