import { mkdtemp, readdir, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { CoterieError } from '../../../src/core/errors.ts';
import { loadRocksdb } from '../../../src/platform/rocksdb/load-rocksdb.ts';
import { rocksdbError } from '../../../src/platform/rocksdb/rocksdb-error.ts';
import { RocksdbStore } from '../../../src/platform/rocksdb/rocksdb-store.ts';
import { describeStore } from '../../conformance/store.ts';
import { EVERYTHING, fillTable, flipByte, ROW_COUNT, rowKey, tableFile } from './damaged-table.ts';

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);

async function temporaryFolder(): Promise<string> {
  return mkdtemp(join(tmpdir(), 'coterie-rocksdb-'));
}

describeStore('the rocksdb engine', async () => {
  const folder = await temporaryFolder();
  return {
    make: () => new RocksdbStore({ location: join(folder, 'store') }),
    dispose: () => rm(folder, { recursive: true }),
  };
});

describe('the rocksdb engine on disk', () => {
  let folder: string;

  beforeEach(async () => {
    folder = await temporaryFolder();
  });

  afterEach(() => rm(folder, { recursive: true }));

  it('makes its folder, and the ones above it, for its own user alone', async () => {
    const location = join(folder, 'a', 'b');
    const store = new RocksdbStore({ location });
    await store.open();
    await store.close();
    expect((await stat(location)).mode & 0o777).toBe(0o700);
  });

  it('does no input or output before it is opened', async () => {
    const store = new RocksdbStore({ location: join(folder, 'untouched') });
    await store.close();
    expect(await readdir(folder)).toEqual([]);
  });

  it('names the folder when it cannot be made', async () => {
    await writeFile(join(folder, 'file'), '');
    const location = join(folder, 'file', 'store');
    const store = new RocksdbStore({ location });
    const error = await store.open().catch((caught: unknown) => caught);
    expect(error).toMatchObject({ code: 'STORAGE_IO', details: { operation: 'open' } });
    expect(String(error)).toContain(location);
    await expect(store.open()).rejects.toMatchObject({ code: 'STORAGE_IO' });
    await store.close();
  });

  it('reports a damaged manifest as corruption, and stays closed', async () => {
    const location = join(folder, 'store');
    const first = new RocksdbStore({ location });
    await first.open();
    await first.batch([{ type: 'put', key: bytes('k'), value: bytes('v') }], { sync: true });
    await first.close();
    await writeFile(join(location, 'CURRENT'), 'no manifest\n');
    const second = new RocksdbStore({ location });
    const error = await second.open().catch((caught: unknown) => caught);
    expect(error).toMatchObject({
      code: 'STORAGE_IO',
      applied: 'no',
      details: { operation: 'open', isCorruption: true },
    });
    expect(String(error)).not.toContain(folder);
    await expect(second.getMany([bytes('k')])).rejects.toMatchObject({ code: 'NOT_RUNNING' });
    await second.close();
  });

  it('iterates over nothing any more once a read has found a table file damaged', async () => {
    const location = join(folder, 'store');
    await fillTable(location);
    await flipByte(await tableFile(location), 0.4);
    const store = new RocksdbStore({ location });
    await store.open();
    const early = store.iterate({ ...EVERYTHING, limit: 20 });
    expect(await early.next(1)).toHaveLength(1);
    const keys = Array.from({ length: ROW_COUNT }, (_, index) => rowKey(index));
    const found = await Promise.allSettled(keys.map((key) => store.getMany([key])));
    const damage = { code: 'STORAGE_IO', details: expect.objectContaining({ isCorruption: true }) };
    const failed = found.filter(({ status }) => status === 'rejected');
    expect(failed.length).toBeGreaterThan(0);
    expect(failed.length).toBeLessThan(ROW_COUNT);
    await expect(early.next(1)).rejects.toMatchObject(damage);
    expect(() => store.iterate(EVERYTHING)).toThrow(expect.objectContaining(damage));
    expect(() => store.iterate({ ...EVERYTHING, limit: 0 })).toThrow(
      expect.objectContaining(damage),
    );
    // What lies in sound blocks is still read, and the store can note what it found.
    expect(await store.getMany([rowKey(0)])).toHaveLength(1);
    await store.batch([{ type: 'put', key: bytes('note'), value: bytes('damaged') }], {
      sync: true,
    });
    await store.close();
  });

  it('refuses sizes that the binding would wrap', () => {
    const sizes = [{ cacheBytes: 2 ** 32 }, { writeBufferBytes: 0 }, { maxOpenFiles: 1.5 }];
    for (const size of sizes) {
      expect(() => new RocksdbStore({ location: folder, ...size })).toThrow(
        expect.objectContaining({ code: 'INVALID_CONFIG' }),
      );
    }
  });
});

describe('the words of rocksdb', () => {
  it('become CONFLICT for a taken folder, whichever process took it', () => {
    for (const words of [
      'IO error: lock hold by current process, acquire time 17: /d/LOCK: No locks available',
      'IO error: While lock file: /d/LOCK: Resource temporarily unavailable',
    ]) {
      const error = rocksdbError('open', '/d', new Error(words));
      expect(error).toMatchObject({ code: 'CONFLICT', applied: 'no' });
      expect(error.message).toContain('Another process has this folder open');
    }
  });

  it('keep file names and lose folders', () => {
    const error = rocksdbError(
      'getMany',
      '/srv/my data',
      new Error(
        'Corruption: block checksum mismatch: in /srv/my data/000012.sst offset 5, see /x/y.log',
      ),
    );
    expect(error.message).toBe(
      'The storage engine failed at getMany: ' +
        'Corruption: block checksum mismatch: in 000012.sst offset 5, see y.log',
    );
    expect(error).toMatchObject({ code: 'STORAGE_IO', details: { isCorruption: true } });
  });

  it('leave open whether a failed batch was applied', () => {
    const error = rocksdbError('batch', '/d', new Error('IO error: No space left on device'));
    expect(error).toMatchObject({ applied: 'unknown', details: { isCorruption: false } });
  });
});

it('a missing package gives one sentence that names the remedy', async () => {
  const missing = async (): Promise<never> => {
    throw new Error('No native build was found for platform=plan9');
  };
  const error = await loadRocksdb(missing).catch((caught: unknown) => caught);
  expect(error).toBeInstanceOf(CoterieError);
  expect(error).toMatchObject({ code: 'STORAGE_IO', applied: 'no', retryable: false });
  expect(String(error)).toMatch(/npm install rocksdb.*memory engine/);
});
