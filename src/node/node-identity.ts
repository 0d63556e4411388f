/** Which node does a data folder belong to. Written once, with the folder's first start.
 *  Not here: the folder's random id and run count (node/storage). */
import { CoterieError } from '../core/errors.ts';
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
      `The folder's identity has format ${row[0]}; this software reads ${IDENTITY_FORMAT}: use a newer one`,
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
