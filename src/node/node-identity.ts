/** Which node does a data folder belong to, and as whom does it take part in gossip?
 *  Invariants: the member id is written once, with the folder's first start, and so is the name,
 *  which may become another one until a layout has it; the generation of a start is durable before
 *  anybody is told of it.
 *  Not here: the folder's random id and its runs (node/storage). */
import { bytesToHex, hexToBytes } from '../core/bytes.ts';
import { CoterieError } from '../core/errors.ts';
import type { Clock } from '../env/clock.ts';
import type { Random } from '../env/random.ts';
import type { MetaRows } from './standing/peer-memories.ts';

interface NodeIdentity {
  readonly name: string;
}

const IDENTITY_ROW = 'node';
const IDENTITY_FORMAT = 1;

/** The name of this start, which is durable then. `isMember`: the folder holds a layout.
 *  Errors: CONFLICT when a member is given another name. */
export async function settleName(
  rows: MetaRows,
  start: {
    readonly given: string | undefined;
    readonly address: string;
    readonly isMember: boolean;
  },
): Promise<string> {
  const { given, address, isMember } = start;
  const kept = (await readIdentity(rows))?.name;
  const name = given ?? kept ?? address;
  if (name === kept) return name;
  if (kept !== undefined && isMember) {
    throw new CoterieError(
      'CONFLICT',
      `The data folder belongs to node ${kept}, not to ${name}; use its own folder or --id ${kept}`,
    );
  }
  await writeIdentity(rows, { name });
  return name;
}

async function readIdentity(rows: MetaRows): Promise<NodeIdentity | undefined> {
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

async function writeIdentity(rows: MetaRows, identity: NodeIdentity): Promise<void> {
  const name = new TextEncoder().encode(identity.name);
  const value = new Uint8Array(1 + name.length);
  value[0] = IDENTITY_FORMAT;
  value.set(name, 1);
  await rows.writeMeta([{ name: IDENTITY_ROW, value }]);
}

const MEMBER_ROW = 'member';
const MEMBER_FORMAT = 1;
const MEMBER_ID_BYTES = 16;
const GENERATION_BYTES = 8;

/** As whom this folder takes part in gossip. */
export interface MemberIdentity {
  /** 16 random bytes as 32 hexadecimal digits, made with the folder. */
  readonly id: string;
  /** Of the present start, 0..2^48-1. */
  readonly generation: number;
}

/** A start begins: its generation, above that of every earlier one, is durable before anybody hears
 *  of it. */
export async function startGeneration(
  rows: MetaRows,
  env: { readonly random: Random; readonly clock: Pick<Clock, 'wallMs'> },
): Promise<MemberIdentity> {
  const row = await rows.readMeta(MEMBER_ROW);
  const stored = row === undefined ? undefined : decodeMember(row);
  const id = stored?.id ?? bytesToHex(env.random.bytes(MEMBER_ID_BYTES));
  const wallMs = Math.max(0, Math.floor(env.clock.wallMs()));
  const generation = Math.max(wallMs, (stored?.generation ?? 0) + 1);
  await saveGeneration(rows, { id, generation });
  return { id, generation };
}

export async function saveGeneration(rows: MetaRows, member: MemberIdentity): Promise<void> {
  const value = new Uint8Array(1 + MEMBER_ID_BYTES + GENERATION_BYTES);
  value[0] = MEMBER_FORMAT;
  value.set(hexToBytes(member.id), 1);
  const view = new DataView(value.buffer);
  view.setBigUint64(1 + MEMBER_ID_BYTES, BigInt(member.generation));
  await rows.writeMeta([{ name: MEMBER_ROW, value }]);
}

function decodeMember(row: Uint8Array): MemberIdentity {
  if (row[0] !== MEMBER_FORMAT || row.length !== 1 + MEMBER_ID_BYTES + GENERATION_BYTES) {
    throw new CoterieError(
      'VERSION_UNSUPPORTED',
      `The folder's member id has format ${row[0]}; this software reads ${MEMBER_FORMAT}: ` +
        'use a newer one',
    );
  }
  const view = new DataView(row.buffer, row.byteOffset);
  const generation = Number(view.getBigUint64(1 + MEMBER_ID_BYTES));
  return { id: bytesToHex(row.subarray(1, 1 + MEMBER_ID_BYTES)), generation };
}
