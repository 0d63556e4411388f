import { setImmediate } from 'node:timers';
import { afterAll, describe, expect, it } from 'vitest';
import { SimDisk } from '../../../src/sim/disk/sim-disk.ts';
import { SimStore } from '../../../src/sim/disk/sim-store.ts';
import { Kernel } from '../../../src/sim/kernel/kernel.ts';
import { NodeClock } from '../../../src/sim/kernel/node-clock.ts';
import { describeStore } from '../../conformance/store.ts';
import { bytesOf, EVERYTHING, put, textOf } from '../../conformance/store-rows.ts';
import { DiskRig, write } from './disk-rig.ts';

const SYNC = { sync: true } as const;

/** The suite waits on real promises: the kernel moves as long as it runs. The timer is imported
 *  because simulations beside it put the global one out of reach. */
const kernel = new Kernel(1);
let isOver = false;
function turn(): void {
  kernel.step();
  if (!isOver) setImmediate(turn);
}
setImmediate(turn);
afterAll(() => {
  isOver = true;
});

let places = 0;
describeStore('the simulated engine', async () => {
  const disk = new SimDisk(kernel, `d${places}`);
  places += 1;
  return {
    make: () => new SimStore(kernel, new NodeClock(kernel, disk.name), disk),
    dispose: async () => {},
  };
});

describe('a simulated store', () => {
  it('takes virtual time for everything, a sync more than a read', () =>
    new DiskRig(1).run(async (rig) => {
      const process = await rig.start();
      const took = async (call: Promise<unknown>): Promise<number> => {
        const fromUs = rig.kernel.nowUs;
        await call;
        return rig.kernel.nowUs - fromUs;
      };
      const read = await took(process.store.getMany([bytesOf('k')]));
      expect(read).toBeGreaterThanOrEqual(20);
      expect(read).toBeLessThanOrEqual(200);
      const plain = await took(write(process, 'k', '1', false));
      expect(plain).toBeGreaterThanOrEqual(30);
      expect(plain).toBeLessThanOrEqual(300);
      expect(await took(write(process, 'k', '1', true))).toBeGreaterThanOrEqual(530);
      expect(await took(process.store.diskSpace())).toBeGreaterThan(0);
    }));

  it('is one event of the kernel for each call', () =>
    new DiskRig(1).run(async (rig) => {
      const process = await rig.start();
      const before = rig.kernel.eventCount;
      await write(process, 'a', '1', true);
      await Promise.all([write(process, 'b', '1', false), write(process, 'c', '1', true)]);
      await process.store.getMany(['a', 'b', 'c'].map(bytesOf));
      await using iterator = process.store.iterate(EVERYTHING);
      await iterator.next(10);
      expect(rig.kernel.eventCount - before).toBe(5);
    }));

  it('tells a dead process nothing, and a paused one when it goes on', () =>
    new DiskRig(1).run(async (rig) => {
      const process = await rig.start();
      const settled: string[] = [];
      void write(process, 'k', '1', true).then(() => settled.push('paused'));
      process.clock.pause();
      await rig.pass(1_000);
      expect(settled).toEqual([]);
      expect(rig.rows()).toEqual(['k=1']);
      process.clock.resume();
      await rig.pass(1);
      expect(settled).toEqual(['paused']);
      void process.store.getMany([bytesOf('k')]).then(() => settled.push('dead'));
      process.clock.kill();
      rig.disk.crash('kept');
      await rig.pass(1_000);
      expect(settled).toEqual(['paused']);
    }));

  it('refuses a second process until the first is gone', () =>
    new DiskRig(1).run(async (rig) => {
      const first = await rig.start();
      const second = rig.newProcess();
      await expect(second.store.open()).rejects.toMatchObject({ code: 'CONFLICT' });
      first.clock.kill();
      rig.disk.crash('kept');
      await second.store.open();
    }));

  it('reads nothing and writes nothing once its disk was taken from it', () =>
    new DiskRig(1).run(async (rig) => {
      const { store } = await rig.start();
      const iterator = store.iterate(EVERYTHING);
      const writing = store.batch([put('k', '1')], SYNC);
      const behind = store.batch([put('k', '2')], SYNC);
      rig.disk.crash('lost');
      const unknown = { code: 'STORAGE_IO', applied: 'unknown' };
      const notRunning = { code: 'NOT_RUNNING', applied: 'no' };
      const results = await Promise.allSettled([
        writing,
        behind,
        store.getMany([bytesOf('k')]),
        iterator.next(1),
        store.diskSpace(),
      ]);
      expect(results.map((result) => result.status === 'rejected' && result.reason)).toEqual([
        expect.objectContaining(unknown),
        expect.objectContaining({ code: 'STORAGE_IO', applied: 'no' }),
        ...Array(3).fill(expect.objectContaining(notRunning)),
      ]);
      await store.close();
      expect(rig.rows()).toEqual([]);
    }));

  it('does the same at the same times for the same seed, and notes its batches', async () => {
    const hashOf = async (seed: number, value: string): Promise<string> => {
      const rig = new DiskRig(seed);
      await rig.run(async () => {
        const process = await rig.start();
        for (let at = 0; at < 20; at += 1) await write(process, `k${at}`, value, at % 3 === 0);
        expect(textOf((await process.store.getMany([bytesOf('k7')]))[0])).toBe(value);
        await process.store.close();
      });
      return rig.kernel.trace.digest();
    };
    expect(await hashOf(5, 'v')).toBe(await hashOf(5, 'v'));
    expect(await hashOf(5, 'v')).not.toBe(await hashOf(6, 'v'));
    expect(await hashOf(5, 'v')).not.toBe(await hashOf(5, 'w'));
  });
});
