/** Marks that cannot be read, and what is known of them in memory. */
import { expect, test } from 'vitest';
import { keyOf, PARTITION, TARGET, TableRig } from './table-rig.ts';

const DIRTY = { target: TARGET, partition: PARTITION };

test('a mark that was misread once is not taken for one that nobody can read', async () => {
  await using rig = await new TableRig().start();
  await rig.run(rig.table.start());
  await rig.miss(keyOf('k'));
  rig.engine.isFlipping = true;
  expect(await rig.owed()).toEqual([]);
  rig.engine.isFlipping = false;
  expect(await rig.owed()).toEqual(['k']);
  expect(rig.dirty.list()).toEqual([]);
});

test('a mark that rots leaves its partition dirty, and the next miss makes a mark again', async () => {
  await using rig = await new TableRig().start();
  await rig.run(rig.table.start());
  await rig.miss(keyOf('k'));
  await rig.damage(keyOf('k'));
  expect(await rig.owed()).toEqual([]);
  expect(rig.dirty.list()).toEqual([DIRTY]);
  expect(rig.table.counts.targets).toEqual([]);
  await rig.clock.advance(10);
  rig.dirty.equal(TARGET, PARTITION, rig.clock.monotonicMs());
  await rig.miss(keyOf('k'));
  expect(await rig.owed()).toEqual(['k']);
});

test('a mark that rotted while the node was away leaves its partition dirty', async () => {
  await using rig = await new TableRig().start();
  await rig.run(rig.table.start());
  await rig.miss(keyOf('k'));
  await rig.damage(keyOf('k'));
  const again = rig.anotherTable();
  await rig.run(again.start());
  await rig.clock.settle();
  expect(rig.dirty.list()).toEqual([DIRTY]);
  expect(again.counts.targets).toEqual([]);
});
