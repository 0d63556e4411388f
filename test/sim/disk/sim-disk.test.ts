import { describe, expect, it } from 'vitest';
import { readChain } from '../../../src/node/storage/commit-chain.ts';
import { chainRowKey, recordRowKey } from '../../../src/node/storage/table-keys.ts';
import { bytesOf, del, EVERYTHING, put, textOf } from '../../conformance/store-rows.ts';
import { DiskRig, type Process, write } from './disk-rig.ts';

const SYNC = { sync: true } as const;

/** As kill -9, with what becomes of what was not synced. */
function kill(rig: DiskRig, { clock }: Process, fate: 'kept' | 'lost' | 'part' | 'torn'): void {
  clock.kill();
  rig.disk.crash(fate);
}

/** What is left, over many seeds, of two synced batches, three that are not and one under way. */
async function leftOver(fate: 'kept' | 'lost' | 'part' | 'torn'): Promise<Set<string>> {
  const seen = new Set<string>();
  for (let seed = 1; seed <= 40; seed += 1) {
    const rig = new DiskRig(seed);
    await rig.run(async () => {
      const process = await rig.start();
      for (const key of ['a', 'b', 'c', 'd', 'e']) await write(process, key, '1', key <= 'b');
      void process.store.batch([put('f', '1')], SYNC);
      void process.store.batch([put('g', '1')], SYNC);
      kill(rig, process, fate);
      seen.add(rig.rows().join(' ').replaceAll('=1', ''));
      const next = await rig.start();
      await next.store.close();
      seen.add(rig.rows().join(' ').replaceAll('=1', ''));
    });
  }
  return seen;
}

describe('a crash', () => {
  it('that keeps what was written loses at most the batch under way', async () => {
    expect(await leftOver('kept')).toEqual(new Set(['a b c d e', 'a b c d e f']));
  });

  it('that loses everything unsynced leaves what was synced, whole', async () => {
    expect(await leftOver('lost')).toEqual(new Set(['a b']));
  });

  it('that loses a part keeps the older batches and never one after a lost one', async () => {
    const prefixes = ['a b', 'a b c', 'a b c d', 'a b c d e', 'a b c d e f'];
    expect(await leftOver('part')).toEqual(new Set(prefixes));
  });

  it('that tears a batch loses that one whole and all after it', async () => {
    const prefixes = ['a b', 'a b c', 'a b c d', 'a b c d e'];
    expect(await leftOver('torn')).toEqual(new Set(prefixes));
  });

  it('takes nothing that a later sync has made durable', () =>
    new DiskRig(1).run(async (rig) => {
      const process = await rig.start();
      await write(process, 'a', '1', false);
      await write(process, 'a', '2', false);
      await write(process, 'b', '1', true);
      kill(rig, process, 'lost');
      expect(rig.rows()).toEqual(['a=2', 'b=1']);
    }));

  it('gives back the values that lost batches had replaced and deleted', () =>
    new DiskRig(1).run(async (rig) => {
      const process = await rig.start();
      await process.store.batch([put('a', '1'), put('b', '1')], SYNC);
      await process.store.batch([put('a', '2'), del('a'), del('b'), put('c', '1')], {
        sync: false,
      });
      expect(rig.rows()).toEqual(['c=1']);
      kill(rig, process, 'lost');
      expect(rig.rows()).toEqual(['a=1', 'b=1']);
      expect(rig.disk.counters).toMatchObject({ batches: 2, syncs: 1, lostBatches: 1 });
    }));

  it('after an opening takes nothing that the opening had found', () =>
    new DiskRig(1).run(async (rig) => {
      const first = await rig.start();
      await write(first, 'a', '1', false);
      kill(rig, first, 'kept');
      const second = await rig.start();
      await write(second, 'b', '1', false);
      kill(rig, second, 'lost');
      expect(rig.rows()).toEqual(['a=1']);
    }));

  it('of the power takes what a kill before it had left unsynced', () =>
    new DiskRig(1).run(async (rig) => {
      const process = await rig.start();
      await write(process, 'a', '1', false);
      kill(rig, process, 'kept');
      rig.disk.crash('lost');
      expect(rig.rows()).toEqual([]);
    }));

  it('of the power leaves nothing unsynced: what it spared outlives the next', async () => {
    for (let seed = 1; seed <= 20; seed += 1) {
      const rig = new DiskRig(seed);
      await rig.run(async () => {
        const process = await rig.start();
        for (const key of ['a', 'b', 'c', 'd']) await write(process, key, '1', false);
        kill(rig, process, 'part');
        const spared = rig.rows();
        rig.disk.crash('lost');
        expect(rig.rows()).toEqual(spared);
      });
    }
  });

  it('finds the batch under way as it was when its process died, however long ago', () =>
    new DiskRig(1).run(async (rig) => {
      const process = await rig.start();
      void write(process, 'a', '1', true);
      process.clock.kill();
      await rig.pass(1_000);
      expect(rig.rows()).toEqual([]);
      rig.disk.crash('lost');
      expect(rig.rows()).toEqual([]);
    }));

  it('tells listeners of a batch under way only when it is found in the log', async () => {
    for (let seed = 1; seed <= 10; seed += 1) {
      const rig = new DiskRig(seed);
      await rig.run(async () => {
        const heard: string[] = [];
        rig.disk.onBatch((operations, atUs) => {
          expect(atUs).toBe(rig.kernel.nowUs);
          for (const { key } of operations) heard.push(`${textOf(key)}=1`);
        });
        const process = await rig.start();
        await write(process, 'a', '1', true);
        void write(process, 'b', '1', true);
        kill(rig, process, 'kept');
        expect(rig.rows()).toEqual(heard);
      });
    }
  });
});

describe('a failed sync', () => {
  it('fails its batch with an unknown outcome and every batch after it', () =>
    new DiskRig(1).run(async (rig) => {
      const { store } = await rig.start();
      rig.disk.failNextSync();
      await store.batch([put('a', '1')], { sync: false });
      const [failed, behind] = await Promise.allSettled([
        store.batch([put('b', '1')], SYNC),
        store.batch([put('c', '1')], SYNC),
      ]);
      const io = { code: 'STORAGE_IO', details: { operation: 'batch' } };
      expect(failed).toMatchObject({ reason: { ...io, applied: 'unknown' } });
      expect(behind).toMatchObject({ reason: { ...io, applied: 'no' } });
      await expect(store.batch([put('d', '1')], SYNC)).rejects.toMatchObject({ applied: 'no' });
      expect((await store.getMany(['a', 'b'].map(bytesOf))).map(textOf)).toEqual(['1', undefined]);
      await store.close();
    }));

  it('leaves any prefix of what was not synced to the next opening', async () => {
    const seen = new Set<string>();
    for (let seed = 1; seed <= 30; seed += 1) {
      const rig = new DiskRig(seed);
      await rig.run(async () => {
        const first = await rig.start();
        await write(first, 'a', '1', true);
        await write(first, 'b', '1', false);
        rig.disk.failNextSync();
        await expect(write(first, 'c', '1', true)).rejects.toMatchObject({ code: 'STORAGE_IO' });
        if (seed % 2 === 0) kill(rig, first, 'kept');
        else await first.store.close();
        const second = await rig.start();
        seen.add(rig.rows().join(' '));
        await write(second, 'd', '1', true);
        kill(rig, second, 'lost');
        expect(rig.rows()).toContain('d=1');
      });
    }
    expect(seen).toEqual(new Set(['a=1', 'a=1 b=1', 'a=1 b=1 c=1']));
  });

  it('that was called off does not happen', () =>
    new DiskRig(1).run(async (rig) => {
      const process = await rig.start();
      rig.disk.failNextSync()();
      await write(process, 'a', '1', true);
      expect(rig.rows()).toEqual(['a=1']);
    }));
});

describe('a hole in the log', () => {
  it('takes one synced batch and leaves those after it, which the commit chain shows', () =>
    new DiskRig(1).run(async (rig) => {
      const process = await rig.start();
      for (let seq = 1; seq <= 9; seq += 1) {
        const chain = { type: 'put', key: chainRowKey(seq), value: bytesOf('-') } as const;
        await process.store.batch([put(`k${seq}`, '1'), put('last', `${seq}`), chain], SYNC);
      }
      process.clock.kill();
      const loss = rig.disk.loseBatch(3);
      expect(loss?.intactUntilUs).toBeLessThan(rig.kernel.nowUs);
      const next = await rig.start();
      const values = await next.store.getMany(['k5', 'k6', 'k7', 'last'].map(bytesOf));
      expect(values.map(textOf)).toEqual(['1', undefined, '1', '9']);
      const expected = { chainStart: 1, cleanCommitSeq: 0, window: 100 };
      expect(await readChain(next.store, expected)).toEqual({ commitSeq: 9, isWhole: false });
    }));

  it('is there only where the last run has synced so many batches', () =>
    new DiskRig(1).run(async (rig) => {
      const first = await rig.start();
      for (const key of ['a', 'b', 'c']) await write(first, key, '1', true);
      kill(rig, first, 'kept');
      const second = await rig.start();
      await write(second, 'd', '1', true);
      await write(second, 'e', '1', true);
      await write(second, 'f', '1', false);
      expect(rig.disk.loseBatch(3)).toBeUndefined();
      expect(rig.rows()).toHaveLength(6);
      expect(rig.disk.loseBatch(2)).toBeDefined();
      expect(rig.rows()).toEqual(['a=1', 'b=1', 'c=1', 'e=1', 'f=1']);
    }));
});

describe('an old copy of the disk', () => {
  it('holds what was applied until then and nothing of what came later', () =>
    new DiskRig(1).run(async (rig) => {
      const process = await rig.start();
      for (let at = 0; at < 10; at += 1) {
        await write(process, 'k', `${at}`, true);
        await write(process, `k${at}`, '1', true);
        await rig.pass(60_000);
      }
      process.clock.kill();
      const { intactUntilUs } = rig.disk.rollBack(150_000);
      expect(intactUntilUs).toBe(rig.kernel.nowUs - 150_000_000);
      expect(rig.rows()).toEqual(['k=7', ...[0, 1, 2, 3, 4, 5, 6, 7].map((at) => `k${at}=1`)]);
      expect(rig.disk.rollBack(3_600_000).intactUntilUs).toBe(0);
      expect(rig.rows()).toEqual([]);
    }));

  it('is an hour old at most, and says so', () =>
    new DiskRig(1).run(async (rig) => {
      const process = await rig.start();
      await write(process, 'old', '1', true);
      const writtenUs = rig.kernel.nowUs;
      await rig.pass(7_200_000);
      await write(process, 'new', '1', true);
      expect(rig.disk.rollBack(10_000_000).intactUntilUs).toBe(writtenUs);
      expect(rig.rows()).toEqual(['old=1']);
    }));

  it('cannot be older than the last wipe', () =>
    new DiskRig(1).run(async (rig) => {
      const process = await rig.start();
      await write(process, 'a', '1', true);
      rig.disk.wipe();
      expect(rig.rows()).toEqual([]);
      const wipedUs = rig.kernel.nowUs;
      const next = await rig.start();
      await write(next, 'b', '1', true);
      expect(rig.disk.rollBack(3_600_000).intactUntilUs).toBe(wipedUs);
      expect(rig.rows()).toEqual([]);
    }));
});

describe('rot', () => {
  it('flips one bit of drawn records, for later reads too, until they are written anew', () =>
    new DiskRig(1).run(async (rig) => {
      const process = await rig.start();
      const keys = Array.from({ length: 20 }, (_, at) => recordRowKey(at, 'b', bytesOf(`k${at}`)));
      const value = new Uint8Array(50).fill(0x55);
      await process.store.batch([...keys.map((key) => put(key, value)), put('meta', value)], SYNC);
      const rotten = rig.disk.rot(3);
      expect(rotten).toHaveLength(3);
      const flipped = async (): Promise<number[]> => {
        const values = await process.store.getMany([...keys, bytesOf('meta')]);
        return values.map((read) => bitsThatDiffer(read, value)).filter((count) => count > 0);
      };
      expect(await flipped()).toEqual([1, 1, 1]);
      expect(await flipped()).toEqual([1, 1, 1]);
      await process.store.batch([put(rotten[0] ?? value, value)], SYNC);
      expect(await flipped()).toEqual([1, 1]);
      expect(rig.disk.rot(100)).toHaveLength(20);
    }));
});

describe('faults that last', () => {
  it('fail their share of reads, and none once they are over', () =>
    new DiskRig(1).run(async (rig) => {
      const process = await rig.start();
      await write(process, 'k', '1', true);
      const end = rig.disk.failReads(0.5);
      const failed = async (): Promise<number> => {
        const reads = Array.from({ length: 200 }, () => process.store.getMany([bytesOf('k')]));
        const results = await Promise.allSettled(reads);
        return results.filter(({ status }) => status === 'rejected').length;
      };
      const count = await failed();
      expect(count).toBeGreaterThan(60);
      expect(count).toBeLessThan(140);
      const endAll = rig.disk.failReads(1);
      expect(await failed()).toBe(200);
      await using iterator = process.store.iterate(EVERYTHING);
      await expect(iterator.next(1)).rejects.toMatchObject({
        code: 'STORAGE_IO',
        applied: 'no',
        details: { operation: 'iterate' },
      });
      expect(rig.disk.counters.failedReads).toBe(count + 201);
      endAll();
      end();
      end();
      expect(await failed()).toBe(0);
      expect(await iterator.next(9)).toHaveLength(1);
    }));

  it('stall every call that begins meanwhile', () =>
    new DiskRig(1).run(async (rig) => {
      const process = await rig.start();
      const end = rig.disk.stall(3_000);
      const beforeUs = rig.kernel.nowUs;
      await process.store.getMany([bytesOf('k')]);
      await write(process, 'k', '1', false);
      expect(rig.kernel.nowUs - beforeUs).toBeGreaterThan(6_000_000);
      end();
      const afterUs = rig.kernel.nowUs;
      await write(process, 'k', '1', false);
      expect(rig.kernel.nowUs - afterUs).toBeLessThan(1_000);
    }));

  it('fill the disk: the space shows, and below one per cent batches fail', () =>
    new DiskRig(1, { capacityBytes: 1_000_000 }).run(async (rig) => {
      const process = await rig.start();
      await write(process, 'k', '1', true);
      expect(await process.store.diskSpace()).toEqual({
        freeBytes: 999_998,
        totalBytes: 1_000_000,
      });
      const end = rig.disk.fill(0.1);
      expect((await process.store.diskSpace()).freeBytes).toBe(100_000);
      await write(process, 'k', '2', true);
      const endFull = rig.disk.fill(0.009);
      expect((await process.store.diskSpace()).freeBytes).toBe(9_000);
      await expect(write(process, 'l', '1', true)).rejects.toMatchObject({
        code: 'STORAGE_IO',
        applied: 'unknown',
      });
      endFull();
      end();
      await expect(write(process, 'm', '1', true)).rejects.toMatchObject({ applied: 'no' });
      await process.store.close();
      const next = await rig.start();
      await write(next, 'n', '1', true);
      expect(rig.rows().filter((row) => row !== 'l=1')).toEqual(['k=2', 'n=1']);
    }));

  it('are noticed by what the rows themselves need, too', () =>
    new DiskRig(1, { capacityBytes: 1_000 }).run(async (rig) => {
      const process = await rig.start();
      const tooMuch = 'x'.repeat(1_000);
      await expect(write(process, 'k', tooMuch, true)).rejects.toMatchObject({
        code: 'STORAGE_IO',
      });
    }));
});

function bitsThatDiffer(one: Uint8Array | undefined, other: Uint8Array): number {
  if (one?.length !== other.length) return Number.POSITIVE_INFINITY;
  let count = 0;
  for (const [at, byte] of one.entries()) {
    for (let bits = byte ^ (other[at] ?? 0); bits > 0; bits >>= 1) count += bits & 1;
  }
  return count;
}
