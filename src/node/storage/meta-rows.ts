/** What do the meta rows of the storage service hold, byte for byte.
 *  Invariants: every value begins with its format byte; a value of a later format is refused, never
 *  guessed at. The names here belong to the storage service alone; other services write theirs
 *  through `writeMeta`.
 *  Not here: when the rows are written (opening.ts, commit-queue.ts, record-store.ts).
 *  Source: docs/ARCHITECTURE.md 5.13 and 5.16 to 5.19. */
import { assert, CoterieError } from '../../core/errors.ts';
import type { StoreOperation } from '../../env/store.ts';
import { metaRowKey, REBUILT_ROW, readU32, readU64, writeU32, writeU64 } from './table-keys.ts';

/** Version of the whole folder. A later version is refused at opening. */
export const STORE_FORMAT = 1;
export const ROW_FORMAT = 1;
export const STORE_ID_BYTES = 16;

export const META = {
  format: 'format',
  run: 'run',
  runs: 'runs',
  ceiling: 'hlcCeiling',
  unsyncedMints: 'unsyncedMints',
  floorAll: 'floorAll',
  damage: 'damage',
  chainStart: 'chainStart',
  partitioning: 'partitioning',
  tombstones: 'tombstones',
} as const;
const FLOOR_PREFIX = 'floor/';
const UNREADABLE_PREFIX = 'unreadable/';

export function floorName(partition: number): string {
  return `${FLOOR_PREFIX}${partition}`;
}

export function unreadableName(partition: number): string {
  return `${UNREADABLE_PREFIX}${partition}`;
}

/** The partition that a row named by `floorName` or `unreadableName` is of; undefined for any other
 *  name. */
export function partitionOfName(
  name: string,
): { readonly kind: 'floor' | 'unreadable'; readonly partition: number } | undefined {
  const [prefix, number] = name.split('/');
  if (number === undefined || !/^\d{1,5}$/.test(number)) return undefined;
  if (`${prefix}/` === FLOOR_PREFIX) return { kind: 'floor', partition: Number(number) };
  if (`${prefix}/` === UNREADABLE_PREFIX) return { kind: 'unreadable', partition: Number(number) };
  return undefined;
}

/** A row of another service; `undefined` deletes it. A value begins with a format byte. */
export interface MetaEntry {
  readonly name: string;
  readonly value: Uint8Array | undefined;
}

export function metaOperation({ name, value }: MetaEntry): StoreOperation {
  assert(!isOwnName(name), `The meta row ${name} belongs to the storage service`);
  assert(value === undefined || value.length > 0, 'A meta row begins with its format byte');
  const key = metaRowKey(name);
  return value === undefined ? { type: 'del', key } : { type: 'put', key, value };
}

/** Whether a meta row is written by the storage service itself. */
function isOwnName(name: string): boolean {
  return Object.values<string>(META).includes(name) || partitionOfName(name) !== undefined;
}

/** The run record: how often the folder was opened, and how the last time ended. */
export interface RunRow {
  readonly isClean: boolean;
  readonly run: number;
  /** The last commit of the last clean stop; 0 = there was none. */
  readonly cleanCommitSeq: number;
  /** 16 random bytes, made with the folder. */
  readonly storeId: Uint8Array;
}

/** Damage that was found and not yet made good. */
export interface DamageRow {
  readonly hasGap: boolean;
  /** What the engine said, empty if it said nothing. */
  readonly engineDamage: string;
}

export interface PartitioningRow {
  readonly partitions: number;
  readonly clusterKeyHigh: number;
  readonly clusterKeyLow: number;
}

/** A row whose being there is all it says. */
export function encodeMark(): Uint8Array {
  return Uint8Array.of(ROW_FORMAT);
}

/** A safe integer: ceiling, floors, start of the chain, version of the folder. */
export function encodeNumber(value: number): Uint8Array {
  const bytes = new Uint8Array(9);
  bytes[0] = ROW_FORMAT;
  writeU64(bytes, 1, value);
  return bytes;
}

/** Errors: VERSION_UNSUPPORTED, MALFORMED_MESSAGE (as for every decoder here). */
export function decodeNumber(name: string, bytes: Uint8Array): number {
  checkRow(name, bytes, 9);
  return readU64(bytes, 1);
}

export function encodeRun(row: RunRow): Uint8Array {
  const bytes = new Uint8Array(18 + STORE_ID_BYTES);
  bytes[0] = ROW_FORMAT;
  bytes[1] = row.isClean ? 1 : 0;
  writeU64(bytes, 2, row.run);
  writeU64(bytes, 10, row.cleanCommitSeq);
  bytes.set(row.storeId, 18);
  return bytes;
}

export function decodeRun(bytes: Uint8Array): RunRow {
  checkRow(META.run, bytes, 18 + STORE_ID_BYTES);
  return {
    isClean: bytes[1] === 1,
    run: readU64(bytes, 2),
    cleanCommitSeq: readU64(bytes, 10),
    storeId: bytes.slice(18),
  };
}

export function encodeDamage(row: DamageRow): Uint8Array {
  const words = new TextEncoder().encode(row.engineDamage);
  const bytes = new Uint8Array(2 + words.length);
  bytes[0] = ROW_FORMAT;
  bytes[1] = row.hasGap ? 1 : 0;
  bytes.set(words, 2);
  return bytes;
}

/** Puts the row, or deletes it when there is no damage. */
export function damageOperation(row: DamageRow): StoreOperation {
  const key = metaRowKey(META.damage);
  if (!row.hasGap && row.engineDamage === '') return { type: 'del', key };
  return { type: 'put', key, value: encodeDamage(row) };
}

/** What an earlier run had rebuilt may be damaged as well, also when this run does not get so far
 *  as to tell anybody. */
export const NOTHING_REBUILT: StoreOperation = { type: 'del', key: metaRowKey(REBUILT_ROW) };

export function decodeDamage(bytes: Uint8Array): DamageRow {
  checkRow(META.damage, bytes, Math.max(2, bytes.length));
  return { hasGap: bytes[1] === 1, engineDamage: new TextDecoder().decode(bytes.subarray(2)) };
}

export function encodePartitioning(row: PartitioningRow): Uint8Array {
  const bytes = new Uint8Array(13);
  bytes[0] = ROW_FORMAT;
  writeU32(bytes, 1, row.partitions);
  writeU32(bytes, 5, row.clusterKeyHigh);
  writeU32(bytes, 9, row.clusterKeyLow);
  return bytes;
}

export function decodePartitioning(bytes: Uint8Array): PartitioningRow {
  checkRow(META.partitioning, bytes, 13);
  return {
    partitions: readU32(bytes, 1),
    clusterKeyHigh: readU32(bytes, 5),
    clusterKeyLow: readU32(bytes, 9),
  };
}

/** Marker of an unreadable key. `lost`: nothing of the record is left. `partial`: what was written
 *  since is there and in the leaf, but what was lost may be missing from it. */
export type MarkerState = 'lost' | 'partial';

export function encodeMarker(state: MarkerState): Uint8Array {
  return Uint8Array.of(ROW_FORMAT, state === 'partial' ? 1 : 0);
}

export function decodeMarker(bytes: Uint8Array): MarkerState {
  checkRow('unreadable key', bytes, 2);
  return bytes[1] === 1 ? 'partial' : 'lost';
}

/** Errors: VERSION_UNSUPPORTED when the folder was written by later software. */
export function checkStoreFormat(bytes: Uint8Array): void {
  const format = bytes[0] === ROW_FORMAT ? decodeNumber(META.format, bytes) : undefined;
  if (format === STORE_FORMAT) return;
  const found = format === undefined ? 'unknown' : String(format);
  throw new CoterieError(
    'VERSION_UNSUPPORTED',
    `The folder has storage format ${found}, this software reads format ${STORE_FORMAT}: ` +
      'start it with the version of Coterie that wrote it (or a later one), or give this node ' +
      'an empty folder',
    { details: { found: format, supported: STORE_FORMAT } },
  );
}

/** Errors: VERSION_UNSUPPORTED, MALFORMED_MESSAGE. */
export function checkRow(name: string, bytes: Uint8Array, length: number): void {
  if (bytes[0] !== ROW_FORMAT) {
    throw new CoterieError(
      'VERSION_UNSUPPORTED',
      `The stored row ${name} has format ${bytes[0]}, this software reads format ${ROW_FORMAT}: ` +
        'start the version of Coterie that wrote it',
    );
  }
  if (bytes.length !== length) {
    throw new CoterieError(
      'MALFORMED_MESSAGE',
      `The stored row ${name} has ${bytes.length} bytes instead of ${length}`,
    );
  }
}
