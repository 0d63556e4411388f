import { afterEach, describe, expect, it } from 'vitest';
import { RecordCache } from '../../../src/node/storage/record-cache.ts';
import { keyOf, openRig, put, type Rig, SYNC, textOf } from './storage-rig.ts';

const bytes = (size: number) => new Uint8Array(size).fill(size);
/** Segments of 4 KiB, in which one of these keys takes 20 bytes beside its record. */
const BYTES_MAX = 32 * 4_096;

describe('the cache of records', () => {
  it('hands out what was committed last', () => {
    const cache = new RecordCache(BYTES_MAX);
    const key = keyOf('k');
    cache.committed(key, bytes(10));
    expect(cache.find(key)).toEqual(bytes(10));
    cache.committed(key, bytes(20));
    expect(cache.find(key)).toEqual(bytes(20));
    cache.drop(key);
    expect(cache.find(key)).toBeUndefined();
    cache.committed(key, bytes(0));
    expect(cache.find(key)).toEqual(bytes(0));
  });

  it('tells keys apart that have one token, and tokens that end alike', () => {
    const cache = new RecordCache(BYTES_MAX);
    const keys = [keyOf('a', 7), keyOf('b', 7), keyOf('ab', 7), keyOf('a', 0x8000_0007)];
    for (const [index, key] of keys.entries()) cache.committed(key, bytes(index + 1));
    for (const [index, key] of keys.entries()) expect(cache.find(key)).toEqual(bytes(index + 1));
  });

  it('hides no key behind one that is written all the time', () => {
    const cache = new RecordCache(BYTES_MAX);
    const [hot, other] = [keyOf('hot', 7), keyOf('other', 7)];
    cache.committed(other, bytes(5));
    for (let size = 1; size < 50; size += 1) cache.committed(hot, bytes(size));
    expect(cache.find(hot)).toEqual(bytes(49));
    expect(cache.find(other)).toEqual(bytes(5));
  });

  it('does not search long among keys that were chosen to have one token', () => {
    const cache = new RecordCache(BYTES_MAX);
    for (let index = 0; index < 200; index += 1) cache.committed(keyOf(`k${index}`, 7), bytes(5));
    expect(cache.find(keyOf('k199', 7))).toEqual(bytes(5));
    expect(cache.find(keyOf('k0', 7))).toBeUndefined();
  });

  it('keeps nothing of a load during which the key was written, even if that is gone', () => {
    const cache = new RecordCache(BYTES_MAX);
    const key = keyOf('k');
    const loading = cache.loading(key);
    cache.committed(key, bytes(10));
    cache.drop(key);
    cache.loaded(key, bytes(5), loading);
    expect(cache.find(key)).toBeUndefined();
  });

  it('keeps a load when nothing happened meanwhile', () => {
    const cache = new RecordCache(BYTES_MAX);
    const key = keyOf('k');
    cache.loaded(key, bytes(10), cache.loading(key));
    expect(cache.find(key)).toEqual(bytes(10));
  });

  it('stays within its bytes, and gives up what nobody used', () => {
    const cache = new RecordCache(BYTES_MAX);
    for (let index = 0; index < 5_000; index += 1) {
      cache.committed(keyOf(`k${index}`, index), bytes(100));
      cache.find(keyOf('k0', 0));
      expect(cache.bytes).toBeLessThanOrEqual(BYTES_MAX);
    }
    expect(cache.find(keyOf('k0', 0))).toEqual(bytes(100));
    expect(cache.find(keyOf('k4999', 4_999))).toEqual(bytes(100));
    expect(cache.find(keyOf('k2500', 2_500))).toBeUndefined();
  });

  it('spares no state of a key that was written again', () => {
    const cache = new RecordCache(BYTES_MAX);
    const key = keyOf('k');
    cache.committed(key, bytes(1));
    cache.find(key);
    cache.committed(key, bytes(2));
    for (let index = 0; index < 5_000; index += 1) {
      cache.committed(keyOf(`k${index}`, index), bytes(100));
    }
    expect(cache.find(key)).toBeUndefined();
  });

  it('takes no giant, and forgets what was there before it', () => {
    const cache = new RecordCache(BYTES_MAX);
    cache.committed(keyOf('k'), bytes(10));
    cache.committed(keyOf('giant'), bytes(10));
    cache.committed(keyOf('giant'), bytes(3_000));
    expect(cache.find(keyOf('giant'))).toBeUndefined();
    expect(cache.find(keyOf('k'))).toEqual(bytes(10));
  });

  it('of no bytes keeps nothing', () => {
    const cache = new RecordCache(0);
    cache.committed(keyOf('k'), bytes(10));
    cache.committed(keyOf('empty'), bytes(0));
    expect(cache.find(keyOf('k'))).toBeUndefined();
    expect(cache.find(keyOf('empty'))).toBeUndefined();
    expect(cache.bytes).toBe(0);
  });

  it('leaves bytes that it handed out as they are', () => {
    const cache = new RecordCache(BYTES_MAX);
    const key = keyOf('k');
    cache.committed(key, bytes(10));
    const found = cache.find(key);
    for (let index = 0; index < 5_000; index += 1) {
      cache.committed(keyOf(`k${index}`, index), bytes(100));
    }
    cache.committed(key, bytes(11));
    expect(found).toEqual(bytes(10));
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
