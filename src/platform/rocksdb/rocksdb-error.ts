/** What RocksDB says, in our vocabulary. The engine tells its errors apart by text alone. */
import { CoterieError } from '../../core/errors.ts';

/** The first text is this process's own second opening, the second another process's. */
const IS_LOCKED = /lock hold by|While lock file/;
const IS_CORRUPTION = /^Corruption|checksum mismatch|bad block|truncated record/i;

export type RocksdbStep =
  | 'open'
  | 'close'
  | 'getMany'
  | 'batch'
  | 'iterate'
  | 'diskSpace'
  | 'health'
  | 'compaction';

/** CONFLICT when the folder is taken, otherwise STORAGE_IO {operation, isCorruption}. The message
 *  names files but no folders, so that it may go to a client; the engine's own words are the
 *  cause. */
export function rocksdbError(
  operation: RocksdbStep,
  location: string,
  cause: unknown,
): CoterieError {
  const words = cause instanceof Error ? cause.message : String(cause);
  const applied = operation === 'batch' ? 'unknown' : 'no';
  if (operation === 'open' && IS_LOCKED.test(words)) {
    return new CoterieError(
      'CONFLICT',
      'Another process has this folder open: stop it, or give this node a folder of its own',
      { cause, applied, details: { operation } },
    );
  }
  return new CoterieError(
    'STORAGE_IO',
    `The storage engine failed at ${operation}: ${withoutFolders(words, location)}`,
    { cause, applied, details: { operation, isCorruption: IS_CORRUPTION.test(words) } },
  );
}

/** Whether the engine speaks of damage to its files. */
export function isCorruption(error: unknown): error is CoterieError {
  return error instanceof CoterieError && error.details['isCorruption'] === true;
}

function withoutFolders(words: string, location: string): string {
  return words
    .replaceAll(location, '')
    .replace(/(?:[A-Za-z]:)?[^\s:'"]*[/\\](?=[^\s:'"]*)/g, '')
    .replace(/[.\s]+$/, '');
}
