import { expect, it } from 'vitest';
import { MemoryDisk } from '../../../src/platform/memory/memory-disk.ts';
import { MemoryStore } from '../../../src/platform/memory/memory-store.ts';
import { describeStore } from '../../conformance/store.ts';

const clock = { defer: (callback: () => void): unknown => setImmediate(callback) };
const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);

describeStore('the memory engine', async () => {
  const disk = new MemoryDisk();
  return { make: () => new MemoryStore({ clock }, { disk }), dispose: async () => {} };
});

it('stores without a shared disk do not see each other', async () => {
  const [one, other] = [new MemoryStore({ clock }), new MemoryStore({ clock })];
  await Promise.all([one.open(), other.open()]);
  await one.batch([{ type: 'put', key: bytes('k'), value: bytes('v') }], { sync: true });
  expect(await other.getMany([bytes('k')])).toEqual([undefined]);
});

it('every operation settles in a later turn than its call', async () => {
  const waiting: (() => void)[] = [];
  const store = new MemoryStore({ clock: { defer: (callback) => waiting.push(callback) } });
  const turn = (): void => {
    for (const callback of waiting.splice(0)) callback();
  };
  const opening = store.open();
  turn();
  await opening;
  let isDone = false;
  const writing = store
    .batch([{ type: 'put', key: bytes('k'), value: bytes('v') }], { sync: true })
    .then(() => {
      isDone = true;
    });
  await new Promise(setImmediate);
  expect(isDone).toBe(false);
  turn();
  await writing;
  expect(isDone).toBe(true);
});

it('the next store on a disk finds every batch that was applied before the power was cut', async () => {
  const disk = new MemoryDisk();
  const killed = new MemoryStore({ clock }, { disk });
  await killed.open();
  await killed.batch([{ type: 'put', key: bytes('k'), value: bytes('1') }], { sync: true });
  disk.cutPower();
  const next = new MemoryStore({ clock }, { disk });
  await next.open();
  const late = killed.batch([{ type: 'put', key: bytes('k'), value: bytes('2') }], { sync: true });
  await expect(late).rejects.toMatchObject({ code: 'NOT_RUNNING' });
  expect(await next.getMany([bytes('k')])).toEqual([bytes('1')]);
  await killed.close();
  await next.close();
});

it('a batch that does not fit fails whole and none is taken after it', async () => {
  const disk = new MemoryDisk({ capacityBytes: 10 });
  const store = new MemoryStore({ clock }, { disk });
  await store.open();
  await store.batch([{ type: 'put', key: bytes('a'), value: bytes('1234') }], { sync: true });
  expect(await store.diskSpace()).toEqual({ freeBytes: 5, totalBytes: 10 });
  const [full, behind] = await Promise.allSettled([
    store.batch(
      [
        { type: 'put', key: bytes('b'), value: bytes('1') },
        { type: 'put', key: bytes('c'), value: bytes('12345') },
      ],
      { sync: true },
    ),
    store.batch([{ type: 'del', key: bytes('a') }], { sync: true }),
  ]);
  expect(full).toMatchObject({ reason: { code: 'STORAGE_IO', applied: 'unknown' } });
  expect(behind).toMatchObject({ reason: { code: 'STORAGE_IO', applied: 'no' } });
  const values = await store.getMany([bytes('a'), bytes('b'), bytes('c')]);
  expect(values).toEqual([bytes('1234'), undefined, undefined]);
  await store.close();
});
