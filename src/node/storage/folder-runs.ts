/** Which runs has a folder been through, and what had it committed when each of them began: row
 *  `runs`, byte for byte.
 *  Invariants: the present run is in the first batch of its opening, so that no commit is of a run
 *  that the row does not know; of more runs than are kept the oldest go.
 *  Not here: what follows for members that remember a run (core/membership/standing.ts). */
import { bytesToHex, hexToBytes } from '../../core/bytes.ts';
import { CoterieError } from '../../core/errors.ts';
import { type FolderRun, RUNS_MAX } from '../../core/membership/standing.ts';
import { META } from './meta-rows.ts';
import { readU64, writeU64 } from './table-keys.ts';

export const RUN_ID_BYTES = 16;
const RUN_BYTES = RUN_ID_BYTES + 8;
const FORMAT = 2;
/** Of before the commits were kept. */
const NAMES_FORMAT = 1;

/** The present run last. */
export function withRun(runs: readonly FolderRun[], run: FolderRun): readonly FolderRun[] {
  return [...runs, run].slice(-RUNS_MAX);
}

export function encodeRuns(runs: readonly FolderRun[]): Uint8Array {
  const row = new Uint8Array(1 + runs.length * RUN_BYTES);
  row[0] = FORMAT;
  for (const [index, { id, commitSeq }] of runs.entries()) {
    const at = 1 + index * RUN_BYTES;
    row.set(hexToBytes(id), at);
    writeU64(row, at + RUN_ID_BYTES, commitSeq);
  }
  return row;
}

/** `foundCommitSeq`: taken for runs of which only the names were kept. Errors: VERSION_UNSUPPORTED,
 *  MALFORMED_MESSAGE. */
export function decodeRuns(row: Uint8Array, foundCommitSeq: number): readonly FolderRun[] {
  const [format] = row;
  if (format !== FORMAT && format !== NAMES_FORMAT) {
    throw new CoterieError(
      'VERSION_UNSUPPORTED',
      `The stored row ${META.runs} has format ${format}, this software reads up to ${FORMAT}: ` +
        'start the version of Coterie that wrote it',
    );
  }
  const runBytes = format === FORMAT ? RUN_BYTES : RUN_ID_BYTES;
  if ((row.length - 1) % runBytes !== 0) {
    throw new CoterieError(
      'MALFORMED_MESSAGE',
      `The stored row ${META.runs} has ${row.length} bytes, which are no whole runs`,
    );
  }
  const runs: FolderRun[] = [];
  for (let at = 1; at < row.length; at += runBytes) {
    const id = bytesToHex(row.subarray(at, at + RUN_ID_BYTES));
    const commitSeq = format === FORMAT ? readU64(row, at + RUN_ID_BYTES) : foundCommitSeq;
    runs.push({ id, commitSeq });
  }
  return runs;
}
