/** A record store over the memory engine, with notes and faults, on a clock whose time the test
 *  moves. */
import { crc32 } from 'node:zlib';
import { LEAVES_PER_PARTITION } from '../../../src/core/ring/token.ts';
import { createRecordCodec } from '../../../src/core/version/record-codec.ts';
import type { Clock, Timer } from '../../../src/env/clock.ts';
import type { Store } from '../../../src/env/store.ts';
import type { Leaf } from '../../../src/node/storage/leaf-rows.ts';
import { LeafTable } from '../../../src/node/storage/leaf-table.ts';
import { type OpeningState, readLeaves } from '../../../src/node/storage/opening.ts';
import { makeRecordKey, type RecordKey } from '../../../src/node/storage/record-key.ts';
import { RecordStore } from '../../../src/node/storage/record-store.ts';
import {
  STORAGE_DEFAULTS,
  type StorageOptions,
} from '../../../src/node/storage/storage-options.ts';
import { StoredRecord } from '../../../src/node/storage/stored-record.ts';
import { recordRange, tokenOfRow } from '../../../src/node/storage/table-keys.ts';
import type { Applied, Decide, UpdateOptions } from '../../../src/node/storage/update.ts';
import { MemoryDisk } from '../../../src/platform/memory/memory-disk.ts';
import { MemoryStore } from '../../../src/platform/memory/memory-store.ts';
import { CountingStore, type StoreEvent } from '../../conformance/counting-store.ts';

export const codec = createRecordCodec((bytes, previous) => crc32(bytes, previous));
export const PARTITIONING = { partitions: 4, clusterKeyHigh: 17, clusterKeyLow: 23 };
export const SYNC: UpdateOptions = { sync: true, priority: 'client' };
export const NO_SYNC: UpdateOptions = { sync: false, priority: 'client' };

export class RigClock implements Clock {
  nowMs = 0;
  wallMs(): number {
    return 1_800_000_000_000 + this.nowMs;
  }
  monotonicMs(): number {
    return this.nowMs;
  }
  readonly #timers = new Set<{ readonly atMs: number; readonly callback: () => void }>();

  get timerCount(): number {
    return this.#timers.size;
  }

  setTimer(delayMs: number, callback: () => void): Timer {
    const timer = { atMs: this.nowMs + delayMs, callback };
    this.#timers.add(timer);
    return { cancel: () => this.#timers.delete(timer) };
  }

  /** Timers that come due fire in their order; what is ready then has run before the next. */
  async pass(durationMs: number): Promise<void> {
    const untilMs = this.nowMs + durationMs;
    await nextTurn(5);
    for (;;) {
      const [next] = [...this.#timers].sort((a, b) => a.atMs - b.atMs);
      if (next === undefined || next.atMs > untilMs) break;
      this.#timers.delete(next);
      this.nowMs = Math.max(this.nowMs, next.atMs);
      next.callback();
      await nextTurn(5);
    }
    this.nowMs = untilMs;
  }

  defer(callback: () => void): void {
    setImmediate(callback);
  }
}

export const silentLog = { debug() {}, info() {}, warn() {}, error() {} };
export const silentMetrics = { add() {}, set() {}, observe() {} };
export const random = {
  float: () => 0.5,
  bytes: (length: number) => new Uint8Array(length).fill(7),
};

export interface Rig {
  readonly records: RecordStore;
  readonly engine: CountingStore;
  readonly clock: RigClock;
  readonly disk: MemoryDisk;
  readonly opening: OpeningState;
  /** The tick `presentTick` hands out next. */
  tick: number;
}

export interface RigSetup {
  readonly disk?: MemoryDisk;
  readonly options?: Partial<StorageOptions>;
  readonly wrap?: (store: Store) => Store;
  /** The engine can set its files aside: their rows are gone, and the reason is noted here. */
  readonly setAside?: string[];
}

/** Opens a record store that knows its partitioning. */
export async function openRig(setup: RigSetup = {}): Promise<Rig> {
  const disk = setup.disk ?? new MemoryDisk();
  const clock = new RigClock();
  const memory = new MemoryStore({ clock }, { disk });
  const engine = new CountingStore(setup.wrap?.(memory) ?? memory);
  if (setup.setAside !== undefined) canSetAside(engine, setup.setAside);
  const rig = { engine, clock, disk, tick: 1_000 };
  const records = new RecordStore(
    { store: engine, clock, random, log: silentLog, metrics: silentMetrics },
    { codec, presentTick: () => opened.tick++ },
    { ...STORAGE_DEFAULTS, ...setup.options },
  );
  const opened: Rig = Object.assign(rig, { records, opening: undefined as never });
  const opening = await records.start();
  Object.assign(opened, { opening });
  await records.usePartitioning(PARTITIONING);
  return opened;
}

function canSetAside(engine: Store, reasons: string[]): void {
  const setAside = async (reason: string): Promise<void> => {
    reasons.push(reason);
    await using rows = engine.iterate({ from: new Uint8Array(1), to: Uint8Array.of(0xff) });
    const found = await rows.next(Number.MAX_SAFE_INTEGER);
    const deletions = found.map(({ key }) => ({ type: 'del' as const, key }));
    await engine.batch(deletions, { sync: true });
  };
  Object.assign(engine, { setAside });
}

export function keyOf(name: string, token = 0x4000_0001): RecordKey {
  return makeRecordKey(token, 'b', new TextEncoder().encode(name));
}

/** An encoded record with one sibling: event `seq` of one actor, with this text as its value. */
export function recordBytes(seq: number, text = `v${seq}`): Uint8Array {
  const dot = { nodeIndex: 1, epoch: 1, seq };
  const value = new TextEncoder().encode(text);
  const sibling = { dot, isTombstone: false, contentHash: seq, meta: new Uint8Array(), value };
  return codec.encode({ vector: [dot], dots: [], siblings: [sibling] });
}

/** The same with nothing left but a deletion. */
export function tombstoneBytes(seq: number): Uint8Array {
  const dot = { nodeIndex: 1, epoch: 1, seq };
  const none = new Uint8Array();
  const sibling = { dot, isTombstone: true, contentHash: seq, meta: none, value: none };
  return codec.encode({ vector: [dot], dots: [], siblings: [sibling] });
}

export function textOf(stored: StoredRecord | undefined): string | undefined {
  const [sibling] = stored?.record.siblings ?? [];
  return sibling && new TextDecoder().decode(sibling.value);
}

/** Replaces whatever is there; the result is the seq that was found (0: none). */
export function put(seq: number, text?: string): Decide<number> {
  return (current) => ({
    result: current.record?.vector[0]?.seq ?? 0,
    write: { bytes: recordBytes(seq, text) },
  });
}

export function write(
  rig: Pick<Rig, 'records'>,
  name: string,
  seq: number,
  options: UpdateOptions = SYNC,
): Promise<Applied<number>> {
  return rig.records.update(keyOf(name), options, put(seq));
}

/** The next decision adds one to the seq that is there. */
export const increment: Decide<number> = (current) => {
  const seq = (current.record?.vector[0]?.seq ?? 0) + 1;
  return { result: seq, write: { bytes: recordBytes(seq) } };
};

export function hexOf(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('hex');
}

export async function nextTurn(turns = 1): Promise<void> {
  for (let turn = 0; turn < turns; turn += 1) {
    await new Promise<void>((resolve) => setImmediate(resolve));
  }
}

export function batches(engine: CountingStore): Extract<StoreEvent, { what: 'batch-started' }>[] {
  return engine.events.filter((event) => event.what === 'batch-started');
}

/** What the leaves in the engine should be, made from its records alone, and what they are. */
export async function leavesOf(
  store: Store,
  isCounted: (rowKey: Uint8Array) => boolean = () => true,
): Promise<{ readonly stored: Map<number, Leaf>; readonly counted: Map<number, Leaf> }> {
  const table = new LeafTable(PARTITIONING);
  await using records = store.iterate(recordRange(0, 2 ** 32));
  for (const { key, value } of await records.next(100_000)) {
    if (isCounted(key)) table.replace(tokenOfRow(key), undefined, new StoredRecord(codec, value));
  }
  const stored = await readLeaves(store, PARTITIONING, PARTITIONING);
  return { counted: filledLeaves(table), stored: filledLeaves(stored) };
}

/** By number; an empty leaf is as good as none. */
export function filledLeaves(table: LeafTable): Map<number, Leaf> {
  const filled = new Map<number, Leaf>();
  for (let index = 0; index < PARTITIONING.partitions * LEAVES_PER_PARTITION; index += 1) {
    const leaf = table.leaf(index);
    if (leaf.high !== 0 || leaf.low !== 0 || leaf.count !== 0) filled.set(index, leaf);
  }
  return filled;
}

/** A disk that holds what these batches wrote: leave one out, and the log has lost it. */
export async function replay(
  events: readonly StoreEvent[],
  lost: number[] = [],
): Promise<MemoryDisk> {
  const disk = new MemoryDisk();
  const store = new MemoryStore({ clock: new RigClock() }, { disk });
  await store.open();
  for (const event of events) {
    if (event.what !== 'batch-started' || lost.includes(event.batch)) continue;
    await store.batch(event.operations, { sync: true });
  }
  await store.close();
  return disk;
}
