import { expect, it } from 'vitest';
import { MemoryStore } from '../../src/platform/memory/memory-store.ts';
import { CountingStore } from './counting-store.ts';

const clock = { defer: (callback: () => void): unknown => setImmediate(callback) };
const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);
const put = (key: string) => [{ type: 'put' as const, key: bytes(key), value: bytes('v') }];

async function openStore(): Promise<CountingStore> {
  const store = new CountingStore(new MemoryStore({ clock }));
  await store.open();
  return store;
}

it('writes down calls, ends and notes in the order in which they happen', async () => {
  const store = await openStore();
  const first = store.batch(put('a'), { sync: true }).then(() => store.note('a acknowledged'));
  const second = store.batch(put('b'), { sync: false });
  await Promise.all([first, second]);
  const order = store.events.map((event) => (event.what === 'note' ? event.text : event.what));
  expect(order.slice(0, 3)).toEqual(['batch-started', 'batch-started', 'batch-done']);
  expect(order.indexOf('a acknowledged')).toBeGreaterThan(2);
  expect(store.events[2]).toMatchObject({ batch: 0, sync: true });
  await store.close();
});

it('holds batches back until they are released, and then keeps their order', async () => {
  const store = await openStore();
  store.holdBatches();
  const held = [store.batch(put('a'), { sync: true }), store.batch(put('b'), { sync: true })];
  expect(await store.getMany([bytes('a'), bytes('b')])).toEqual([undefined, undefined]);
  store.releaseBatches();
  await Promise.all(held);
  const done = store.events.filter(({ what }) => what === 'batch-done');
  expect(done).toMatchObject([{ batch: 0 }, { batch: 1 }]);
  await store.close();
});

it('fails the next batch, the reads of given keys, and pretends a full disk, on demand only', async () => {
  const store = await openStore();
  store.failNextBatch();
  await expect(store.batch(put('a'), { sync: true })).rejects.toMatchObject({ code: 'STORAGE_IO' });
  await store.batch(put('b'), { sync: true });
  store.failReads([bytes('b')]);
  const reading = store.getMany([bytes('a'), bytes('b')]);
  await expect(reading).rejects.toMatchObject({ code: 'STORAGE_IO' });
  expect(await store.getMany([bytes('a')])).toEqual([undefined]);
  store.healReads();
  expect(await store.getMany([bytes('b')])).toEqual([bytes('v')]);
  store.pretendFree(7);
  expect((await store.diskSpace()).freeBytes).toBe(7);
  await store.close();
});
