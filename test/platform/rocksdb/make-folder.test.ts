import { mkdtemp, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { makeFolder } from '../../../src/platform/rocksdb/make-folder.ts';

let base: string;

beforeAll(async () => {
  base = await mkdtemp(join(tmpdir(), 'coterie-folder-'));
});

afterAll(async () => {
  await rm(base, { recursive: true, force: true });
});

it('makes the folder and those above it, for this user alone, and takes one that is there', async () => {
  const folder = join(base, 'a', 'b');
  await makeFolder(folder);
  await makeFolder(folder);
  expect((await stat(folder)).mode & 0o777).toBe(0o700);
});

it('names the folder and the reason when a file is in the way', async () => {
  const file = join(base, 'file');
  await writeFile(file, '');
  for (const folder of [file, join(file, 'below')]) {
    await expect(makeFolder(folder)).rejects.toMatchObject({
      code: 'STORAGE_IO',
      applied: 'no',
      message: expect.stringContaining(`Cannot use ${folder} as data folder`),
    });
  }
});

it('comes back with an error from a file system that takes no folders', async () => {
  await expect(makeFolder('/proc/coterie/node')).rejects.toMatchObject({ code: 'STORAGE_IO' });
});
