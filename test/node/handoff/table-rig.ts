/** Hints of one node on a storage of their own: what the engine reads and writes can be broken, and
 *  time is moved by the test. */

import { createRecordCodec } from '../../../src/core/version/record-codec.ts';
import type { Store, StoreEntry, StoreIterator, StoreRange } from '../../../src/env/store.ts';
import { DirtyPartitions } from '../../../src/node/handoff/dirty-partitions.ts';
import { HintTable } from '../../../src/node/handoff/hint-table.ts';
import { makeRecordKey, type RecordKey } from '../../../src/node/storage/record-key.ts';
import { RecordStore } from '../../../src/node/storage/record-store.ts';
import { STORAGE_DEFAULTS } from '../../../src/node/storage/storage-options.ts';
import { hintRowKey } from '../../../src/node/storage/table-keys.ts';
import { MemoryDisk } from '../../../src/platform/memory/memory-disk.ts';
import { MemoryStore } from '../../../src/platform/memory/memory-store.ts';
import { ManualClock } from '../../client/manual-clock.ts';
import { seededRandom } from '../../client/scripted-node.ts';
import { CountingStore } from '../../conformance/counting-store.ts';
import { NodeClock, settled } from '../node-clock.ts';
import { Notes } from '../notes.ts';
import { checksum } from '../rig.ts';

export const TARGET = 3;
export const PARTITION = 2;
export const codec = createRecordCodec(checksum);
const BOUNDS = { hintsPerTargetMax: 1_000, hintBytesPerTargetMax: 1_000_000 };

/** Iterators verify nothing: while `isFlipping` each hands out rows with one byte changed. */
class FlippingStore extends CountingStore {
  isFlipping = false;

  override iterate(range: StoreRange): StoreIterator {
    const rows = super.iterate(range);
    if (!this.isFlipping) return rows;
    const next = async (count: number): Promise<readonly StoreEntry[]> =>
      (await rows.next(count)).map(({ key, value }) => ({ key, value: flipped(value) }));
    const close = (): Promise<void> => rows.close();
    return { next, close, [Symbol.asyncDispose]: close };
  }
}

function flipped(value: Uint8Array): Uint8Array {
  const copy = value.slice();
  copy[copy.length - 1] = ~(copy.at(-1) ?? 0);
  return copy;
}

export class TableRig implements AsyncDisposable {
  readonly clock = new ManualClock();
  readonly notes = new Notes();
  readonly engine: FlippingStore;
  readonly store: RecordStore;
  readonly dirty: DirtyPartitions;
  readonly table: HintTable;

  constructor() {
    const { notes } = this;
    const clock = new NodeClock(this.clock);
    const inner: Store = new MemoryStore({ clock }, { disk: new MemoryDisk() });
    this.engine = new FlippingStore(inner);
    const env = { store: this.engine, clock, random: seededRandom(1), log: notes, metrics: notes };
    const presentTick = (): number => 1;
    this.store = new RecordStore(env, { codec, presentTick }, STORAGE_DEFAULTS);
    this.dirty = new DirtyPartitions({ clock, log: notes }, this.store);
    this.table = this.anotherTable();
  }

  /** Over the same rows, as after a restart. */
  anotherTable(): HintTable {
    const { store, dirty, notes } = this;
    const clock = new NodeClock(this.clock);
    return new HintTable(
      {
        ...{ rows: store.rows, dirty, checksum, clock, log: notes, metrics: notes },
        partitionOf: () => PARTITION,
        written: () => {},
      },
      BOUNDS,
    );
  }

  /** The storage; the table is started by the test. */
  async start(): Promise<this> {
    await this.run(this.store.start());
    return this;
  }

  run<T>(promise: Promise<T>): Promise<T> {
    return settled(this.clock, promise);
  }

  /** As of a copy that did not arrive, once it is written. */
  async miss(key: RecordKey): Promise<void> {
    this.table.missed(TARGET, key, PARTITION);
    await this.clock.settle();
  }

  /** Names of the keys that the target is owed. */
  async owed(): Promise<string[]> {
    const { owed } = await this.run(this.table.page(TARGET, undefined, 100));
    await this.clock.settle();
    return owed.map(({ key }) => new TextDecoder().decode(key.key));
  }

  /** A byte of the hint's row changes on the disk. */
  async damage(key: RecordKey): Promise<void> {
    const rowKey = hintRowKey(TARGET, key.storageKey);
    const [value] = await this.run(this.engine.getMany([rowKey]));
    if (value === undefined) throw new Error('there is no such hint');
    await this.run(
      this.engine.batch([{ type: 'put', key: rowKey, value: flipped(value) }], { sync: true }),
    );
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.run(this.table.stop());
    await this.run(this.store.stop());
  }
}

export function keyOf(name: string): RecordKey {
  return makeRecordKey(7, 'default', new TextEncoder().encode(name));
}
