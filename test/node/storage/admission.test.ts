import { afterEach, describe, expect, it } from 'vitest';
import {
  batches,
  increment,
  keyOf,
  NO_SYNC,
  nextTurn,
  openRig,
  type Rig,
  SYNC,
  textOf,
  write,
} from './storage-rig.ts';

let rig: Rig;
const open = async (...setup: Parameters<typeof openRig>) => {
  rig = await openRig(...setup);
  return rig;
};
afterEach(async () => {
  rig.engine.releaseBatches();
  await rig.records.stop();
});

const REPAIR = { sync: true, priority: 'repair' } as const;

describe('bounds', () => {
  it('client updates beyond the bytes of the open batch are refused, repairs beyond twice as many', async () => {
    const { records, engine } = await open({ options: { openBatchBytesMax: 60 } });
    engine.holdBatches();
    const first = write(rig, 'first', 1);
    await nextTurn(10);
    // One record is admitted whatever its size; the next client is refused.
    const second = write(rig, 'second', 1);
    await nextTurn(10);
    const third = write(rig, 'third', 1);
    await nextTurn(10);
    expect(records.queueBytes).toBeGreaterThanOrEqual(60);

    await expect(write(rig, 'fourth', 1)).rejects.toMatchObject({
      code: 'OVERLOADED',
      applied: 'no',
      details: { retryAfterMs: 1 },
    });
    const fifth = write(rig, 'fifth', 1, REPAIR);
    const sixth = write(rig, 'sixth', 1, REPAIR);
    await nextTurn(10);
    await expect(write(rig, 'seventh', 1, REPAIR)).rejects.toMatchObject({ code: 'OVERLOADED' });

    engine.releaseBatches();
    await Promise.all([first, second, third, fifth, sixth]);
    expect(textOf(await records.read(keyOf('sixth')))).toBe('v1');
  });

  it('client updates beyond the waiting ones are refused before anything is decided', async () => {
    await open({ options: { waitingUpdatesMax: 10 } });
    const waiting = Array.from({ length: 10 }, (_, index) => write(rig, `k${index}`, 1));
    let isDecided = false;
    const refused = rig.records.update(keyOf('k'), SYNC, () => {
      isDecided = true;
      return { result: 0 };
    });
    await expect(refused).rejects.toMatchObject({ code: 'OVERLOADED', applied: 'no' });
    expect(isDecided).toBe(false);
    const repair = write(rig, 'repair', 1, REPAIR);
    await Promise.all([...waiting, repair]);
  });

  it('reads beyond the waiting ones are refused', async () => {
    const { records } = await open({ options: { waitingReadsMax: 2 } });
    const waiting = [records.read(keyOf('a')), records.read(keyOf('b'))];
    await expect(records.read(keyOf('c'))).rejects.toMatchObject({ code: 'OVERLOADED' });
    expect(await Promise.all(waiting)).toEqual([undefined, undefined]);
    expect(await records.read(keyOf('c'))).toBeUndefined();
  });
});

describe('deadlines', () => {
  it('an update whose time is over is dropped before it joins a batch', async () => {
    const { records, engine, clock } = await open();
    const before = batches(engine).length;
    const late = records.update(keyOf('k'), { ...SYNC, deadlineMs: 5 }, increment);
    clock.nowMs = 5;
    await expect(late).rejects.toMatchObject({ code: 'DEADLINE_EXCEEDED', applied: 'no' });
    expect(await records.read(keyOf('k'))).toBeUndefined();
    expect(batches(engine).length).toBe(before);
  });

  it('an update that joined a batch in time is answered, however late', async () => {
    const { records, engine, clock } = await open();
    engine.holdBatches();
    const written = records.update(keyOf('k'), { ...SYNC, deadlineMs: 5 }, increment);
    await nextTurn(10);
    clock.nowMs = 100;
    engine.releaseBatches();
    expect((await written).result).toBe(1);
  });
});

describe('free space', () => {
  const disk = async (freeFraction: number) => {
    const { engine, clock } = await open({ options: { clientFreeBytesMin: 0 } });
    engine.pretendFree(freeFraction * rig.disk.capacityBytes);
    clock.nowMs += 1_000;
  };

  it('with 15 % free everybody writes', async () => {
    await disk(0.15);
    await write(rig, 'k', 1);
    await write(rig, 'k', 2, REPAIR);
  });

  it('under 15 % clients are refused and repairs go on', async () => {
    await disk(0.149);
    await expect(write(rig, 'k', 1)).rejects.toMatchObject({ code: 'DISK_FULL', applied: 'no' });
    await write(rig, 'k', 2, REPAIR);
    expect(textOf(await rig.records.read(keyOf('k')))).toBe('v2');
  });

  it('under 5 % all are refused, and it ends when there is room again', async () => {
    await disk(0.049);
    await expect(write(rig, 'k', 1)).rejects.toMatchObject({ code: 'DISK_FULL' });
    await expect(write(rig, 'k', 1, REPAIR)).rejects.toMatchObject({ code: 'DISK_FULL' });
    rig.engine.pretendFree(undefined);
    await expect(write(rig, 'k', 1)).rejects.toMatchObject({ code: 'DISK_FULL' });
    rig.clock.nowMs += 1_000;
    await write(rig, 'k', 1);
  });

  it('under 64 MiB clients are refused whatever share that is', async () => {
    const { engine, clock, disk: space } = await open();
    engine.pretendFree(63 * 1_024 * 1_024);
    clock.nowMs += 1_000;
    expect(space.capacityBytes).toBe(2 ** 30);
    await expect(write(rig, 'k', 1)).rejects.toMatchObject({ code: 'DISK_FULL' });
  });

  it('is asked for again after the bytes of the option, without waiting for the time', async () => {
    const { engine } = await open({ options: { diskCheckBytes: 1 } });
    await write(rig, 'k', 1);
    engine.pretendFree(0);
    await write(rig, 'k', 2).catch(() => undefined);
    await nextTurn(5);
    await expect(write(rig, 'k', 3)).rejects.toMatchObject({ code: 'DISK_FULL' });
  });

  it('a disk that cannot be asked keeps its last answer', async () => {
    await disk(0.5);
    rig.engine.diskSpace = () => Promise.reject(new Error('no statfs'));
    rig.clock.nowMs += 1_000;
    await write(rig, 'k', 1);
  });
});

describe('a failed batch', () => {
  it('is the last one: its updates are unknown, all others not applied, and the node is told once', async () => {
    const { records, engine } = await open();
    const told: string[] = [];
    records.onFailed((error) => told.push(error.code));
    engine.holdBatches();
    engine.failNextBatch();
    const inBatch = write(rig, 'a', 1);
    const unsyncedInBatch = write(rig, 'b', 1, NO_SYNC);
    await nextTurn(10);
    const inOpenBatch = write(rig, 'c', 1);
    const chained = write(rig, 'a', 2);
    await nextTurn(10);
    engine.releaseBatches();
    const loading = write(rig, 'd', 1);

    const outcome = { code: 'STORAGE_IO', applied: 'unknown' };
    await expect(inBatch).rejects.toMatchObject(outcome);
    await expect(unsyncedInBatch).rejects.toMatchObject(outcome);
    const refused = { code: 'NOT_RUNNING', applied: 'no' };
    await expect(inOpenBatch).rejects.toMatchObject(refused);
    await expect(chained).rejects.toMatchObject(refused);
    await expect(loading).rejects.toMatchObject(refused);
    await expect(write(rig, 'e', 1)).rejects.toMatchObject(refused);
    await expect(records.read(keyOf('a'))).rejects.toMatchObject(refused);
    const entries = [{ name: 'layout', value: Uint8Array.of(1) }];
    await expect(records.writeMeta(entries)).rejects.toMatchObject(refused);
    expect(told).toEqual(['STORAGE_IO']);
    const count = batches(engine).length;
    await records.stop();
    expect(batches(engine).length).toBe(count);
  });

  it('makes the next opening an unclean one', async () => {
    const { records, engine, disk } = await open();
    engine.failNextBatch();
    await expect(write(rig, 'a', 1)).rejects.toMatchObject({ code: 'STORAGE_IO' });
    await records.stop();
    await open({ disk });
    expect(rig.opening).toMatchObject({ wasClean: false, chain: 'whole' });
    expect(await rig.records.read(keyOf('a'))).toBeUndefined();
  });
});

describe('a stop', () => {
  it('during which the last batch fails ends all the same, and is not clean', async () => {
    const { records, engine, disk } = await open();
    engine.holdBatches();
    engine.failNextBatch();
    const failing = write(rig, 'a', 1);
    await nextTurn(10);
    const stopped = records.stop();
    engine.releaseBatches();
    await expect(failing).rejects.toMatchObject({ code: 'STORAGE_IO' });
    await stopped;
    await open({ disk });
    expect(rig.opening.wasClean).toBe(false);
  });

  it('is clean when batches were under way and open', async () => {
    const { records, engine, disk } = await open();
    engine.holdBatches();
    const underWay = write(rig, 'a', 1);
    await nextTurn(10);
    const inOpen = write(rig, 'b', 1);
    await nextTurn(10);
    const stopped = records.stop();
    await nextTurn(10);
    engine.releaseBatches();
    await Promise.all([underWay, inOpen, stopped]);
    await open({ disk });
    expect(rig.opening).toMatchObject({ wasClean: true, chain: 'whole' });
  });

  it('finishes what is under way, refuses what comes later and can be repeated', async () => {
    const { records, disk } = await open();
    const written = write(rig, 'k', 1);
    const stopped = records.stop();
    await expect(write(rig, 'l', 1)).rejects.toMatchObject({ code: 'NOT_RUNNING', applied: 'no' });
    await Promise.all([written, stopped, records.stop()]);
    await open({ disk });
    expect(textOf(await rig.records.read(keyOf('k')))).toBe('v1');
  });
});
