import { describe, expect, it } from 'vitest';
import { makeRecordKey } from '../../../src/node/storage/record-key.ts';
import { tableRange } from '../../../src/node/storage/table-keys.ts';
import { bytesOf } from '../../conformance/store-rows.ts';
import { DiskRig, type Process } from './disk-rig.ts';

const SYNC = { sync: true } as const;
const DAMAGE = { code: 'STORAGE_IO', applied: 'no', details: { isCorruption: true } };
const ALL = tableRange('records');
/** With it the block lies in the middle. */
const MIDDLE_SEED = 2;
/** Of four records, in order. */
const ROWS = [1, 2, 3, 4].map(
  (token) => makeRecordKey(token << 8, 'b', bytesOf(`k${token}`)).storageKey,
);
const key = (index: number): Uint8Array => ROWS[index] ?? new Uint8Array(0);

function write({ store }: Process, index: number, value: string): Promise<void> {
  return store.batch([{ type: 'put', key: key(index), value: bytesOf(value) }], SYNC);
}

/** A process that has written all four, two of which lie in a bad block: their indexes. */
async function spoilt(rig: DiskRig): Promise<{ process: Process; bad: number[] }> {
  const process = await rig.start();
  for (const index of ROWS.keys()) await write(process, index, `v${index}`);
  const hexOf = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');
  const rows = rig.disk.spoilBlock(2).map(hexOf);
  return { process, bad: ROWS.map(hexOf).flatMap((row, at) => (rows.includes(row) ? [at] : [])) };
}

async function scan({ store }: Process, reverse = false): Promise<number> {
  await using rows = store.iterate({ ...ALL, reverse });
  return (await rows.next(10)).length;
}

describe('a bad block', () => {
  it('takes neighbours, the same ones for the same seed', async () => {
    const seen = new Set<string>();
    for (let seed = 1; seed <= 20; seed += 1) {
      await new DiskRig(seed).run(async (rig) => {
        const [first = 0, second] = (await spoilt(rig)).bad;
        expect(second).toBe(first + 1);
        seen.add(`${first}`);
      });
    }
    expect(seen.size).toBe(3);
  });

  it('fails every read that asks for one of its rows, and no other', () =>
    new DiskRig(1).run(async (rig) => {
      const { process, bad } = await spoilt(rig);
      for (const index of ROWS.keys()) {
        const read = process.store.getMany([key(index)]);
        if (bad.includes(index)) await expect(read).rejects.toMatchObject(DAMAGE);
        else expect(await read).toEqual([bytesOf(`v${index}`)]);
      }
      await expect(process.store.getMany(ROWS)).rejects.toMatchObject(DAMAGE);
      expect([...rig.disk.records()]).toHaveLength(2);
    }));

  it('is forgotten by reads of a row that is written anew, until that is taken back', () =>
    new DiskRig(1).run(async (rig) => {
      const { process, bad } = await spoilt(rig);
      const [index = 0] = bad;
      const same = { type: 'put', key: key(index), value: bytesOf(`v${index}`) } as const;
      await process.store.batch([same], { sync: false });
      expect(await process.store.getMany([key(index)])).toEqual([bytesOf(`v${index}`)]);
      process.clock.kill();
      rig.disk.crash('lost');
      const next = await rig.start();
      await expect(next.store.getMany([key(index)])).rejects.toMatchObject(DAMAGE);
    }));

  it.each([false, true])('ends the process that iterates over it, reverse %s', (reverse) =>
    new DiskRig(1).run(async (rig) => {
      const { process, bad } = await spoilt(rig);
      for (const index of bad) await write(process, index, 'anew');
      let isAnswered = false;
      const answered = (): void => {
        isAnswered = true;
      };
      scan(process, reverse).then(answered, answered);
      await rig.pass(1_000);
      expect(process.clock.isDead).toBe(true);
      expect(isAnswered).toBe(false);

      const next = await rig.start();
      expect(await scan(next)).toBe(0);
      expect(rig.disk.aside().map((rows) => [...rows].length)).toEqual([4]);
      expect(rig.disk.counters.setAside).toBe(1);
      await write(next, bad[0] ?? 0, 'new');
      expect(await scan(next)).toBe(1);
    }),
  );

  it('harms no iterator that ends before it', () =>
    new DiskRig(MIDDLE_SEED).run(async (rig) => {
      const { process, bad } = await spoilt(rig);
      expect(bad).toEqual([1, 2]);
      await using first = process.store.iterate({ ...ALL, limit: 1 });
      expect(await first.next(10)).toHaveLength(1);
      await using last = process.store.iterate({ ...ALL, limit: 1, reverse: true });
      expect(await last.next(10)).toHaveLength(1);
      await using before = process.store.iterate({ ...ALL, to: key(1) });
      expect(await before.next(10)).toHaveLength(1);
      expect(process.clock.isDead).toBe(false);
    }));

  it('that a read has found is iterated over no more, and files set aside end it', () =>
    new DiskRig(1).run(async (rig) => {
      const { process } = await spoilt(rig);
      await using open = process.store.iterate(ALL);
      await Promise.allSettled([process.store.getMany(ROWS)]);
      await expect(open.next(10)).rejects.toMatchObject(DAMAGE);
      expect(() => process.store.iterate(ALL)).toThrow(/A block on the disk of n0 is bad/);
      expect(process.clock.isDead).toBe(false);

      await open.close();
      await process.store.setAside('damaged');
      expect(await scan(process)).toBe(0);
      expect(await process.store.getMany(ROWS)).toEqual(ROWS.map(() => undefined));
      expect(rig.disk.aside()).toHaveLength(1);
    }));
});
