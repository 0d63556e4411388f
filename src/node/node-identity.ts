/** Which node does a data folder belong to, and which runs has it been through?
 *  Invariants: the name is written once, with the folder's first start; the name of a run is
 *  durable before anybody is told of it.
 *  Not here: the folder's random id and its count of runs (node/storage). */
import { bytesToHex, hexToBytes } from '../core/bytes.ts';
import { CoterieError } from '../core/errors.ts';
import { RUN_IDS_MAX } from '../core/membership/standing.ts';
import type { MetaRows } from './standing/standing-keeper.ts';

export interface NodeIdentity {
  readonly name: string;
}

const IDENTITY_ROW = 'node';
const IDENTITY_FORMAT = 1;

export async function readIdentity(rows: MetaRows): Promise<NodeIdentity | undefined> {
  const row = await rows.readMeta(IDENTITY_ROW);
  if (row === undefined) return undefined;
  if (row[0] !== IDENTITY_FORMAT) {
    throw new CoterieError(
      'VERSION_UNSUPPORTED',
      `The folder's identity has format ${row[0]}; this software reads ${IDENTITY_FORMAT}: ` +
        'use a newer one',
    );
  }
  return { name: new TextDecoder().decode(row.subarray(1)) };
}

export async function writeIdentity(rows: MetaRows, identity: NodeIdentity): Promise<void> {
  const name = new TextEncoder().encode(identity.name);
  const value = new Uint8Array(1 + name.length);
  value[0] = IDENTITY_FORMAT;
  value.set(name, 1);
  await rows.writeMeta([{ name: IDENTITY_ROW, value }]);
}

const RUNS_ROW = 'runs';
const RUNS_FORMAT = 1;
const RUN_ID_BYTES = 16;

/** Adds the present run to the names of runs that the folder keeps, durably, before anybody is told
 *  of it; the names that are kept, the present one last. */
export async function noteRun(rows: MetaRows, runId: string): Promise<readonly string[]> {
  const row = await rows.readMeta(RUNS_ROW);
  const runIds = row === undefined ? [] : decodeRuns(row);
  const kept = [...runIds, runId].slice(-RUN_IDS_MAX);
  const value = new Uint8Array(1 + kept.length * RUN_ID_BYTES);
  value[0] = RUNS_FORMAT;
  for (const [index, id] of kept.entries()) value.set(hexToBytes(id), 1 + index * RUN_ID_BYTES);
  await rows.writeMeta([{ name: RUNS_ROW, value }]);
  return kept;
}

function decodeRuns(row: Uint8Array): string[] {
  if (row[0] !== RUNS_FORMAT || (row.length - 1) % RUN_ID_BYTES !== 0) {
    throw new CoterieError(
      'VERSION_UNSUPPORTED',
      `The folder's list of runs has format ${row[0]}; this software reads ${RUNS_FORMAT}: ` +
        'use a newer one',
    );
  }
  const ids: string[] = [];
  for (let at = 1; at < row.length; at += RUN_ID_BYTES) {
    ids.push(bytesToHex(row.subarray(at, at + RUN_ID_BYTES)));
  }
  return ids;
}
