import { afterEach, describe, expect, it } from 'vitest';
import { CoterieError } from '../../../src/core/errors.ts';
import {
  batches,
  codec,
  hexOf,
  increment,
  keyOf,
  NO_SYNC,
  nextTurn,
  openRig,
  type Rig,
  recordBytes,
  SYNC,
  textOf,
  tombstoneBytes,
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

describe('acknowledgements', () => {
  it('no acknowledgement precedes the sync of its batch', async () => {
    const { records, engine } = await open();
    await Promise.all(
      Array.from({ length: 300 }, async (_, index) => {
        await nextTurn(index % 7);
        const key = keyOf(`k${index % 50}`);
        const { result, isDurable } = await records.update(key, SYNC, increment);
        expect(isDurable).toBe(true);
        engine.note(JSON.stringify({ key: hexOf(key.storageKey), seq: result }));
      }),
    );

    const syncedSeqs = new Map<string, number>();
    const started = new Map(batches(engine).map((event) => [event.batch, event]));
    let acknowledged = 0;
    for (const event of engine.events) {
      if (event.what === 'batch-done' && event.sync) {
        for (const operation of started.get(event.batch)?.operations ?? []) {
          if (operation.type !== 'put' || operation.key[0] !== 0x44) continue;
          const { vector } = codec.decode(operation.value);
          syncedSeqs.set(hexOf(operation.key), vector[0]?.seq ?? 0);
        }
      } else if (event.what === 'note') {
        const { key, seq } = JSON.parse(event.text) as { key: string; seq: number };
        expect(syncedSeqs.get(key)).toBeGreaterThanOrEqual(seq);
        acknowledged += 1;
      }
    }
    expect(acknowledged).toBe(300);
    expect([...syncedSeqs.values()]).toEqual(Array.from({ length: 50 }, () => 6));
    expect(records.queueBytes).toBe(0);
  });

  it('an acknowledgement waits as long as the batch does', async () => {
    const { engine } = await open();
    engine.holdBatches();
    let isAcknowledged = false;
    const written = write(rig, 'k', 1).then(() => {
      isAcknowledged = true;
    });
    await nextTurn(20);
    expect(batches(engine).at(-1)?.sync).toBe(true);
    expect(isAcknowledged).toBe(false);

    engine.releaseBatches();
    await written;
    expect(isAcknowledged).toBe(true);
  });

  it('an update that changes nothing is durable at once when everything is fsynced', async () => {
    const { records, engine } = await open();
    await write(rig, 'k', 1);
    const before = batches(engine).length;

    const applied = await records.update(keyOf('k'), SYNC, () => ({ result: 'same' }));
    expect(applied).toEqual({ result: 'same', isDurable: true });
    expect(batches(engine).length).toBe(before);
  });

  it('an update that changes nothing waits for an fsync while an unsynced batch is outstanding', async () => {
    const { records, engine } = await open();
    await write(rig, 'k', 1, NO_SYNC);
    const before = batches(engine).length;

    expect(await records.update(keyOf('k'), NO_SYNC, () => ({ result: 1 }))).toEqual({
      result: 1,
      isDurable: false,
    });
    expect(await records.update(keyOf('k'), SYNC, () => ({ result: 2 }))).toEqual({
      result: 2,
      isDurable: true,
    });
    expect(batches(engine).length).toBe(before + 1);
    expect(batches(engine).at(-1)?.sync).toBe(true);
  });

  it('an update that finds the record pending unsynced is not durable before a synced batch', async () => {
    const { records, engine } = await open();
    await write(rig, 'other', 1);
    engine.holdBatches();
    const first = write(rig, 'k', 1, NO_SYNC);
    await nextTurn(10);
    const repeated = records.update(keyOf('k'), SYNC, () => ({ result: 'same' }));
    engine.releaseBatches();

    expect(await first).toEqual({ result: 0, isDurable: false });
    expect(await repeated).toEqual({ result: 'same', isDurable: true });
    expect(
      batches(engine)
        .map(({ sync }) => sync)
        .slice(-2),
    ).toEqual([false, true]);
  });

  it('an update that finds the record in the open batch waits for that one, not for the one under way', async () => {
    const { records, engine } = await open();
    engine.holdBatches();
    const underWay = write(rig, 'a', 1);
    await nextTurn(10);
    const inOpen = write(rig, 'b', 1);
    await nextTurn(10);
    const repeated = records.update(keyOf('b'), SYNC, () => ({ result: 'same' }));
    engine.failNextBatch();
    engine.releaseBatches();
    await underWay;
    await expect(inOpen).rejects.toMatchObject({ code: 'STORAGE_IO' });
    await expect(repeated).rejects.toMatchObject({ code: 'STORAGE_IO' });
  });

  it('commitSeq is that of the last fsynced batch', async () => {
    const { records } = await open();
    const before = records.commitSeq;
    await write(rig, 'k', 1, NO_SYNC);
    expect(records.commitSeq).toBe(before);
    await write(rig, 'k', 2);
    expect(records.commitSeq).toBe(before + 2);
  });

  it('newsSeq leaves out what is noted of peers, and nothing else', async () => {
    const { records } = await open();
    const note = [{ name: 'peer/1', value: Uint8Array.of(1) }];
    const before = records.newsSeq;
    await records.noteMeta(note);
    expect(records.newsSeq).toBe(before);
    expect(await records.readMeta('peer/1')).toEqual(Uint8Array.of(1));
    await write(rig, 'k', 1, NO_SYNC);
    expect(records.newsSeq).toBe(before);
    const unsyncedSeq = records.commitSeq + 1;
    await records.noteMeta(note);
    expect(records.newsSeq).toBe(unsyncedSeq);
    await Promise.all([records.noteMeta(note), write(rig, 'k', 2)]);
    expect(records.newsSeq).toBe(records.commitSeq);
    await records.writeMeta([{ name: 'layout', value: Uint8Array.of(1) }]);
    expect(records.newsSeq).toBe(records.commitSeq);
  });
});

describe('lanes', () => {
  it('1,000 concurrent updates of one key need few batches and each sees the one before', async () => {
    const { records, engine } = await open();
    const before = batches(engine).length;
    const applied = await Promise.all(
      Array.from({ length: 1_000 }, async (_, index) => {
        await nextTurn(index % 5);
        return records.update(keyOf('hot'), SYNC, increment);
      }),
    );

    expect(applied.map(({ result }) => result).sort((a, b) => a - b)).toEqual(
      Array.from({ length: 1_000 }, (_, index) => index + 1),
    );
    expect(batches(engine).length - before).toBeLessThanOrEqual(5);
    expect(textOf(await records.read(keyOf('hot')))).toBe('v1000');
  });

  it('a lane never waits for an fsync: what comes meanwhile is decided at once', async () => {
    const { records, engine } = await open();
    engine.holdBatches();
    const first = records.update(keyOf('k'), SYNC, increment);
    await nextTurn(10);
    let decidedSeq = 0;
    const second = records.update(keyOf('k'), SYNC, (current) => {
      const decision = increment(current);
      decidedSeq = decision.result;
      return decision;
    });
    expect(decidedSeq).toBe(2);
    engine.releaseBatches();
    expect((await first).result).toBe(1);
    expect((await second).result).toBe(2);
  });

  it('keys of one tick are fetched in one call', async () => {
    const { engine } = await open();
    let calls = 0;
    const getMany = engine.getMany.bind(engine);
    engine.getMany = (keys) => {
      calls += 1;
      return getMany(keys);
    };
    await Promise.all(Array.from({ length: 64 }, (_, index) => write(rig, `k${index}`, 1)));
    expect(calls).toBe(1);
  });

  it('what decide throws rejects that update alone', async () => {
    const { records } = await open();
    const refusal = new CoterieError('SIBLING_LIMIT', 'too many');
    const [first, second, third] = await Promise.allSettled([
      records.update(keyOf('k'), SYNC, increment),
      records.update(keyOf('k'), SYNC, () => {
        throw refusal;
      }),
      records.update(keyOf('k'), SYNC, increment),
    ]);
    expect(first).toMatchObject({ value: { result: 1 } });
    expect(second).toMatchObject({ reason: refusal });
    expect(third).toMatchObject({ value: { result: 2 } });
  });

  it('a refusal decided on a pending record is told only when that record is committed', async () => {
    const { records, engine } = await open();
    engine.holdBatches();
    const first = records.update(keyOf('k'), SYNC, increment);
    let isTold = false;
    const refused = records
      .update(keyOf('k'), SYNC, () => {
        throw new CoterieError('SIBLING_LIMIT', 'too many');
      })
      .catch(() => {
        isTold = true;
      });
    await nextTurn(20);
    expect(isTold).toBe(false);
    engine.releaseBatches();
    await Promise.all([first, refused]);
    expect(isTold).toBe(true);
  });
});

describe('reads', () => {
  it('a read sees only committed bytes, whatever is pending', async () => {
    const { records, engine } = await open();
    await write(rig, 'k', 1);
    engine.holdBatches();
    const pending = write(rig, 'k', 2);
    const fresh = write(rig, 'new', 1);
    await nextTurn(20);
    expect(textOf(await records.read(keyOf('k')))).toBe('v1');
    expect(await records.read(keyOf('new'))).toBeUndefined();

    engine.releaseBatches();
    await Promise.all([pending, fresh]);
    expect(textOf(await records.read(keyOf('k')))).toBe('v2');
    expect(textOf(await records.read(keyOf('new')))).toBe('v1');
  });

  it('a read that began before a batch never shows it before it is committed', async () => {
    const { records, engine } = await open();
    await write(rig, 'k', 1);
    let letRead = (): void => {};
    const getMany = engine.getMany.bind(engine);
    engine.getMany = async (keys) => {
      engine.getMany = getMany;
      await new Promise<void>((resolve) => {
        letRead = resolve;
      });
      // As an engine would that shows a batch before its fsync is over.
      const values = await getMany(keys);
      return values.map(() => recordBytes(2));
    };
    const early = records.read(keyOf('k'));
    await nextTurn(5);
    engine.holdBatches();
    const pending = write(rig, 'k', 2);
    await nextTurn(10);
    letRead();
    expect(textOf(await early)).toBe('v1');
    engine.releaseBatches();
    await pending;
  });

  it('an absent key is undefined and counts counts records once', async () => {
    const { records } = await open();
    expect(await records.read(keyOf('k'))).toBeUndefined();
    await write(rig, 'k', 1);
    await write(rig, 'k', 2);
    await write(rig, 'l', 1);
    expect(records.counts.keys).toBe(2);
  });

  it('tombstones are counted as they come and go, once committed, and after a reopen', async () => {
    const { records, disk } = await open();
    const bury = (name: string, seq: number) =>
      records.update(keyOf(name), SYNC, () => ({
        result: undefined,
        write: { bytes: tombstoneBytes(seq) },
      }));
    await write(rig, 'k', 1);
    const pending = bury('k', 2);
    expect(records.counts.tombstones).toBe(0);
    await Promise.all([pending, bury('l', 1)]);
    await bury('l', 2);
    expect(records.counts).toEqual({ keys: 2, tombstones: 2, unreadable: 0 });
    await write(rig, 'l', 3);
    expect(records.counts.tombstones).toBe(1);
    await records.stop();
    await open({ disk });
    expect(rig.records.counts).toEqual({ keys: 2, tombstones: 1, unreadable: 0 });
  });
});

describe('meta rows', () => {
  it('are fsynced, survive a reopen and can be deleted', async () => {
    const { records, engine, disk } = await open();
    await records.writeMeta([
      { name: 'layout', value: Uint8Array.of(1, 2) },
      { name: 'fence', value: Uint8Array.of(1) },
    ]);
    expect(batches(engine).at(-1)?.sync).toBe(true);
    await records.writeMeta([{ name: 'fence', value: undefined }]);
    await records.stop();
    await open({ disk });
    expect(await rig.records.readMeta('layout')).toEqual(Uint8Array.of(1, 2));
    expect(await rig.records.readMeta('fence')).toBeUndefined();
  });

  it('of the storage service cannot be written by others', async () => {
    const { records } = await open();
    const entries = [{ name: 'floor/3', value: Uint8Array.of(1) }];
    expect(() => records.writeMeta(entries)).toThrow(/belongs to the storage service/);
  });
});
