import { expect, it } from 'vitest';
import { CHAIN_WINDOW, readChain } from '../../../src/node/storage/commit-chain.ts';
import { CommitQueue } from '../../../src/node/storage/commit-queue.ts';
import { STORAGE_DEFAULTS } from '../../../src/node/storage/storage-options.ts';
import { chainRowKey } from '../../../src/node/storage/table-keys.ts';
import { MemoryStore } from '../../../src/platform/memory/memory-store.ts';
import { CountingStore } from '../../conformance/counting-store.ts';
import { batches, hexOf, RigClock, silentMetrics } from './storage-rig.ts';

const clock = new RigClock();
const link = (seq: number) => ({
  type: 'put' as const,
  key: chainRowKey(seq),
  value: Uint8Array.of(1),
});

it('only the window is expected, and all of it', async () => {
  const store = new MemoryStore({ clock });
  await store.open();
  const expected = { chainStart: 1, cleanCommitSeq: 0, window: 64 };
  await store.batch(
    Array.from({ length: 64 }, (_, index) => link(100 - index)),
    { sync: true },
  );
  expect(await readChain(store, expected)).toEqual({ commitSeq: 100, isWhole: true });
  await store.batch([{ type: 'del', key: chainRowKey(37) }], { sync: true });
  expect(await readChain(store, expected)).toEqual({ commitSeq: 100, isWhole: false });
  expect(await readChain(store, { ...expected, chainStart: 38 })).toMatchObject({ isWhole: true });
  await store.close();
});

it('a chain that ends below its start or the last clean stop is not whole', async () => {
  const store = new MemoryStore({ clock });
  await store.open();
  const expected = { chainStart: 1, cleanCommitSeq: 0, window: 64 };
  expect(await readChain(store, expected)).toEqual({ commitSeq: 0, isWhole: true });
  await store.batch([link(1), link(2)], { sync: true });
  expect(await readChain(store, expected)).toEqual({ commitSeq: 2, isWhole: true });
  expect(await readChain(store, { ...expected, cleanCommitSeq: 3 })).toMatchObject({
    isWhole: false,
  });
  expect(await readChain(store, { ...expected, chainStart: 4 })).toMatchObject({ isWhole: false });
  expect(await readChain(store, { ...expected, chainStart: 3 })).toMatchObject({ isWhole: true });
  await store.close();
});

it('each batch adds its link and deletes the one that leaves the window', async () => {
  const store = new CountingStore(new MemoryStore({ clock }));
  await store.open();
  const queue = new CommitQueue({ store, clock, metrics: silentMetrics }, STORAGE_DEFAULTS, {
    laneIdle() {},
    written() {},
    betweenBatches: () => undefined,
    failed() {},
  });
  queue.restore({ commitSeq: CHAIN_WINDOW - 1, ceiling: 0, tombstoneCount: 0 });
  for (let batch = 0; batch < 2; batch += 1) {
    await new Promise<void>((settle, fail) => {
      queue.addRows([], { settle: () => settle(), fail });
    });
  }
  await queue.drained();
  const [first, second] = batches(store).map(({ operations }) =>
    operations.map(({ type, key }) => `${type} ${hexOf(key)}`),
  );
  expect(first).toEqual([`put ${hexOf(chainRowKey(CHAIN_WINDOW))}`]);
  expect(second).toEqual([
    `put ${hexOf(chainRowKey(CHAIN_WINDOW + 1))}`,
    `del ${hexOf(chainRowKey(1))}`,
  ]);
  expect(queue.commitSeq).toBe(CHAIN_WINDOW + 1);
  await store.close();
});
