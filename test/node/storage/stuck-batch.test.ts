/** The engine does not come back from a batch: the storage stops all the same, and can be left. */
import { afterEach, expect, test } from 'vitest';
import type { CoterieError } from '../../../src/core/errors.ts';
import { STORAGE_DEFAULTS } from '../../../src/node/storage/storage-options.ts';
import { keyOf, openRig, type Rig, SYNC, write } from './storage-rig.ts';

const { batchTimeoutMs } = STORAGE_DEFAULTS;
let rig: Rig;
let failures: CoterieError[];

async function open(): Promise<void> {
  rig = await openRig();
  failures = [];
  rig.records.onFailed((error) => failures.push(error));
}

/** The error of a write that is watched from the start. */
function failing(text: string): Promise<CoterieError> {
  return write(rig, text, 1).then(
    () => expect.fail('it was written'),
    (error: CoterieError) => error,
  );
}

/** The same of a row that needs nothing to be read. */
function failingRow(): Promise<CoterieError> {
  return rig.records.writeMeta([{ name: 'x', value: Uint8Array.of(1) }]).then(
    () => expect.fail('it was written'),
    (error: CoterieError) => error,
  );
}

/** A batch of one write is begun and given up. */
async function giveUp(): Promise<void> {
  rig.engine.holdBatches();
  const failed = failing('a');
  await rig.clock.pass(2 * batchTimeoutMs);
  await failed;
}

/** A stop that begins now, and is over when the batch is given up. */
async function stopWhileStuck(): Promise<void> {
  await rig.clock.pass(1);
  let isStopped = false;
  const stopped = rig.records.stop().then(() => {
    isStopped = true;
  });
  await rig.clock.pass(batchTimeoutMs / 2);
  expect(isStopped).toBe(false);
  await rig.clock.pass(batchTimeoutMs);
  await stopped;
}

afterEach(() => {
  rig.engine.releaseReads();
  rig.engine.releaseBatches();
});

test('those who wait for it are told that it is unknown, all others that nothing was written', async () => {
  await open();
  rig.engine.holdBatches();
  const inBatch = failing('a');
  await rig.clock.pass(1);
  const behind = failing('b');
  await rig.clock.pass(batchTimeoutMs - 2);
  expect(failures).toEqual([]);
  await rig.clock.pass(batchTimeoutMs / 2);
  expect(failures).toHaveLength(1);
  expect(await inBatch).toMatchObject({
    code: 'STORAGE_IO',
    applied: 'unknown',
    details: { isStuck: true },
  });
  expect((await inBatch).message).toContain(`under way for more than ${batchTimeoutMs} ms`);
  expect(await behind).toMatchObject({ code: 'NOT_RUNNING', applied: 'no' });
  expect(await failing('c')).toMatchObject({ code: 'NOT_RUNNING', applied: 'no' });
  expect(rig.clock.timerCount).toBe(0);
});

test('it can be stopped without the engine, which is not closed', async () => {
  await open();
  await giveUp();
  await rig.records.stop();
  expect(rig.engine.isClosed).toBe(false);
});

test('a stop that has begun before is over when the batch is given up', async () => {
  await open();
  rig.engine.holdBatches();
  const failed = failing('a');
  await stopWhileStuck();
  expect(await failed).toMatchObject({ code: 'STORAGE_IO' });
});

test('a stop that has begun before waits no longer for reads that hang as well', async () => {
  await open();
  rig.engine.holdBatches();
  rig.engine.holdReads();
  const failed = failingRow();
  const read = rig.records.read(keyOf('b'));
  await stopWhileStuck();
  rig.engine.releaseReads();
  expect(await read).toBeUndefined();
  expect(await failed).toMatchObject({ code: 'STORAGE_IO', applied: 'unknown' });
});

test('a queue whose work between two batches hangs is given up too, with nothing under way', async () => {
  await open();
  await write(rig, 'a', 1);
  rig.engine.holdReads();
  rig.records.scan.recount(0, 0);
  const failed = failingRow();
  await rig.clock.pass(2 * batchTimeoutMs);
  expect(await failed).toMatchObject({ code: 'NOT_RUNNING', applied: 'no' });
  expect(failures).toHaveLength(1);
  const batches = rig.engine.events.length;
  rig.engine.releaseReads();
  await rig.clock.pass(10);
  expect(rig.engine.events).toHaveLength(batches);
});

test('a batch that comes back after it was given up changes nothing any more', async () => {
  await open();
  await giveUp();
  const { commitSeq, counts } = rig.records;
  rig.engine.releaseBatches();
  await rig.clock.pass(10);
  expect([rig.records.commitSeq, rig.records.counts]).toEqual([commitSeq, counts]);
  expect(failures).toHaveLength(1);
  await expect(rig.records.update(keyOf('a'), SYNC, () => expect.fail())).rejects.toMatchObject({
    code: 'NOT_RUNNING',
  });
});

test('a batch that fails in the end after it was given up is not told twice', async () => {
  await open();
  rig.engine.failNextBatch(new Error('EIO'));
  await giveUp();
  rig.engine.releaseBatches();
  await rig.clock.pass(10);
  expect(failures).toHaveLength(1);
});
