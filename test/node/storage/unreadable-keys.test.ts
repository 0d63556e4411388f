import { afterEach, describe, expect, it } from 'vitest';
import { CoterieError } from '../../../src/core/errors.ts';
import type { RecordKey } from '../../../src/node/storage/record-key.ts';
import type { CurrentRecord } from '../../../src/node/storage/update.ts';
import {
  increment,
  keyOf,
  leavesOf,
  nextTurn,
  openRig,
  type Rig,
  recordBytes,
  SYNC,
  textOf,
  write,
} from './storage-rig.ts';

let rig: Rig;
/** Without a cache: these tests are about what the engine hands out. */
const open = async (setup: NonNullable<Parameters<typeof openRig>[0]> = {}) => {
  rig = await openRig({ ...setup, options: { recordCacheBytesMax: 0, ...setup.options } });
  return rig;
};
afterEach(() => rig.records.stop());

/** Flips a byte of the stored record behind the service's back. */
const rot = async (key: RecordKey) => {
  const [bytes] = await rig.engine.getMany([key.storageKey]);
  const rotten = bytes ?? new Uint8Array();
  rotten[rotten.length - 1] = (rotten.at(-1) ?? 0) ^ 1;
  await rig.engine.batch([{ type: 'put', key: key.storageKey, value: rotten }], { sync: true });
};
const corrupt = { code: 'CORRUPT_RECORD', applied: 'no' };
const seen = (key: RecordKey) =>
  rig.records.update(key, SYNC, (current: CurrentRecord) => ({
    result: {
      isUnreadable: current.isUnreadable,
      seq: current.record?.vector[0]?.seq,
      epochFloor: current.epochFloor,
    },
  }));

describe('an unreadable record', () => {
  it('never fails its neighbours, whoever cannot read it', async () => {
    const { records, engine } = await open();
    const names = ['a', 'b', 'c', 'd'];
    await Promise.all(names.map((name) => write(rig, name, 1)));
    await rot(keyOf('a'));
    engine.failReads([keyOf('b').storageKey]);

    const reads = await Promise.allSettled(names.map((name) => records.read(keyOf(name))));
    expect(reads.map(({ status }) => status)).toEqual([
      'rejected',
      'rejected',
      'fulfilled',
      'fulfilled',
    ]);
    expect(reads[0]).toMatchObject({ reason: corrupt });
    expect(reads[1]).toMatchObject({ reason: corrupt });
    expect(records.counts.unreadable).toBe(2);
    const updates = await Promise.all(names.map((name) => seen(keyOf(name))));
    expect(updates.map(({ result }) => result.isUnreadable)).toEqual([true, true, false, false]);
    engine.healReads();
  });

  it('raises the epoch floor of its partition and of no other, durably', async () => {
    const { records, disk } = await open();
    await write(rig, 'a', 1);
    await rot(keyOf('a'));
    await expect(records.read(keyOf('a'))).rejects.toMatchObject(corrupt);
    expect(records.epochFloor(1)).toBe(1_000);
    expect(records.epochFloor(0)).toBe(0);
    expect((await seen(keyOf('a'))).result).toEqual({
      isUnreadable: true,
      seq: undefined,
      epochFloor: 1_000,
    });
    await write(rig, 'b', 1);
    disk.cutPower();
    await open({ disk });
    expect(rig.records.epochFloor(1)).toBe(1_000);
  });

  it('keeps its marker when it is written again, over a reopen, until it is rebuilt', async () => {
    const { records, disk } = await open();
    const key = keyOf('a');
    await write(rig, 'a', 5);
    await rot(key);
    await expect(records.read(key)).rejects.toMatchObject(corrupt);
    expect((await records.update(key, SYNC, increment)).result).toBe(1);
    await expect(records.read(key)).rejects.toMatchObject(corrupt);
    expect((await seen(key)).result).toMatchObject({ isUnreadable: true, seq: 1 });

    await records.stop();
    await open({ disk });
    expect(rig.records.counts.unreadable).toBe(1);
    await expect(rig.records.read(key)).rejects.toMatchObject(corrupt);
    expect((await seen(key)).result).toMatchObject({ isUnreadable: true, seq: 1 });

    rig.engine.holdBatches();
    const rebuilt = rig.records.update(key, SYNC, () => ({
      result: 'rebuilt',
      write: { bytes: recordBytes(6) },
      isRebuilt: true,
    }));
    await nextTurn(10);
    await expect(rig.records.read(key)).rejects.toMatchObject(corrupt);
    rig.engine.releaseBatches();
    await rebuilt;
    expect(textOf(await rig.records.read(key))).toBe('v6');
    expect((await seen(key)).result.isUnreadable).toBe(false);
    expect(rig.records.counts.unreadable).toBe(0);
    const disk2 = rig.disk;
    await rig.records.stop();
    await open({ disk: disk2 });
    expect(textOf(await rig.records.read(key))).toBe('v6');
  });

  it('leaves its leaf the XOR of what can be read', async () => {
    const { records, engine } = await open();
    const rotten = keyOf('a');
    const isReadable = (rowKey: Uint8Array) => Buffer.compare(rowKey, rotten.storageKey) !== 0;
    await Promise.all(['a', 'b', 'c'].map((name) => write(rig, name, 1)));
    await rot(rotten);
    await expect(records.read(rotten)).rejects.toMatchObject(corrupt);
    await write(rig, 'b', 2);
    const without = await leavesOf(engine, isReadable);
    expect(without.stored).toEqual(without.counted);

    await records.update(rotten, SYNC, increment);
    const withPart = await leavesOf(engine);
    expect(withPart.stored).toEqual(withPart.counted);
  });

  it('stays in its leaf while it is in memory, whatever is found out of its neighbour', async () => {
    const { disk } = await open();
    await Promise.all(['a', 'b'].map((name) => write(rig, name, 1)));
    await rig.records.stop();
    rig = await openRig({ disk });
    const { records, engine } = rig;
    const [rotten, cached] = [keyOf('a'), keyOf('b')];
    await records.read(cached);
    await rot(rotten);
    await rot(cached);
    await expect(records.read(rotten)).rejects.toMatchObject(corrupt);
    await write(rig, 'c', 1);
    expect((await records.update(cached, SYNC, increment)).result).toBe(2);
    const isReadable = (rowKey: Uint8Array) => Buffer.compare(rowKey, rotten.storageKey) !== 0;
    const { stored, counted } = await leavesOf(engine, isReadable);
    expect(stored).toEqual(counted);
  });

  it('stays lost when the engine reads it well again, and counts in no leaf', async () => {
    const { records, engine } = await open();
    const key = keyOf('a');
    await Promise.all(['a', 'b'].map((name) => write(rig, name, 1)));
    engine.failReads([key.storageKey]);
    await expect(records.read(key)).rejects.toMatchObject(corrupt);
    engine.healReads();
    expect((await seen(key)).result).toMatchObject({ isUnreadable: true, seq: undefined });
    await write(rig, 'b', 2);
    const isOther = (rowKey: Uint8Array) => Buffer.compare(rowKey, key.storageKey) !== 0;
    const without = await leavesOf(engine, isOther);
    expect(without.stored).toEqual(without.counted);

    await records.update(key, SYNC, increment);
    const withPart = await leavesOf(engine);
    expect(withPart.stored).toEqual(withPart.counted);
  });

  it('found in the same tick as a write of its leaf leaves the leaf right as well', async () => {
    const { records, engine } = await open();
    const rotten = keyOf('a');
    await Promise.all(['a', 'b'].map((name) => write(rig, name, 1)));
    await rot(rotten);
    await Promise.all([
      records.update(rotten, SYNC, increment),
      write(rig, 'b', 2),
      write(rig, 'c', 1),
    ]);
    const leaves = await leavesOf(engine);
    expect(leaves.stored).toEqual(leaves.counted);
    expect(records.counts.unreadable).toBe(1);
  });

  it('beyond the bound of markers makes its whole partition unreadable', async () => {
    const { records, disk } = await open({ options: { unreadableKeysMax: 1 } });
    await Promise.all(['a', 'b', 'c'].map((name) => write(rig, name, 1)));
    await rot(keyOf('a'));
    await rot(keyOf('b'));
    await expect(records.read(keyOf('a'))).rejects.toMatchObject(corrupt);
    expect(textOf(await records.read(keyOf('c')))).toBe('v1');
    await expect(records.read(keyOf('b'))).rejects.toMatchObject(corrupt);
    await expect(records.read(keyOf('c'))).rejects.toMatchObject(corrupt);
    expect(await records.read(keyOf('c', 1))).toBeUndefined();
    expect((await seen(keyOf('c'))).result).toMatchObject({ isUnreadable: true, seq: 1 });
    await records.stop();
    await open({ disk });
    await expect(rig.records.read(keyOf('c'))).rejects.toMatchObject(corrupt);
  });
});

describe('an engine that finds its files damaged', () => {
  it('is told to the node once and at every later opening, until it is made good', async () => {
    const { records, engine, disk } = await open();
    const told: string[] = [];
    records.onEngineDamage((reason) => told.push(reason));
    await Promise.all(['a', 'b'].map((name) => write(rig, name, 1)));
    engine.failReads(['a', 'b'].map((name) => keyOf(name).storageKey));
    await Promise.allSettled(['a', 'b'].map((name) => records.read(keyOf(name))));
    engine.healReads();
    expect(told).toHaveLength(1);
    await records.stop();

    await open({ disk });
    expect(rig.opening).toMatchObject({ engineDamage: told[0], chain: 'whole' });
    await rig.records.clearDamage();
    await rig.records.stop();
    await open({ disk });
    expect(rig.opening.engineDamage).toBeUndefined();
  });

  it('sets its files aside at the next opening, though what was lost of them is here again', async () => {
    const setAside: string[] = [];
    const { records, engine, disk } = await open({ setAside });
    const told: string[] = [];
    records.onEngineDamage((reason) => told.push(reason));
    await write(rig, 'a', 1);
    engine.failReads([keyOf('a').storageKey]);
    await Promise.allSettled([records.read(keyOf('a'))]);
    engine.healReads();
    // A small folder is rebuilt before the node has ended because of the damage.
    await records.clearDamage();
    await records.stop();
    expect(setAside).toEqual([]);

    await open({ disk, setAside });
    expect(setAside).toEqual(told);
    expect(rig.opening).toMatchObject({ isFresh: true, run: 1 });
    expect(rig.opening.engineDamage).toBeUndefined();
  });

  it('but trouble that is plainly no damage marks no key and passes', async () => {
    const { records, engine } = await open();
    await write(rig, 'a', 1);
    const getMany = engine.getMany.bind(engine);
    engine.getMany = () =>
      Promise.reject(
        new CoterieError('STORAGE_IO', 'Too many open files', {
          applied: 'no',
          details: { isCorruption: false },
        }),
      );
    await expect(records.read(keyOf('a'))).rejects.toMatchObject({ code: 'STORAGE_IO' });
    await expect(write(rig, 'a', 2)).rejects.toMatchObject({ code: 'STORAGE_IO', applied: 'no' });
    engine.getMany = getMany;
    expect(textOf(await records.read(keyOf('a')))).toBe('v1');
    expect(records.counts.unreadable).toBe(0);
  });

  it('a record that reads well at the second try is served', async () => {
    const { records, engine } = await open();
    await write(rig, 'a', 1);
    const getMany = engine.getMany.bind(engine);
    engine.getMany = async (keys) => {
      engine.getMany = getMany;
      return keys.map(() => Uint8Array.of(1, 2, 3));
    };
    expect(textOf(await records.read(keyOf('a')))).toBe('v1');
    expect(records.counts.unreadable).toBe(0);
  });
});
