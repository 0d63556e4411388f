import { afterEach, describe, expect, it } from 'vitest';
import type { CoterieError } from '../../../src/core/errors.ts';
import type { StoreOperation } from '../../../src/env/store.ts';
import { encodeNumber } from '../../../src/node/storage/meta-rows.ts';
import { RecordStore } from '../../../src/node/storage/record-store.ts';
import { STORAGE_DEFAULTS } from '../../../src/node/storage/storage-options.ts';
import {
  chainRowKey,
  metaRowKey,
  REBUILT_ROW,
  tableRange,
} from '../../../src/node/storage/table-keys.ts';
import { MemoryDisk } from '../../../src/platform/memory/memory-disk.ts';
import { MemoryStore } from '../../../src/platform/memory/memory-store.ts';
import {
  batches,
  codec,
  hexOf,
  keyOf,
  leavesOf,
  NO_SYNC,
  openRig,
  PARTITIONING,
  put,
  type Rig,
  RigClock,
  random,
  replay,
  SYNC,
  silentLog,
  silentMetrics,
  textOf,
  tombstoneBytes,
  write,
} from './storage-rig.ts';

let rig: Rig;
const open = async (...setup: Parameters<typeof openRig>) => {
  rig = await openRig(...setup);
  return rig;
};
afterEach(() => rig.records.stop());

const bare = (disk: MemoryDisk) => {
  const clock = new RigClock();
  const store = new MemoryStore({ clock }, { disk });
  const env = { store, clock, random, log: silentLog, metrics: silentMetrics };
  return new RecordStore(env, { codec, presentTick: () => 1 }, STORAGE_DEFAULTS);
};

describe('opening', () => {
  it('a new folder is fresh, and a clean stop leaves a whole chain', async () => {
    const { opening, records, disk } = await open();
    expect(opening).toEqual({
      isFresh: true,
      storeId: random.bytes(16),
      run: 1,
      previousRun: 0,
      runs: [{ id: hexOf(random.bytes(16)), commitSeq: 0 }],
      ceiling: 0,
      commitSeq: 0,
      wasClean: true,
      chain: 'whole',
      hadUnsyncedMints: false,
    });
    await write(rig, 'k', 1);
    await records.stop();
    await open({ disk });
    expect(rig.opening).toMatchObject({
      isFresh: false,
      run: 2,
      previousRun: 1,
      wasClean: true,
      chain: 'whole',
      commitSeq: records.commitSeq,
      runs: [{ commitSeq: 0 }, { commitSeq: records.commitSeq }],
    });
    expect(rig.records.counts.keys).toBe(1);
  });

  it('kill -9 is unclean and loses nothing that was acknowledged', async () => {
    const { disk } = await open();
    await write(rig, 'k', 1);
    disk.cutPower();
    await open({ disk });
    expect(rig.opening).toMatchObject({ wasClean: false, chain: 'whole', run: 2 });
    expect(textOf(await rig.records.read(keyOf('k')))).toBe('v1');
  });

  it('the run record is fsynced before anything else', async () => {
    const { engine } = await open();
    const [first] = batches(engine);
    expect(first?.sync).toBe(true);
    const keys = first?.operations.map(({ key }) => Buffer.from(key).toString('latin1'));
    expect(keys).toContain('Mrun');
  });

  it('the ceiling is the highest that a stored decision asked for', async () => {
    const { records, disk } = await open();
    const key = keyOf('k');
    await records.update(key, SYNC, (current) => ({ ...put(1)(current), ceiling: 500 }));
    await records.update(key, SYNC, (current) => ({ ...put(2)(current), ceiling: 400 }));
    disk.cutPower();
    await open({ disk });
    expect(rig.opening.ceiling).toBe(500);
  });

  it('a folder of a later format is refused with what to do, and not touched', async () => {
    const disk = new MemoryDisk();
    const store = new MemoryStore({ clock: new RigClock() }, { disk });
    await store.open();
    const key = metaRowKey('format');
    await store.batch([{ type: 'put', key, value: encodeNumber(2) }], { sync: true });
    await store.close();

    const error = (await bare(disk)
      .start()
      .catch((reason: unknown) => reason)) as CoterieError;
    expect(error.code).toBe('VERSION_UNSUPPORTED');
    expect(error.message).toMatch(/format 2.*start it with the version of Coterie that wrote it/);
    const again = new MemoryStore({ clock: new RigClock() }, { disk });
    await again.open();
    expect(await again.getMany([metaRowKey('run')])).toEqual([undefined]);
    await again.close();
    await open();
  });

  it('a folder of another partitioning is refused', async () => {
    const { records, disk } = await open();
    await records.stop();
    const other = bare(disk);
    await other.start();
    const wrong = other.usePartitioning({ ...PARTITIONING, partitions: 8 });
    await expect(wrong).rejects.toMatchObject({ code: 'CLUSTER_MISMATCH' });
    await other.stop();
    await open({ disk });
    await rig.records.usePartitioning(PARTITIONING);
  });

  it('data calls before the partitioning is known are refused, meta rows are not', async () => {
    const disk = new MemoryDisk();
    const records = bare(disk);
    const entries = [{ name: 'layout', value: Uint8Array.of(1) }];
    await expect(records.writeMeta(entries)).rejects.toMatchObject({ code: 'NOT_RUNNING' });
    await records.start();
    await records.writeMeta(entries);
    const refused = { code: 'NOT_INITIALISED', applied: 'no' };
    await expect(records.read(keyOf('k'))).rejects.toMatchObject(refused);
    await expect(records.update(keyOf('k'), SYNC, put(1))).rejects.toMatchObject(refused);
    await records.stop();
    await open({ disk });
  });
});

describe('the commit chain', () => {
  const written = async () => {
    await open();
    for (let seq = 1; seq <= 9; seq += 1) await write(rig, `k${seq}`, seq);
    return rig;
  };

  it('a batch lost from the middle of the log is a gap, and stays one until it is made good', async () => {
    const { engine, disk: first } = await written();
    first.cutPower();
    const disk = await replay(engine.events, [5]);
    await open({ disk });
    expect(rig.opening).toMatchObject({ chain: 'gap', commitSeq: 11 });

    await write(rig, 'after', 1);
    await rig.records.stop();
    await open({ disk });
    expect(rig.opening).toMatchObject({ chain: 'gap', wasClean: true });

    await rig.records.clearDamage();
    await rig.records.stop();
    await open({ disk });
    expect(rig.opening.chain).toBe('whole');
  });

  it('new damage takes the note of what a rebuild had finished with it, before anybody can be told', async () => {
    const { engine, disk: first, records } = await written();
    await records.writeMeta([{ name: REBUILT_ROW, value: Uint8Array.of(1, 0, 0) }]);
    await write(rig, 'after', 1);
    first.cutPower();
    const disk = await replay(engine.events, [5]);
    await open({ disk });
    disk.cutPower();
    await open({ disk });
    expect(rig.opening).toMatchObject({ chain: 'gap' });
    expect(await rig.records.readMeta(REBUILT_ROW)).toBeUndefined();
    await rig.records.writeMeta([{ name: REBUILT_ROW, value: Uint8Array.of(1, 0, 0) }]);
    await rig.records.stop();
    await open({ disk });
    expect(await rig.records.readMeta(REBUILT_ROW)).toBeDefined();
  });

  it('a gap raises every epoch floor before the first mint', async () => {
    const { engine, disk: first } = await written();
    first.cutPower();
    await open({ disk: await replay(engine.events, [5]) });
    expect(rig.records.epochFloor(3)).toBe(1_000);
  });

  it('after a gap leaves are what is left of the records, though it took a page of leaves', async () => {
    const { engine, records, disk: first } = await open();
    // Over all partitions; so many that changes older than the page of each are deleted.
    const tokens = Array.from({ length: 1_100 }, (_, at) => (at * 0x4141_0000) % 2 ** 32);
    for (const token of tokens) await records.update(keyOf('k', token), SYNC, put(1));
    first.cutPower();
    const isPage = ({ key }: StoreOperation) => key[0] === tableRange('leaves').from[0];
    const withPage = batches(engine).find(({ operations }) => operations.some(isPage));
    await open({ disk: await replay(engine.events, [withPage?.batch ?? -1]) });
    const found = await leavesOf(rig.engine);
    expect(found.stored).toEqual(found.counted);

    for (const token of tokens) await rig.records.update(keyOf('k', token), SYNC, put(2));
    const { stored, counted } = await leavesOf(rig.engine);
    expect(stored).toEqual(counted);
    expect(rig.records.counts.keys).toBe(new Set(tokens).size);
  });

  it('after a gap tombstones are counted anew', async () => {
    const { engine, records, disk: first } = await open();
    const bury = (token: number) =>
      records.update(keyOf('k', token), SYNC, () => ({
        result: undefined,
        write: { bytes: tombstoneBytes(1) },
      }));
    for (const token of [1, 2, 3]) await bury(token);
    first.cutPower();
    await open({ disk: await replay(engine.events, [batches(engine).length - 2]) });
    expect(rig.records.counts).toMatchObject({ keys: 2, tombstones: 2 });
  });

  it('a tail lost since the last clean stop is a gap', async () => {
    const { engine, records } = await written();
    await records.stop();
    // As if the last link had been lost, while the run record, which speaks of it, was not.
    const count = batches(engine).length;
    const disk = await replay(engine.events);
    const store = new MemoryStore({ clock: new RigClock() }, { disk });
    await store.open();
    await store.batch([{ type: 'del', key: chainRowKey(count) }], { sync: true });
    await store.close();
    await open({ disk });
    expect(rig.opening.chain).toBe('gap');
  });

  it('a log that lost its first batch is a gap and not a fresh folder', async () => {
    const { engine, disk: first } = await written();
    first.cutPower();
    await open({ disk: await replay(engine.events, [0]) });
    expect(rig.opening).toMatchObject({ isFresh: false, chain: 'gap', previousRun: 0 });
  });

  it('a batch lost in a later run is a gap, the one that began the chain anew among them', async () => {
    const first = await written();
    await first.records.stop();
    const second = await open({ disk: first.disk });
    for (let seq = 1; seq <= 3; seq += 1) await write(rig, `l${seq}`, seq);
    second.disk.cutPower();
    const count = batches(first.engine).length;
    const later = second.engine.events.map((event) =>
      event.what === 'note' ? event : { ...event, batch: event.batch + count },
    );
    for (const lost of [count, count + 1, count + 2]) {
      await open({ disk: await replay([...first.engine.events, ...later], [lost]) });
      expect(rig.opening).toMatchObject({ chain: 'gap' });
      await rig.records.stop();
    }
  });

  it('a lost tail is not a gap: peers know it by commitSeq', async () => {
    const { engine, disk: first } = await written();
    first.cutPower();
    await open({ disk: await replay(engine.events, [9, 10]) });
    expect(rig.opening).toMatchObject({ chain: 'whole', commitSeq: 9 });
  });
});

describe('mints released before their fsync', () => {
  const mint = (seq: number, ceiling: number) => ({
    key: keyOf('k'),
    decide: () => ({
      result: seq,
      isMint: true,
      ceiling,
      write: put(seq)({ record: undefined } as never).write ?? { bytes: new Uint8Array() },
    }),
  });

  it('are marked durably before the first of them', async () => {
    const { records, engine } = await open();
    const first = mint(1, 2_000_000);
    const applied = await records.update(first.key, NO_SYNC, first.decide);
    expect(applied.isDurable).toBe(true);
    const last = batches(engine).at(-1);
    expect(last?.sync).toBe(true);
    const keys = last?.operations.map(({ key }) => Buffer.from(key).toString('latin1'));
    expect(keys).toContain('MunsyncedMints');

    const second = mint(2, 2_000_001);
    expect(await records.update(second.key, NO_SYNC, second.decide)).toEqual({
      result: 2,
      isDurable: false,
    });
  });

  it('never pass the fsynced ceiling', async () => {
    const { records } = await open({ options: { ceilingLeadTicks: 100 } });
    const isDurable: boolean[] = [];
    for (const ceiling of [1_100, 1_150, 1_200, 1_201, 1_202]) {
      const { key, decide } = mint(ceiling, ceiling);
      isDurable.push((await records.update(key, NO_SYNC, decide)).isDurable);
    }
    // Mint 1,201 was issued at 1,101, above the ceiling that was fsynced with the first.
    expect(isDurable).toEqual([true, false, false, true, false]);
  });

  it('raise every floor after an unclean stop, before the first mint, and once', async () => {
    const { records, disk } = await open();
    const { key, decide } = mint(1, 2_000_000);
    await records.update(key, NO_SYNC, decide);
    disk.cutPower();
    await open({ disk });
    expect(rig.opening.hadUnsyncedMints).toBe(true);
    expect(rig.records.epochFloor(0)).toBe(1_000);
    const floor = await rig.records.update(key, SYNC, ({ epochFloor }) => ({ result: epochFloor }));
    expect(floor.result).toBe(1_000);
    disk.cutPower();
    await open({ disk });
    expect(rig.opening.hadUnsyncedMints).toBe(false);
    expect(rig.records.epochFloor(0)).toBe(1_000);
  });

  it('raise nothing after a clean stop', async () => {
    const { records, disk } = await open();
    const { key, decide } = mint(1, 2_000_000);
    await records.update(key, NO_SYNC, decide);
    await records.stop();
    await open({ disk });
    expect(rig.opening.hadUnsyncedMints).toBe(false);
    expect(rig.records.epochFloor(0)).toBe(0);
  });

  it('synced mints leave no mark and raise nothing after kill -9', async () => {
    const { records, disk } = await open();
    const { key, decide } = mint(1, 2_000_000);
    await records.update(key, SYNC, decide);
    disk.cutPower();
    await open({ disk });
    expect(rig.opening.hadUnsyncedMints).toBe(false);
    expect(rig.records.epochFloor(0)).toBe(0);
  });
});

describe('floors', () => {
  it('raised for all are seen at once and survive kill -9', async () => {
    const { records, disk } = await open();
    const raised = records.raiseAllFloors(7_777);
    expect(records.epochFloor(2)).toBe(7_777);
    await raised;
    disk.cutPower();
    await open({ disk });
    expect(rig.records.epochFloor(2)).toBe(7_777);
  });
});
