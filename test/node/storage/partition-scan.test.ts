/** What replicas compare: the leaves of a partition and its entries, as committed. */
import { expect, test } from 'vitest';
import { CoterieError } from '../../../src/core/errors.ts';
import { NODE_FIELDS, nodesOf } from '../../../src/core/merkle/tree.ts';
import type { ScannedPage } from '../../../src/node/storage/partition-scan.ts';
import { hexOf, keyOf, NO_SYNC, openRig, put, type Rig, SYNC, write } from './storage-rig.ts';

/** The partition of `keyOf`, which begins with a token of its own. */
const PARTITION = 1;
const ALL = [{ fromToken: 2 ** 30, toToken: 2 ** 31 }];
const START = new Uint8Array(0);

function leaves(rig: Rig): Promise<Uint32Array> {
  return new Promise((resolve, reject) => {
    rig.records.scan.leavesOf(PARTITION, (found) => {
      if (found instanceof CoterieError) reject(found);
      else resolve(found);
    });
  });
}

async function root(rig: Rig): Promise<number[]> {
  return [...nodesOf(await leaves(rig), 0)];
}

function namesIn({ entries }: ScannedPage): string[] {
  return entries.map(({ key }) => new TextDecoder().decode(key.subarray(7)));
}

async function spread(rig: Rig, count: number, width = 2 ** 20): Promise<void> {
  for (let index = 0; index < count; index += 1) {
    await rig.records.update(keyOf(`k${index}`, 2 ** 30 + index * width), SYNC, put(1));
  }
}

test('leaves count what is committed, and not the batch that is being written', async () => {
  const rig = await openRig();
  await write(rig, 'a', 1);
  const before = await root(rig);
  expect(before[NODE_FIELDS - 1]).toBe(1);
  rig.engine.holdBatches();
  const writing = write(rig, 'b', 1);
  let during: number[] | undefined;
  const asked = root(rig).then((found) => {
    during = found;
  });
  await new Promise((resolve) => setImmediate(resolve));
  expect(during === undefined || during[2] === 1).toBe(true);
  rig.engine.releaseBatches();
  await Promise.all([writing, asked]);
  expect((await root(rig))[2]).toBe(2);
});

test('leaves are handed out only when what they count is fsynced', async () => {
  const rig = await openRig();
  await write(rig, 'a', 1, NO_SYNC);
  const { commitSeq } = rig.records;
  expect((await root(rig))[2]).toBe(1);
  expect(rig.records.commitSeq).toBeGreaterThan(commitSeq);
  await rig.records.stop();
  await expect(leaves(rig)).rejects.toMatchObject({ code: 'NOT_RUNNING' });
});

test('entries sum up to the leaves', async () => {
  const rig = await openRig();
  await spread(rig, 50);
  const page = await rig.records.scan.entries({ ranges: ALL, after: START, bytesMax: 1e6 });
  const sum = [0, 0, 0];
  for (const { high, low } of page.entries) {
    sum[0] = ((sum[0] ?? 0) ^ high) >>> 0;
    sum[1] = ((sum[1] ?? 0) ^ low) >>> 0;
    sum[2] = (sum[2] ?? 0) + 1;
  }
  expect(sum).toEqual(await root(rig));
  expect(page).toMatchObject({ isMore: false, unreadable: 0 });
});

test('pages of any size, one after the other, are all entries in order', async () => {
  const rig = await openRig();
  await spread(rig, 40);
  const whole = await rig.records.scan.entries({ ranges: ALL, after: START, bytesMax: 1e6 });
  for (const bytesMax of [1, 100, 333]) {
    const names: string[] = [];
    for (let after: Uint8Array = START; ; ) {
      const page = await rig.records.scan.entries({ ranges: ALL, after, bytesMax });
      names.push(...namesIn(page));
      if (!page.isMore) break;
      after = page.entries.at(-1)?.key ?? START;
    }
    expect(names).toEqual(namesIn(whole));
  }
});

test('a page holds the ranges that are asked for, behind one key and up to another', async () => {
  const rig = await openRig();
  await spread(rig, 10);
  const at = (index: number) => 2 ** 30 + index * 2 ** 20;
  const ranges = [
    { fromToken: at(1), toToken: at(4) },
    { fromToken: at(6), toToken: at(9) },
  ];
  const after = keyOf('k1', at(1)).storageKey;
  const through = keyOf('k7', at(7)).storageKey;
  const page = await rig.records.scan.entries({ ranges, after, through, bytesMax: 1e6 });
  expect(namesIn(page)).toEqual(['k2', 'k3', 'k6', 'k7']);
});

test('a record that is being replaced is in a page as it was', async () => {
  const rig = await openRig();
  await write(rig, 'a', 1);
  const entriesNow = () => rig.records.scan.entries({ ranges: ALL, after: START, bytesMax: 1e6 });
  const [before] = (await entriesNow()).entries;
  rig.engine.holdBatches();
  const writing = write(rig, 'a', 2);
  await new Promise((resolve) => setImmediate(resolve));
  expect((await entriesNow()).entries).toEqual([before]);
  rig.engine.releaseBatches();
  await writing;
  const [after] = (await entriesNow()).entries;
  expect(after?.low).not.toBe(before?.low);
});

test('a damaged row is counted as unreadable, left out, and looked at', async () => {
  const rig = await openRig({ options: { recordCacheBytesMax: 0 } });
  await spread(rig, 3);
  const key = keyOf('k1', 2 ** 30 + 2 ** 20);
  const [value] = await rig.engine.getMany([key.storageKey]);
  const damaged = Uint8Array.from(value ?? [], (byte, at) => (at === 20 ? byte ^ 1 : byte));
  await rig.engine.batch([{ type: 'put', key: key.storageKey, value: damaged }], { sync: true });
  const page = await rig.records.scan.entries({ ranges: ALL, after: START, bytesMax: 1e6 });
  expect(namesIn(page)).toEqual(['k0', 'k2']);
  expect(page.unreadable).toBe(1);
  await write(rig, 'another', 1);
  expect(rig.records.scan.lostKeysOf(PARTITION).map(hexOf)).toEqual([hexOf(key.storageKey)]);
  expect(rig.records.scan.lostKeysOf(0)).toEqual([]);
});
