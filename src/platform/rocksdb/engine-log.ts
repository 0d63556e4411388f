/** Why did work of RocksDB in the background fail? No call answers for a compaction or a flush: the
 *  engine counts what failed (a property) and writes why to the file LOG in its folder, which it
 *  begins anew at every opening.
 *
 *  A compaction fails over a damaged block and for want of space alike, and the count is the same.
 *  Free space does not tell them apart: a compaction that filled the disk has deleted its output
 *  before anyone asks, and a quota is not seen at all. To take a full disk for damage would set
 *  aside sound folders, on all nodes that fill up together. So the engine's own words decide, and
 *  without them (LOG cannot be written on a full disk either) nothing is called damage.
 *  Not here: what damage leads to (node/storage/record-store.ts). */
import { open, readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';

/** At this level LOG has these errors and the options of the run. */
export const ENGINE_LOG_LEVEL = 'error';
/** The engine repeats itself at most once a second: its last words are near the end. */
const TAIL_BYTES = 64 * 1_024;
const FAILED = /background (?:compaction|flush) error: (.*?)(?:, )?Accumulated background error/g;
const EARLIER = /^LOG\.old\.\d+$/;

/** What failed in the background lately, in the engine's words, the last one last. The engine
 *  counts an error a moment before it writes it: none may be there yet. */
export async function readBackgroundErrors(location: string): Promise<readonly string[]> {
  await using file = await open(join(location, 'LOG'), 'r');
  const { size } = await file.stat();
  const position = Math.max(0, size - TAIL_BYTES);
  const { buffer, bytesRead } = await file.read({
    buffer: Buffer.alloc(size - position),
    position,
  });
  const words = buffer.toString('utf8', 0, bytesRead);
  return [...words.matchAll(FAILED)].map(([, reason]) => reason ?? '');
}

/** The engine would keep the last thousand, one of each opening; the last is enough. Called by the
 *  process that has the folder's lock. */
export async function dropEarlierLogs(location: string): Promise<void> {
  const earlier = (await readdir(location)).filter((name) => EARLIER.test(name)).sort();
  for (const name of earlier.slice(0, -1)) await rm(join(location, name), { force: true });
}
