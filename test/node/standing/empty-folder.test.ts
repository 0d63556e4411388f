/** A loss is bound to the folder: a start with a wrong one does not condemn the right one. */
import { expect, test } from 'vitest';
import { MemoryDisk } from '../../../src/platform/memory/memory-disk.ts';
import { startThree, valuesOf } from '../rig.ts';

test('a member started once with an empty folder serves again with its intact one', async () => {
  await using cluster = await startThree();
  await cluster.put('n1', { key: 'k', level: 'all' });
  const member = cluster.node('n3');
  const intact = member.disk;
  await member.stop();
  member.disk = new MemoryDisk();
  await member.start();
  await cluster.until(() => member.state === 'RECOVERING', 'RECOVERING');
  await member.stop();
  member.disk = intact;
  await member.start();
  await cluster.untilServing();
  expect(await cluster.held('n3', 'k')).toEqual(['v']);
  expect(valuesOf(await cluster.get('n3', { key: 'k', level: 'all' }))).toEqual(['v']);
});
