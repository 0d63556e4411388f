/** Damage of the engine's files is told whatever read met it, and nothing reads on blindly. */
import { expect, test } from 'vitest';
import { CoterieError } from '../../../src/core/errors.ts';
import { LEAVES_PER_PARTITION } from '../../../src/core/ring/token.ts';
import type { Store } from '../../../src/env/store.ts';
import { REBUILT_ROW } from '../../../src/node/storage/table-keys.ts';
import { keyOf, openRig, put, type Rig } from './storage-rig.ts';

const DAMAGE = new CoterieError('STORAGE_IO', 'Corruption: block checksum mismatch', {
  applied: 'no',
  details: { operation: 'iterate', isCorruption: true },
});
const EVERYTHING = { from: new Uint8Array(1), to: Uint8Array.of(0xff) };
const ALL = [{ fromToken: 0, toToken: 2 ** 32 }];

async function openTold(setAside?: string[]): Promise<{ rig: Rig; told: string[] }> {
  const options = { recordCacheBytesMax: 0 };
  const rig = await openRig(setAside === undefined ? { options } : { options, setAside });
  const told: string[] = [];
  rig.records.onEngineDamage((reason) => told.push(reason));
  await rig.records.update(keyOf('a'), { sync: true, priority: 'client' }, put(1));
  return { rig, told };
}

/** As an engine does that knows its files to be damaged. */
function refuseToIterate(engine: Store): void {
  engine.iterate = () => {
    throw DAMAGE;
  };
}

test('the note of what a rebuild had finished is gone when the node is told', async () => {
  const { rig, told } = await openTold();
  await rig.records.writeMeta([{ name: REBUILT_ROW, value: Uint8Array.of(1, 0, 0) }]);
  refuseToIterate(rig.engine);
  const query = { ranges: ALL, after: new Uint8Array(0), bytesMax: 1_000 };
  await expect(rig.records.scan.entries(query)).rejects.toBe(DAMAGE);
  expect(told).toHaveLength(1);
  await rig.records.writeMeta([{ name: 'other', value: Uint8Array.of(1) }]);
  expect(await rig.records.readMeta(REBUILT_ROW)).toBeUndefined();
  await rig.records.stop();
});

test('a page of a partition that meets damage fails, and the node is told once', async () => {
  const { rig, told } = await openTold();
  refuseToIterate(rig.engine);
  const query = { ranges: ALL, after: new Uint8Array(0), bytesMax: 1_000 };
  await expect(rig.records.scan.entries(query)).rejects.toBe(DAMAGE);
  await expect(rig.records.scan.entries(query)).rejects.toBe(DAMAGE);
  expect(told).toEqual([DAMAGE.message]);
  await rig.records.stop();
});

test('damage met within a scan of other rows is told', async () => {
  const { rig, told } = await openTold();
  const iterate = rig.engine.iterate.bind(rig.engine);
  rig.engine.iterate = (range) => {
    const rows = iterate(range);
    return { ...rows, next: () => Promise.reject(DAMAGE), close: () => rows.close() };
  };
  const rows = rig.records.rows.scan(EVERYTHING);
  await expect(rows.next(1)).rejects.toBe(DAMAGE);
  await rows.close();
  expect(told).toEqual([DAMAGE.message]);
  await rig.records.stop();
});

test('damage that fails several reads at once is told before they are tried one by one', async () => {
  const { rig, told } = await openTold();
  const toldBefore: string[][] = [];
  rig.engine.getMany = async (keys) => {
    if (keys.length > 1) throw DAMAGE;
    toldBefore.push([...told]);
    return [undefined];
  };
  const reads = ['a', 'b'].map((name) => rig.records.read(keyOf(name)));
  expect(await Promise.all(reads)).toEqual([undefined, undefined]);
  expect(toldBefore).toEqual([[DAMAGE.message], [DAMAGE.message]]);
  await rig.records.stop();
});

test('damage met in a read of another service is told', async () => {
  const { rig, told } = await openTold();
  rig.engine.getMany = () => Promise.reject(DAMAGE);
  await expect(rig.records.readMeta('layout')).rejects.toBe(DAMAGE);
  expect(told).toEqual([DAMAGE.message]);
  await rig.records.stop();
});

test.each([{ setAside: undefined }, { setAside: [] }])(
  'a leaf that cannot be counted again keeps nobody from writing (set aside: $setAside)',
  async ({ setAside }) => {
    const { rig, told } = await openTold(setAside);
    refuseToIterate(rig.engine);
    rig.records.scan.recount(0, LEAVES_PER_PARTITION - 1);
    const applied = await rig.records.update(
      keyOf('b'),
      { sync: true, priority: 'client' },
      put(1),
    );
    expect(applied).toMatchObject({ isDurable: true });
    expect(told).toEqual([DAMAGE.message]);
    await rig.records.stop();
  },
);

test('files that will be set aside are not counted any more', async () => {
  const { rig, told } = await openTold([]);
  rig.engine.failReads([keyOf('a').storageKey]);
  await Promise.allSettled([rig.records.read(keyOf('a'))]);
  rig.engine.healReads();
  expect(told).toHaveLength(1);
  let iterated = 0;
  const iterate = rig.engine.iterate.bind(rig.engine);
  rig.engine.iterate = (range) => {
    iterated += 1;
    return iterate(range);
  };
  await rig.records.update(keyOf('b'), { sync: true, priority: 'client' }, put(1));
  expect(iterated).toBe(0);
  await rig.records.stop();
});

test('damage that the engine met in the background is told, once, when the disk is looked at', async () => {
  const setAside: string[] = [];
  const { rig, told } = await openTold(setAside);
  const health = async () => ({ reason: DAMAGE.message, isDamage: true });
  Object.assign(rig.engine, { health });
  for (const name of ['b', 'c']) {
    rig.clock.nowMs += 2_000;
    await rig.records.update(keyOf(name), { sync: true, priority: 'client' }, put(1));
  }
  expect(told).toEqual([DAMAGE.message]);
  await rig.records.stop();
  const next = await openRig({ disk: rig.disk, setAside });
  expect(setAside).toEqual(told);
  await next.records.stop();
});

test('trouble of the engine that is no damage passes, and so does what cannot be asked', async () => {
  const setAside: string[] = [];
  const { rig, told } = await openTold(setAside);
  const full = async () => ({ reason: 'No space left on device', isDamage: false });
  for (const health of [full, () => Promise.reject(new Error('there is no file LOG'))]) {
    Object.assign(rig.engine, { health });
    rig.clock.nowMs += 2_000;
    await rig.records.update(keyOf('b'), { sync: true, priority: 'client' }, put(1));
  }
  expect(told).toEqual([]);
  await rig.records.stop();
  const next = await openRig({ disk: rig.disk, setAside });
  expect(setAside).toEqual([]);
  await next.records.stop();
});
