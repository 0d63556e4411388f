import { afterEach, describe, expect, it } from 'vitest';
import { RecordCache } from '../../../src/node/storage/record-cache.ts';
import { StoredRecord } from '../../../src/node/storage/stored-record.ts';
import { codec, keyOf, openRig, put, type Rig, SYNC, textOf } from './storage-rig.ts';

const record = (size: number) => new StoredRecord(codec, new Uint8Array(size).fill(size));

describe('the cache of records', () => {
  it('hands out what was committed last', () => {
    const cache = new RecordCache(codec, 100_000);
    const [first, second] = [record(10), record(20)];
    cache.committed('k', first);
    expect(cache.find('k')?.bytes).toBe(first.bytes);
    cache.committed('k', second);
    expect(cache.find('k')?.bytes).toBe(second.bytes);
    cache.drop('k');
    expect(cache.find('k')).toBeUndefined();
    expect(cache.bytes).toBe(0);
  });

  it('keeps nothing of a load during which the key was written, even if that is gone', () => {
    const cache = new RecordCache(codec, 8_000);
    cache.loading('k');
    cache.committed('k', record(10));
    for (let index = 0; index < 20; index += 1) cache.committed(`other-${index}`, record(10));
    expect(cache.find('k')).toBeUndefined();
    cache.loaded('k', record(5));
    expect(cache.find('k')).toBeUndefined();
  });

  it('keeps a load when nothing happened meanwhile', () => {
    const cache = new RecordCache(codec, 100_000);
    const loaded = record(10);
    cache.loading('k');
    cache.loading('k');
    cache.loaded('k', undefined);
    cache.loaded('k', loaded);
    expect(cache.find('k')?.bytes).toBe(loaded.bytes);
    cache.loaded('k', record(11)); // Of a load that nobody began: ignored.
    expect(cache.find('k')?.bytes).toBe(loaded.bytes);
  });

  it('stays within its bytes, gives up what nobody used, and takes no giant', () => {
    const cache = new RecordCache(codec, 10_000);
    for (let index = 0; index < 100; index += 1) {
      cache.committed(`k${index}`, record(100));
      cache.find('k0');
      expect(cache.bytes).toBeLessThanOrEqual(10_000);
    }
    expect(cache.find('k0')).toBeDefined();
    expect(cache.find('k99')).toBeDefined();
    expect(cache.find('k50')).toBeUndefined();
    cache.committed('giant', record(5_000));
    expect(cache.find('giant')).toBeUndefined();
    expect(cache.find('k99')).toBeDefined();
  });

  it('holds no small view of a large frame', () => {
    const cache = new RecordCache(codec, 100_000);
    const frame = new Uint8Array(50_000);
    cache.committed('k', new StoredRecord(codec, frame.subarray(7, 107)));
    expect(cache.find('k')?.bytes.buffer.byteLength).toBe(100);
  });

  it('holds no frame by the value of a record that was minted from one', () => {
    const cache = new RecordCache(codec, 100_000);
    const value = new Uint8Array(1_024 * 1_024).subarray(7, 107);
    const dot = { nodeIndex: 1, epoch: 1, seq: 1 };
    const sibling = { dot, isTombstone: false, contentHash: 1, meta: new Uint8Array(), value };
    const minted = { vector: [dot], dots: [], siblings: [sibling] };
    cache.committed('k', new StoredRecord(codec, codec.encode(minted), minted));
    const kept = cache.find('k')?.record.siblings[0]?.value;
    expect(kept).toEqual(value);
    expect(kept?.buffer.byteLength).toBeLessThan(1_000);
  });
});

describe('a record store with a cache', () => {
  let rig: Rig;
  afterEach(async () => {
    await rig.records.stop();
  });

  it('asks the engine for a key at most once while it stays in the cache', async () => {
    rig = await openRig();
    const key = keyOf('hot');
    await rig.records.update(key, SYNC, put(1, 'one'));
    let asked = 0;
    const { engine } = rig;
    const getMany = engine.getMany.bind(engine);
    engine.getMany = (keys) => {
      asked += 1;
      return getMany(keys);
    };
    await rig.records.update(key, SYNC, put(2, 'two'));
    const read = await rig.records.read(key);
    expect(textOf(read)).toBe('two');
    expect(asked).toBe(0);
  });
});
