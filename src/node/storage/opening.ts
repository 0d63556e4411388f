/** In what state was the folder found, and what is written before anything else?
 *  Invariants: a folder of a later format is not touched; the run record (run + 1, not clean) and
 *  the run's name are fsynced before any other write of this run; a gap in the commit chain is
 *  noted durably before the chain begins anew, so that it is reported at every opening until it has
 *  been made good.
 *  Not here: what the node may do in which state (core/membership/standing.ts). Source:
 *  docs/ARCHITECTURE.md 5.16 to 5.19. */
import { bytesToHex } from '../../core/bytes.ts';
import { CoterieError } from '../../core/errors.ts';
import type { FolderRun } from '../../core/membership/standing.ts';
import type { Store, StoreEntry, StoreOperation, StoreRange } from '../../env/store.ts';
import { CHAIN_WINDOW, type ChainExpectation, type ChainFound, readChain } from './commit-chain.ts';
import type { FloorsFound } from './epoch-floors.ts';
import { decodeRuns, encodeRuns, RUN_ID_BYTES, withRun } from './folder-runs.ts';
import { decodeLeafChanges, decodeLeafPage } from './leaf-rows.ts';
import { LeafTable } from './leaf-table.ts';
import {
  checkStoreFormat,
  type DamageRow,
  damageOperation,
  decodeDamage,
  decodeMarker,
  decodeNumber,
  decodePartitioning,
  decodeRun,
  encodeNumber,
  encodeRun,
  type MarkerState,
  META,
  NOTHING_REBUILT,
  type PartitioningRow,
  partitionOfName,
  type RunRow,
  STORE_FORMAT,
  STORE_ID_BYTES,
} from './meta-rows.ts';
import { recordIdOf } from './record-key.ts';
import type { StorageEnvironment } from './storage-options.ts';
import {
  commitSeqOfRow,
  metaRowKey,
  partitionOfLeafPage,
  recordRowKeyOfMarker,
  tableRange,
} from './table-keys.ts';
import type { UnreadableFound } from './unreadable-keys.ts';

const ROWS_PER_READ = 1_024;

/** What the node and its peers must know of a folder that has just been opened. */
export interface OpeningState {
  /** Nothing at all was in it. */
  readonly isFresh: boolean;
  /** 16 random bytes, made with the folder. */
  readonly storeId: Uint8Array;
  /** How often the folder has been opened, this time included. */
  readonly run: number;
  /** The run found; 0 = the folder was empty. */
  readonly previousRun: number;
  /** Of this folder, the present one last; RUNS_MAX at most. */
  readonly runs: readonly FolderRun[];
  /** Clock ceiling as found, in ticks; 0 = none. */
  readonly ceiling: number;
  /** Last commit as found; 0 = none. */
  readonly commitSeq: number;
  /** The last run ended with `stop`, and nothing came after it. */
  readonly wasClean: boolean;
  /** `gap`: the log has lost batches that were fsynced, now or at an earlier opening since which
   *  nobody rebuilt. */
  readonly chain: 'whole' | 'gap';
  /** Mints were released before their fsync. After an unclean stop all floors rise
   *  (`usePartitioning` does it). */
  readonly hadUnsyncedMints: boolean;
  /** What the engine said of damage to its files, now or earlier, in words. */
  readonly engineDamage?: string;
}

/** Why the folder cannot be relied upon, in words; undefined when nothing speaks against it. */
export function damageOf({ chain, engineDamage }: OpeningState): string | undefined {
  return chain === 'gap' ? 'its log lost synced batches' : engineDamage;
}

/** Why a node stops whose files the engine found damaged. `startsAnew`: it may be started again at
 *  once. */
export function damagedError(reason: string): CoterieError {
  return new CoterieError(
    'STORAGE_IO',
    `The data folder is damaged (${reason}): this node stops, and its next start sets these ` +
      'files aside, begins with none and is rebuilt from the others',
    { applied: 'no', details: { operation: 'getMany', isCorruption: true, startsAnew: true } },
  );
}

/** Everything that was found, for the parts of the service. */
export interface Opened {
  readonly state: OpeningState;
  readonly floors: FloorsFound;
  readonly unreadable: UnreadableFound;
  readonly partitioning: PartitioningRow | undefined;
  readonly damage: DamageRow;
  /** Records of which only deletions were left, as they were counted when they were written. */
  readonly tombstoneCount: number;
  /** Rows that must be fsynced before anything else; the queue adds the rest of the batch. */
  readonly firstRows: readonly StoreOperation[];
}

/** The same of an engine whose damaged files are kept elsewhere: the node then begins with nothing.
 *  Without that, what an earlier run noted of damage is reported. */
export async function readSoundFolder(
  environment: Pick<StorageEnvironment, 'store' | 'random'>,
): Promise<Opened> {
  const { store } = environment;
  if (store.setAside === undefined) return readFolder(environment);
  try {
    const opened = await readFolder(environment);
    const { engineDamage } = opened.damage;
    if (engineDamage === '') {
      await checkLeaves(store);
      return opened;
    }
    await store.setAside(engineDamage);
  } catch (error) {
    if (!(error instanceof CoterieError) || error.details['isCorruption'] !== true) throw error;
    await store.setAside(error.message);
  }
  return readFolder(environment);
}

/** Later, when the partitioning is known, it is too late to begin with nothing. */
async function checkLeaves(store: Store): Promise<void> {
  for (const table of ['leaves', 'changes'] as const) {
    await forEachSoundRow(store, tableRange(table), () => {});
  }
}

/** Reads the folder of an engine that is open. Errors: VERSION_UNSUPPORTED for one of later
 *  software, MALFORMED_MESSAGE, STORAGE_IO. Cost: the commit chain (see CHAIN_WINDOW). */
async function readFolder(
  environment: Pick<StorageEnvironment, 'store' | 'random'>,
): Promise<Opened> {
  const { store, random } = environment;
  const meta = await readMetaRows(store);
  const format = meta.get(META.format);
  if (format !== undefined) checkStoreFormat(format);
  const runBytes = meta.get(META.run);
  const found = runBytes && decodeRun(runBytes);
  const isFresh = found === undefined && (await isEmpty(store));
  const chainStart = numberOf(meta, META.chainStart, 1);
  const cleanCommitSeq = found?.cleanCommitSeq ?? 0;
  const chain = await findChain(store, { chainStart, cleanCommitSeq, window: CHAIN_WINDOW });
  // A folder with rows and no run record has lost its very first batch.
  const hasGap = !chain.isWhole || (found === undefined && !isFresh);
  const damage = addDamage(meta.get(META.damage), hasGap, chain.engineDamage);
  const isDamageNew = hasGap || chain.engineDamage !== '';
  const { commitSeq } = chain;
  const run: RunRow = {
    isClean: false,
    run: (found?.run ?? 0) + 1,
    cleanCommitSeq: Math.min(cleanCommitSeq, commitSeq),
    storeId: found?.storeId ?? random.bytes(STORE_ID_BYTES),
  };
  const runsBytes = meta.get(META.runs);
  const earlier = runsBytes === undefined ? [] : decodeRuns(runsBytes, commitSeq);
  const runs = withRun(earlier, { id: bytesToHex(random.bytes(RUN_ID_BYTES)), commitSeq });
  return {
    state: {
      isFresh,
      storeId: run.storeId,
      runs,
      run: run.run,
      previousRun: found?.run ?? 0,
      ceiling: numberOf(meta, META.ceiling, 0),
      commitSeq,
      wasClean: isFresh || (found?.isClean === true && cleanCommitSeq === commitSeq),
      chain: damage.hasGap ? 'gap' : 'whole',
      hadUnsyncedMints: meta.has(META.unsyncedMints),
      ...(damage.engineDamage === '' ? {} : { engineDamage: damage.engineDamage }),
    },
    floors: floorsOf(meta),
    unreadable: { markers: await readMarkers(store), partitions: unreadablePartitionsOf(meta) },
    partitioning: partitioningOf(meta),
    damage,
    tombstoneCount: numberOf(meta, META.tombstones, 0),
    firstRows: firstRows({ run, runs, damage, isDamageNew, chainStart: commitSeq + 1 }),
  };
}

/** The chain begins anew at every opening: what was found has been checked, and by opening the
 *  engine has moved it from its log to files with checksums. */
function firstRows(first: {
  readonly run: RunRow;
  readonly runs: readonly FolderRun[];
  readonly damage: DamageRow;
  /** No earlier opening knew of it. */
  readonly isDamageNew: boolean;
  readonly chainStart: number;
}): readonly StoreOperation[] {
  const { run, runs, damage, isDamageNew, chainStart } = first;
  const rows: StoreOperation[] = [
    { type: 'put', key: metaRowKey(META.format), value: encodeNumber(STORE_FORMAT) },
    { type: 'put', key: metaRowKey(META.run), value: encodeRun(run) },
    { type: 'put', key: metaRowKey(META.runs), value: encodeRuns(runs) },
    { type: 'put', key: metaRowKey(META.chainStart), value: encodeNumber(chainStart) },
  ];
  if (damage.hasGap || damage.engineDamage !== '') rows.push(damageOperation(damage));
  if (isDamageNew) rows.push(NOTHING_REBUILT);
  return rows;
}

/** Last of all, written when nothing is pending: the batch that holds them is `cleanCommitSeq`. */
export function cleanRows(
  { run, storeId }: OpeningState,
  cleanCommitSeq: number,
): readonly StoreOperation[] {
  const value = encodeRun({ isClean: true, run, storeId, cleanCommitSeq });
  return [
    { type: 'put', key: metaRowKey(META.run), value },
    { type: 'del', key: metaRowKey(META.unsyncedMints) },
  ];
}

/** A chain that the engine cannot even read is broken, and what the engine says is kept. */
async function findChain(
  store: Store,
  expected: ChainExpectation,
): Promise<ChainFound & { readonly engineDamage: string }> {
  try {
    return { ...(await readChain(store, expected)), engineDamage: '' };
  } catch (error) {
    const isDamage =
      error instanceof CoterieError &&
      (error.code === 'CORRUPT_RECORD' || error.details['isCorruption'] === true);
    if (!isDamage) throw error;
    const commitSeq = Math.max(expected.chainStart - 1, expected.cleanCommitSeq);
    return { commitSeq, isWhole: false, engineDamage: error.message };
  }
}

function addDamage(
  stored: Uint8Array | undefined,
  hasGap: boolean,
  engineDamage: string,
): DamageRow {
  const known = stored === undefined ? undefined : decodeDamage(stored);
  return {
    hasGap: hasGap || known?.hasGap === true,
    engineDamage: engineDamage || (known?.engineDamage ?? ''),
  };
}

function numberOf(meta: ReadonlyMap<string, Uint8Array>, name: string, missing: number): number {
  const bytes = meta.get(name);
  return bytes === undefined ? missing : decodeNumber(name, bytes);
}

function floorsOf(meta: ReadonlyMap<string, Uint8Array>): FloorsFound {
  const ofPartition = new Map<number, number>();
  for (const [name, bytes] of meta) {
    const of = partitionOfName(name);
    if (of?.kind === 'floor') ofPartition.set(of.partition, decodeNumber(name, bytes));
  }
  return { all: numberOf(meta, META.floorAll, 0), ofPartition };
}

function unreadablePartitionsOf(meta: ReadonlyMap<string, Uint8Array>): ReadonlySet<number> {
  const partitions = new Set<number>();
  for (const name of meta.keys()) {
    const of = partitionOfName(name);
    if (of?.kind === 'unreadable') partitions.add(of.partition);
  }
  return partitions;
}

function partitioningOf(meta: ReadonlyMap<string, Uint8Array>): PartitioningRow | undefined {
  const bytes = meta.get(META.partitioning);
  return bytes === undefined ? undefined : decodePartitioning(bytes);
}

/** All meta rows by name. They are few: floors and marks of at most all partitions, and some of
 *  each service. */
async function readMetaRows(store: Store): Promise<Map<string, Uint8Array>> {
  const rows = new Map<string, Uint8Array>();
  await forEachSoundRow(store, tableRange('meta'), ({ key, value }) => {
    rows.set(recordIdOf(key.subarray(1)), value);
  });
  return rows;
}

async function readMarkers(store: Store): Promise<Map<string, MarkerState>> {
  const markers = new Map<string, MarkerState>();
  await forEachSoundRow(store, tableRange('unreadable'), ({ key, value }) => {
    markers.set(recordIdOf(recordRowKeyOfMarker(key)), decodeMarker(value));
  });
  return markers;
}

async function isEmpty(store: Store): Promise<boolean> {
  await using rows = store.iterate({ from: new Uint8Array(1), to: Uint8Array.of(0xff), limit: 1 });
  return (await rows.next(1)).length === 0;
}

/** The leaves as they were stored. Errors: CLUSTER_MISMATCH when they were computed for another
 *  partitioning. */
export async function readLeaves(
  store: Store,
  found: PartitioningRow | undefined,
  wanted: PartitioningRow,
): Promise<LeafTable> {
  if (found !== undefined) checkPartitioning(found, wanted);
  const leaves = new LeafTable(wanted);
  await forEachSoundRow(store, tableRange('leaves'), ({ key, value }) => {
    const page = decodeLeafPage(value);
    leaves.restorePage(partitionOfLeafPage(key), page.commitSeq, page.leaves);
  });
  await forEachSoundRow(store, tableRange('changes'), ({ key, value }) => {
    leaves.restoreChanges(commitSeqOfRow(key), decodeLeafChanges(value));
  });
  return leaves;
}

/** Under unsynced mints only an unclean stop loses any; a damaged folder may have lost anything. */
export function mayHaveLostMints({ state }: Opened): boolean {
  if (state.chain === 'gap' || state.engineDamage !== undefined) return true;
  return state.hadUnsyncedMints && !state.wasClean;
}

export function checkPartitioning(found: PartitioningRow, wanted: PartitioningRow): void {
  const isSame =
    found.partitions === wanted.partitions &&
    found.clusterKeyHigh === wanted.clusterKeyHigh &&
    found.clusterKeyLow === wanted.clusterKeyLow;
  if (isSame) return;
  throw new CoterieError(
    'CLUSTER_MISMATCH',
    `The folder belongs to a cluster with ${found.partitions} partitions and other keys than the ` +
      `one with ${wanted.partitions} it is opened for: give this node its own folder`,
  );
}

/** Every row of a range, in order. An iterator of the engine verifies nothing, so each value is got
 *  once more in the way that does. Errors: STORAGE_IO {isCorruption}. */
async function forEachSoundRow(
  store: Store,
  range: StoreRange,
  visit: (entry: StoreEntry) => void,
): Promise<void> {
  await using rows = store.iterate(range);
  for (;;) {
    const entries = await rows.next(ROWS_PER_READ);
    if (entries.length === 0) return;
    const keys = entries.map(({ key }) => key);
    const values = await store.getMany(keys);
    for (const [index, key] of keys.entries()) {
      const value = values[index];
      if (value === undefined) throw unsoundRow();
      visit({ key, value });
    }
  }
}

function unsoundRow(): CoterieError {
  return new CoterieError('STORAGE_IO', 'The storage engine lists a row that it does not have', {
    applied: 'no',
    details: { operation: 'iterate', isCorruption: true },
  });
}
