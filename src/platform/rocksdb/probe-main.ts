/** A process of its own that reads what another one died reading, because the engine may take it
 *  along (folder-probe.ts, which starts it). First argument: the data folder.
 *  It says on standard output when the engine is loaded, then why it ends; its exit code is the
 *  answer. It ends with the process that started it. */
import { writeSync } from 'node:fs';
import { loadRocksdb } from './load-rocksdb.ts';
import { ENGINE_LOADED, FOUND_DAMAGED } from './probe-answer.ts';
import { damageWithin } from './probe-ranges.ts';
import { readNotes } from './reading-notes.ts';
import { isCorruption } from './rocksdb-error.ts';

async function probe(location: string): Promise<void> {
  await loadRocksdb();
  writeSync(1, ENGINE_LOADED);
  const damage = await damageWithin(location, await readNotes(location));
  if (damage === undefined) process.exit(0);
  writeSync(1, damage);
  process.exit(FOUND_DAMAGED);
}

// Whoever asked is gone. SIGKILL, because a plain exit waits for the engine's threads.
process.stdin.on('close', () => process.kill(process.pid, 'SIGKILL')).resume();

probe(process.argv[2] ?? '').catch((error: unknown) => {
  writeSync(1, error instanceof Error ? error.message : String(error));
  process.exit(isCorruption(error) ? FOUND_DAMAGED : 1);
});
