/** Makes a data folder and those above it, for this user alone (0700).
 *  Not `mkdir` with `recursive`: on a file system that takes no folders (/proc) Node 20 never comes
 *  back from it. */
import { mkdir, stat } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { CoterieError } from '../../core/errors.ts';

/** Errors: STORAGE_IO that names the folder and says why it cannot be made. */
export async function makeFolder(location: string): Promise<void> {
  try {
    await makeWithParents(resolve(location));
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new CoterieError('STORAGE_IO', `Cannot use ${location} as data folder: ${why}`, {
      cause,
      applied: 'no',
      details: { operation: 'open' },
    });
  }
}

async function makeWithParents(folder: string): Promise<void> {
  if (await isFolder(folder)) return;
  const parent = dirname(folder);
  if (parent !== folder) await makeWithParents(parent);
  await mkdir(folder, { mode: 0o700 }).catch(async (error: unknown) => {
    // Another process may have made it meanwhile.
    if (!(await isFolder(folder))) throw error;
  });
}

async function isFolder(path: string): Promise<boolean> {
  const found = await stat(path).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT' || error.code === 'ENOTDIR') return undefined;
    throw error;
  });
  return found?.isDirectory() === true;
}
