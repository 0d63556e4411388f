/** Unreadable keys answer again when what was lost of them has come from elsewhere, not before. */
import { afterEach, expect, test } from 'vitest';
import type { RecordKey } from '../../../src/node/storage/record-key.ts';
import { keyOf, leavesOf, openRig, type Rig, SYNC, textOf, write } from './storage-rig.ts';

const KEY = keyOf('a');
/** Of every key here. */
const PARTITION = 1;
const corrupt = { code: 'CORRUPT_RECORD' };

let rig: Rig;
const open = async (setup: NonNullable<Parameters<typeof openRig>[0]> = {}) => {
  rig = await openRig({ ...setup, options: { recordCacheBytesMax: 0, ...setup.options } });
  return rig;
};
afterEach(() => rig.records.stop());

async function rot(key: RecordKey): Promise<void> {
  const [bytes] = await rig.engine.getMany([key.storageKey]);
  const rotten = bytes ?? new Uint8Array();
  rotten[rotten.length - 1] = (rotten.at(-1) ?? 0) ^ 1;
  await rig.engine.batch([{ type: 'put', key: key.storageKey, value: rotten }], { sync: true });
}

async function lose(key: RecordKey): Promise<void> {
  await rot(key);
  await expect(rig.records.read(key)).rejects.toMatchObject(corrupt);
}

function losses() {
  return rig.records.unreadable.byPartition(() => PARTITION).get(PARTITION);
}

async function makeGood(unreadable = losses()): Promise<void> {
  if (unreadable !== undefined) rig.records.unreadable.madeGood(PARTITION, unreadable);
  // Its batch is ahead of this one.
  await write(rig, 'z', 1);
}

async function reopen(): Promise<void> {
  const { disk } = rig;
  await rig.records.stop();
  await open({ disk });
}

test('a key that others had answers with what was merged, also after a restart', async () => {
  await open();
  await write(rig, 'a', 1);
  await lose(KEY);
  await write(rig, 'a', 2);
  await expect(rig.records.read(KEY)).rejects.toMatchObject(corrupt);
  await makeGood();
  expect(textOf(await rig.records.read(KEY))).toBe('v2');
  expect(rig.records.unreadable.isAny).toBe(false);
  await reopen();
  expect(textOf(await rig.records.read(KEY))).toBe('v2');
});

test('a key that nobody else had is gone, its row as well', async () => {
  await open();
  await write(rig, 'a', 1);
  await lose(KEY);
  await makeGood();
  expect(await rig.records.read(KEY)).toBeUndefined();
  expect(await rig.engine.getMany([KEY.storageKey])).toEqual([undefined]);
  const leaves = await leavesOf(rig.engine);
  expect(leaves.stored).toEqual(leaves.counted);
  await reopen();
  expect(await rig.records.read(KEY)).toBeUndefined();
});

test('a write that comes together with that stays, and answers in the end', async () => {
  await open();
  await write(rig, 'a', 1);
  await lose(KEY);
  await Promise.all([makeGood(), write(rig, 'a', 3)]);
  // It found the rotten row, which was still there: the key is made good once more.
  await makeGood();
  expect(textOf(await rig.records.read(KEY))).toBe('v3');
});

test('what was found unreadable once more is not made good by what came before', async () => {
  await open();
  await write(rig, 'a', 1);
  await lose(KEY);
  const before = losses();
  await write(rig, 'a', 2);
  await rot(KEY);
  const seen = await rig.records.update(KEY, SYNC, ({ record }) => ({ result: record }));
  expect(seen.result).toBeUndefined();
  await makeGood(before);
  await expect(rig.records.read(KEY)).rejects.toMatchObject(corrupt);
  expect(rig.records.counts.unreadable).toBe(1);
  await write(rig, 'a', 3);
  await makeGood();
  expect(textOf(await rig.records.read(KEY))).toBe('v3');
});

test('what was made good and is found unreadable again is not made good by what came before', async () => {
  await open();
  await write(rig, 'a', 1);
  await lose(KEY);
  const before = losses();
  await write(rig, 'a', 2);
  await makeGood();
  expect(textOf(await rig.records.read(KEY))).toBe('v2');
  await lose(KEY);
  await makeGood(before);
  expect(rig.records.unreadable.isAny).toBe(true);
  await expect(rig.records.read(KEY)).rejects.toMatchObject(corrupt);
});

test('a whole partition beyond the bound of markers answers again', async () => {
  await open({ options: { unreadableKeysMax: 1 } });
  for (const name of ['a', 'b', 'c']) await write(rig, name, 1);
  await lose(KEY);
  await lose(keyOf('b'));
  await expect(rig.records.read(keyOf('c'))).rejects.toMatchObject(corrupt);
  for (const name of ['a', 'b']) await write(rig, name, 2);
  expect(losses()?.isWhole).toBe(true);
  await makeGood();
  for (const name of ['a', 'b']) expect(textOf(await rig.records.read(keyOf(name)))).toBe('v2');
  expect(textOf(await rig.records.read(keyOf('c')))).toBe('v1');
});
